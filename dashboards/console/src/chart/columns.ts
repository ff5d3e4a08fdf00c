// Upright bars by period, with what is not known hatched, and small pictures of one number each.
import { bottomLabel, Frame, Mark, niceTop, scale, Scene, Tone, valueAxis } from "./scene";

export interface Upright {
  name: string;
  // Undefined: not known, which is drawn as a hatched dash and never as 0.
  value?: number;
  tone: Tone;
  text: string;
}

const HEIGHT = 280;

export function columnsChart(
  bars: Upright[],
  say: (value: number) => string,
  width: number,
): Scene {
  const frame: Frame = { left: 56, right: width - 8, top: 24, bottom: HEIGHT - 34 };
  const top = niceTop(Math.max(...bars.map((bar) => bar.value ?? 0)) || 1);
  const y = scale(0, top, frame.bottom, frame.top);
  const slot = (frame.right - frame.left) / Math.max(1, bars.length);
  return {
    width,
    height: HEIGHT,
    marks: [
      ...valueAxis(y, frame, say),
      ...bars.flatMap((bar, i) => upright(bar, frame.left + i * slot, slot, frame, y)),
      // Where names would run into each other, every second one stands there.
      ...bars.flatMap((bar, i) =>
        slot > 44 || i % 2 === 0
          ? [bottomLabel(frame.left + (i + 0.5) * slot, frame, shortened(bar.name, slot))]
          : [],
      ),
    ],
  };
}

function upright(
  bar: Upright,
  left: number,
  slot: number,
  frame: Frame,
  y: (value: number) => number,
): Mark[] {
  const width = Math.min(64, slot * 0.7);
  const x = left + (slot - width) / 2;
  const height = bar.value === undefined ? 10 : Math.max(1, frame.bottom - y(bar.value));
  const top = frame.bottom - height;
  const tone = bar.value === undefined ? "unknown" : bar.tone;
  return [
    { kind: "rect", x, y: top, width, height, tone, title: `${bar.name}: ${bar.text}` },
    ...(slot > 44
      ? [
          {
            kind: "text" as const,
            x: x + width / 2,
            y: top - 6,
            text: bar.text,
            tone: "text" as const,
            anchor: "middle" as const,
          },
        ]
      : []),
  ];
}

// "2026-Q3", or "26 Q3" where there is little room.
function shortened(name: string, slot: number): string {
  return slot > 60 ? name : name.replace(/^20(\d\d)-/, "$1 ");
}
