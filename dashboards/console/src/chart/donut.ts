// Shares of one whole as a ring, each with its name and share beside it.
import { percent } from "../say/number";
import { Mark, Scene, Tone } from "./scene";

const TONES: { [name: string]: Tone } = {
  inference: "first",
  training: "second",
  research: "third",
  safety: "fourth",
  buffer: "fifth",
  unallocated: "unknown",
};
const ROW = 22;
const SIZE = 132;

export function toneOf(name: string): Tone {
  return TONES[name] ?? "muted";
}

export function donut(slices: [string, number][], width: number): Scene {
  const r = SIZE / 2;
  const marks: Mark[] = [];
  let from = 0;
  for (const [name, share] of slices) {
    marks.push({
      kind: "arc",
      x: r,
      y: r,
      r,
      hole: r * 0.58,
      from,
      to: from + share,
      tone: toneOf(name),
      title: `${name} ${percent(share)}`,
    });
    from += share;
  }
  slices.forEach(([name, share], i) => marks.push(...entry(name, share, SIZE + 18, 8 + i * ROW)));
  return { width, height: Math.max(SIZE, slices.length * ROW + 8), marks };
}

function entry(name: string, share: number, x: number, y: number): Mark[] {
  return [
    { kind: "rect", x, y, width: 12, height: 12, tone: toneOf(name) },
    { kind: "text", x: x + 18, y: y + 11, text: `${percent(share)} ${name}`, tone: "text" },
  ];
}
