// Lines over time: what was granted, held and busy. Time that nobody told of is a gap.
import { h100e } from "../say/number";
import {
  bottomLabel,
  Frame,
  Mark,
  niceTop,
  Point,
  runs,
  Scale,
  scale,
  Scene,
  Tone,
  valueAxis,
} from "./scene";

export interface Line {
  name: string;
  tone: Tone;
  dashed?: boolean;
  // Ascending in time (seconds); undefined: not known.
  values: { at: number; value: number | undefined }[];
}

const HEIGHT = 280;

export function timeline(
  lines: Line[],
  from: number,
  until: number,
  step: number,
  width: number,
): Scene {
  const frame: Frame = { left: 50, right: width - 12, top: 30, bottom: HEIGHT - 30 };
  const values = lines.flatMap((line) => line.values.map(({ value }) => value ?? 0));
  const x = scale(from, until, frame.left, frame.right);
  const y = scale(0, niceTop(Math.max(1, ...values)), frame.bottom, frame.top);
  return {
    width,
    height: HEIGHT,
    marks: [
      ...valueAxis(y, frame, h100e),
      ...days(from, until, x, frame, width),
      ...lines.flatMap((line) => steps(line, step, x, y)),
      ...legend(lines, frame),
    ],
  };
}

// Each value holds for its period: a line of steps.
function steps(line: Line, step: number, x: Scale, y: Scale): Mark[] {
  const known = withGaps(line, step);
  return runs(known, ({ at, value }) =>
    value === undefined ? undefined : ([at, value] as Point),
  ).map((run): Mark => ({
    kind: "line",
    tone: line.tone,
    width: 2,
    dashed: line.dashed,
    title: line.name,
    points: run.flatMap(([at, value]): Point[] => [
      [x(at), y(value)],
      [x(at + step), y(value)],
    ]),
  }));
}

function withGaps(line: Line, step: number) {
  return line.values.flatMap((one, i) => {
    const before = line.values[i - 1];
    const gap = before && one.at - before.at > 1.5 * step;
    return gap ? [{ at: before.at + step, value: undefined }, one] : [one];
  });
}

// A label for each day, or for as many of them as there is room for.
function days(from: number, until: number, x: Scale, frame: Frame, width: number): Mark[] {
  const DAY = 86_400;
  const room = Math.max(1, Math.floor((frame.right - frame.left) / 70));
  const every = Math.max(1, Math.ceil((until - from) / DAY / room)) * DAY;
  const first = Math.ceil(from / DAY) * DAY;
  const count = Math.max(0, Math.floor((until - first) / every) + 1);
  return Array.from({ length: count }, (_, i) => first + i * every).map((at) =>
    bottomLabel(
      x(at),
      frame,
      new Date(at * 1000).toLocaleDateString("en-GB", {
        day: "numeric",
        month: "short",
        timeZone: "UTC",
      }),
      width,
    ),
  );
}

function legend(lines: Line[], frame: Frame): Mark[] {
  return lines.flatMap((line, i): Mark[] => {
    const left = frame.left + i * 100;
    return [
      {
        kind: "line",
        points: [
          [left, 12],
          [left + 20, 12],
        ],
        tone: line.tone,
        width: 3,
        dashed: line.dashed,
      },
      { kind: "text", x: left + 26, y: 16, text: line.name, tone: "text" },
    ];
  });
}
