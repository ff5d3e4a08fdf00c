// Bars that go from one number to another: tornados (from 0 both ways) and waterfalls (each from
// where the one before ended).
import { Mark, Scale, scale, Scene, textWidth, Tone } from "./scene";

export interface Step {
  name: string;
  from: number;
  to: number;
  tone: Tone;
  // At the bar's end.
  text: string;
}

const ROW = 34;
const BAR = 18;

// One row for each step, names above their bars where there is little room.
export function stepsChart(steps: Step[], width: number): Scene {
  const longest = 24 + Math.max(...steps.map((step) => textWidth(step.name)));
  const narrow = longest > 0.5 * width;
  const row = narrow ? ROW + 18 : ROW;
  const names = narrow ? 8 : longest;
  const x = stepScale(steps, names, width);
  const height = steps.length * row + 8;
  return {
    width,
    height,
    marks: [
      {
        kind: "line",
        points: [
          [x(0), 0],
          [x(0), height],
        ],
        tone: "muted",
      },
      ...steps.flatMap((step, i) => stepMarks(step, i * row, x, narrow)),
    ],
  };
}

// Leaves room for what is written at the ends of the bars.
function stepScale(steps: Step[], left: number, width: number): Scale {
  const ends = steps.flatMap(({ from, to }) => [from, to]);
  const low = Math.min(0, ...ends);
  const high = Math.max(0, ...ends);
  const room = 12 + Math.max(...steps.map((step) => textWidth(step.text)));
  const negative = steps.some((step) => step.to < Math.min(step.from, 0) || step.to < step.from);
  return scale(low, high, left + (negative ? room : 8), width - room);
}

function stepMarks(step: Step, top: number, x: Scale, narrow: boolean): Mark[] {
  const y = narrow ? top + 22 : top + 8;
  const start = Math.min(x(step.from), x(step.to));
  const size = Math.max(2, Math.abs(x(step.to) - x(step.from)));
  const down = step.to < step.from;
  return [
    { kind: "text", x: 4, y: narrow ? top + 15 : y + 14, text: step.name, tone: "text" },
    {
      kind: "rect",
      x: start,
      y,
      width: size,
      height: BAR,
      tone: step.tone,
      title: `${step.name}: ${step.text}`,
    },
    {
      kind: "text",
      x: down ? start - 6 : start + size + 6,
      y: y + 14,
      text: step.text,
      tone: "text",
      anchor: down ? "end" : "start",
    },
  ];
}
