// A picture as a list of marks, so that the page (SVG) and a file (canvas, then PNG) show the same.

// What a colour means; style/colours.css has the colours.
export type Tone =
  | "allocated"
  | "assigned"
  | "busy"
  | "idle"
  | "act"
  | "unknown"
  | "text"
  | "muted"
  | "grid"
  | "first"
  | "second"
  | "third"
  | "fourth"
  | "fifth"
  | "back";

export type Point = [number, number];

export type Mark =
  | {
      kind: "rect";
      x: number;
      y: number;
      width: number;
      height: number;
      tone: Tone;
      title?: string;
    }
  | { kind: "line"; points: Point[]; tone: Tone; width?: number; dashed?: boolean; title?: string }
  | {
      kind: "circle";
      x: number;
      y: number;
      r: number;
      tone: Tone;
      hollow?: boolean;
      title?: string;
    }
  | {
      kind: "text";
      x: number;
      y: number;
      text: string;
      tone: Tone;
      anchor?: Anchor;
      bold?: boolean;
    }
  | {
      kind: "arc";
      x: number;
      y: number;
      r: number;
      hole: number;
      from: number;
      to: number;
      tone: Tone;
      title?: string;
    };

export type Anchor = "start" | "middle" | "end";

export interface Scene {
  width: number;
  height: number;
  marks: Mark[];
}

export const TEXT_SIZE = 13;

// About how wide a text is, in pixels.
export function textWidth(text: string): number {
  return text.length * TEXT_SIZE * 0.56;
}

export interface Scale {
  (value: number): number;
  ticks: number[];
}

// A straight scale from values to pixels, with about `count` round ticks.
export function scale(from: number, to: number, start: number, end: number, count = 5): Scale {
  const span = to - from || 1;
  const place = ((value: number) => start + ((value - from) / span) * (end - start)) as Scale;
  place.ticks = ticks(from, to, count);
  return place;
}

export function ticks(from: number, to: number, count: number): number[] {
  const step = niceStep((to - from) / Math.max(1, count));
  if (!(step > 0)) return [from];
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

// 1, 2, 2.5 or 5 times a power of ten, not below the step that is asked for.
export function niceStep(step: number): number {
  if (!(step > 0)) return 0;
  const power = Math.pow(10, Math.floor(Math.log10(step)));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= step * 0.999) ?? 10;
  return factor * power;
}

// An end of an axis that lies on a tick and leaves no mark outside.
export function niceTop(top: number, count = 5): number {
  const step = niceStep(top / count);
  return step > 0 ? Math.ceil(top / step - 1e-9) * step : 1;
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

// Lines and labels of the axis of values, from 0 up.
export function valueAxis(y: Scale, frame: Frame, say: (value: number) => string): Mark[] {
  return y.ticks.flatMap((tick): Mark[] => [
    {
      kind: "line",
      points: [
        [frame.left, y(tick)],
        [frame.right, y(tick)],
      ],
      tone: "grid",
    },
    {
      kind: "text",
      x: frame.left - 6,
      y: y(tick) + 4,
      text: say(tick),
      tone: "muted",
      anchor: "end",
    },
  ]);
}

// Below its place, or ending at the picture's right edge where it would be cut off there.
export function bottomLabel(x: number, frame: Frame, text: string, width = Infinity): Mark {
  const y = frame.bottom + 18;
  return x + textWidth(text) / 2 > width
    ? { kind: "text", x: width, y, text, tone: "muted", anchor: "end" }
    : { kind: "text", x, y, text, tone: "muted", anchor: "middle" };
}

// Runs of points without those that are not known: a gap stays a gap.
export function runs<T>(rows: T[], point: (row: T) => Point | undefined): Point[][] {
  const found: Point[][] = [[]];
  for (const row of rows) {
    const at = point(row);
    if (at) found[found.length - 1].push(at);
    else if (found[found.length - 1].length) found.push([]);
  }
  return found.filter((run) => run.length > 0);
}
