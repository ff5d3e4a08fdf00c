// What an H100-hour earns by utilization, on every curve, with points that matter marked.
import { percent, usd } from "../say/number";
import { RevenueRow } from "../wire/plan";
import {
  bottomLabel,
  Frame,
  Mark,
  niceTop,
  Point,
  Scale,
  scale,
  Scene,
  textWidth,
  Tone,
  valueAxis,
} from "./scene";

export interface Spot {
  utilization: number;
  usd: number;
  label: string;
  // The plan's assumption is hollow, what is chosen or measured is full.
  hollow?: boolean;
}

const HEIGHT = 300;
const TONES: Tone[] = ["assigned", "muted", "third", "fourth"];

export function curvesChart(
  rows: RevenueRow[],
  curves: string[],
  spots: Spot[],
  width: number,
): Scene {
  const frame: Frame = { left: 56, right: width - 24, top: 14, bottom: HEIGHT - 46 };
  const top = niceTop(
    Math.max(1, ...rows.map((row) => row.usdPerH100Hour), ...spots.map((s) => s.usd)),
  );
  const x = scale(0, 1, frame.left, frame.right, width < 420 ? 4 : 10);
  const y = scale(0, top, frame.bottom, frame.top);
  return {
    width,
    height: HEIGHT,
    marks: [
      ...valueAxis(y, frame, (value) => usd(value).replace(/\.00$/, "")),
      ...x.ticks.map((tick) => bottomLabel(x(tick), frame, percent(tick, 0))),
      {
        kind: "text",
        x: (frame.left + frame.right) / 2,
        y: HEIGHT - 8,
        tone: "muted",
        anchor: "middle",
        text: "utilization of the hours that serve inference",
      },
      ...lines(curves, rows, frame, x, y),
      ...spots.flatMap((spot, i) => spotMarks(spot, i, x, y, frame)),
    ],
  };
}

interface Curve {
  name: string;
  points: Point[];
}

// The first curve is a full line and the others are dashed, so that colour is not needed. The one
// that ends highest is named above its end and the others below theirs, so that no name touches a
// line.
function lines(names: string[], rows: RevenueRow[], frame: Frame, x: Scale, y: Scale): Mark[] {
  const curves = names
    .map((name): Curve => ({ name, points: pointsOf(rows, name, x, y) }))
    .filter((curve) => curve.points.length > 0);
  const highest = Math.min(...curves.map((curve) => end(curve)[1]));
  return curves.flatMap((curve, i): Mark[] => [
    {
      kind: "line",
      points: curve.points,
      tone: TONES[names.indexOf(curve.name) % TONES.length],
      width: 2.5,
      dashed: i > 0,
      title: curve.name,
    },
    nameMark(curve, end(curve)[1] === highest, frame),
  ]);
}

function pointsOf(rows: RevenueRow[], curve: string, x: Scale, y: Scale): Point[] {
  return rows
    .filter((row) => row.curve === curve)
    .sort((a, b) => a.utilizationRatio - b.utilizationRatio)
    .map((row): Point => [x(row.utilizationRatio), y(row.usdPerH100Hour)]);
}

function end(curve: Curve): Point {
  return curve.points[curve.points.length - 1];
}

const NEAR = 8; // a name keeps away from a line by so much at its sides
const ABOVE = 6;
const BELOW = 16;

// The line under a name rises to the right, so below it there is room under its lowest part.
function nameMark(curve: Curve, above: boolean, frame: Frame): Mark {
  const [right, height] = end(curve);
  const left = right - 4 - textWidth(curve.name);
  const under = curve.points.filter(([x]) => x >= left - NEAR).map(([, y]) => y);
  const below = Math.max(...under) + BELOW;
  return {
    kind: "text",
    x: right - 4,
    y: above || below > frame.bottom ? Math.min(...under, height) - ABOVE : below,
    text: curve.name,
    tone: "text",
    anchor: "end",
  };
}

// Labels of spots are listed at the top left, below each other, so that none covers another.
function spotMarks(spot: Spot, index: number, x: Scale, y: Scale, frame: Frame): Mark[] {
  const text = `${spot.label}: ${usd(spot.usd)} at ${percent(spot.utilization)}`;
  const tone: Tone = spot.hollow ? "text" : "busy";
  const at = { x: frame.left + 14, y: frame.top + 12 + index * 20 };
  return [
    {
      kind: "circle",
      x: x(spot.utilization),
      y: y(spot.usd),
      r: 6,
      tone,
      hollow: spot.hollow,
      title: text,
    },
    { kind: "circle", ...at, r: 5, tone, hollow: spot.hollow },
    { kind: "text", x: at.x + 12, y: at.y + 4, text, tone: "text" },
  ];
}

// The daemon works the curves out at these utilizations: the value of `set` in a question.
export const FINE_TABLE =
  "revenue.table=[" + Array.from({ length: 50 }, (_, i) => `${2 * (i + 1)}%`).join(", ") + "]";
