// Segments by volume (on a logarithmic axis, since volumes differ a thousandfold) and margin.
import { count, usd } from "../say/number";
import { bottomLabel, Frame, Mark, niceTop, scale, Scene, valueAxis } from "./scene";

export interface Bubble {
  x: number;
  y: number;
  name: string;
  // Stands in the picture; a list below says what it means.
  letter: string;
  // Its part of the whole, 0 to 1, as the area of the bubble.
  share: number;
  down: boolean;
}

const HEIGHT = 320;
const LARGEST = 34;

export function bubbles(spots: Bubble[], width: number): Scene {
  const frame: Frame = { left: 64, right: width - 20, top: 40, bottom: HEIGHT - 48 };
  const low = Math.floor(Math.log10(Math.max(1, Math.min(...spots.map((spot) => spot.x)))));
  const high = Math.max(
    low + 1,
    Math.ceil(Math.log10(Math.max(10, ...spots.map((spot) => spot.x)))),
  );
  const floor = Math.min(0, ...spots.map((spot) => spot.y));
  const x = scale(low, high, frame.left + LARGEST, frame.right - 8, high - low);
  const y = scale(
    -niceTop(-floor),
    niceTop(Math.max(1e-9, ...spots.map((s) => s.y)) * 1.1),
    frame.bottom,
    frame.top,
  );
  const decades = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return {
    width,
    height: HEIGHT,
    marks: [
      ...valueAxis(y, frame, (value) => usd(value).replace(/\.00$/, "")),
      ...decades.map((decade) => bottomLabel(x(decade), frame, count(Math.pow(10, decade)))),
      {
        kind: "text",
        x: (frame.left + frame.right) / 2,
        y: HEIGHT - 8,
        tone: "muted",
        anchor: "middle",
        text: "requests",
      },
      { kind: "text", x: 4, y: 12, tone: "muted", text: "margin of a request" },
      // The largest first, so that small ones are not hidden.
      ...[...spots]
        .sort((a, b) => b.share - a.share)
        .flatMap((spot) => bubble(spot, x(Math.log10(Math.max(1, spot.x))), y(spot.y))),
    ],
  };
}

function bubble(spot: Bubble, x: number, y: number): Mark[] {
  const r = Math.max(4, Math.sqrt(spot.share) * LARGEST);
  return [
    {
      kind: "circle",
      x,
      y,
      r,
      tone: spot.down ? "idle" : "assigned",
      title: `${spot.name}: ${count(spot.x)} requests at ${usd(spot.y)}`,
    },
    {
      kind: "text",
      x,
      y: y - r - 4,
      tone: "text",
      anchor: "middle",
      bold: true,
      text: spot.letter + (spot.down ? " ▾" : ""),
    },
  ];
}
