// A scene as a PNG file, in the colours that the page has at the moment.
import { save } from "../download";
import { Mark, Scene, TEXT_SIZE, Tone } from "./scene";
import { arcPath } from "./svg";

const ENLARGED = 2;

function colour(tone: Tone): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${tone}`).trim();
}

function fillOf(context: CanvasRenderingContext2D, tone: Tone): string | CanvasPattern {
  if (tone !== "unknown") return colour(tone);
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const lines = tile.getContext("2d") as CanvasRenderingContext2D;
  lines.strokeStyle = colour("muted");
  lines.beginPath();
  for (const at of [-6, 0, 6]) {
    lines.moveTo(at, 6);
    lines.lineTo(at + 6, 0);
  }
  lines.stroke();
  return context.createPattern(tile, "repeat") ?? colour("muted");
}

function paintText(context: CanvasRenderingContext2D, mark: Extract<Mark, { kind: "text" }>) {
  context.font = `${mark.bold ? "bold " : ""}${TEXT_SIZE}px sans-serif`;
  context.textAlign = mark.anchor === "middle" ? "center" : (mark.anchor ?? "start");
  context.fillText(mark.text, mark.x, mark.y);
}

function paintLine(context: CanvasRenderingContext2D, mark: Extract<Mark, { kind: "line" }>) {
  context.lineWidth = mark.width ?? 1;
  context.setLineDash(mark.dashed ? [6, 5] : []);
  context.beginPath();
  mark.points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}

function paint(context: CanvasRenderingContext2D, mark: Mark) {
  context.fillStyle = fillOf(context, mark.tone);
  context.strokeStyle = colour(mark.tone);
  if (mark.kind === "rect") context.fillRect(mark.x, mark.y, mark.width, mark.height);
  if (mark.kind === "line") paintLine(context, mark);
  if (mark.kind === "text") paintText(context, mark);
  if (mark.kind === "arc") context.fill(new Path2D(arcPath(mark)));
  if (mark.kind === "circle") {
    context.beginPath();
    context.arc(mark.x, mark.y, mark.r, 0, 2 * Math.PI);
    if (mark.hollow) context.stroke();
    else context.fill();
  }
}

// Saves the scene with a line of text above it that says what it shows.
export function savePng(scene: Scene, caption: string, name: string) {
  const head = 28;
  const canvas = document.createElement("canvas");
  canvas.width = scene.width * ENLARGED;
  canvas.height = (scene.height + head) * ENLARGED;
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(ENLARGED, ENLARGED);
  const whole = { x: 0, y: 0, width: scene.width, height: scene.height + head };
  paint(context, { kind: "rect", tone: "back", ...whole });
  paint(context, { kind: "text", x: 8, y: 20, text: caption, tone: "text", bold: true });
  context.translate(0, head);
  scene.marks.forEach((mark) => paint(context, mark));
  canvas.toBlob((blob) => blob && save(blob, name), "image/png");
}
