// Pictures: what stands on them is whole.
import assert from "node:assert/strict";
import { test } from "node:test";
import { curvesChart } from "../../../dashboards/console/src/chart/curves";
import { textWidth } from "../../../dashboards/console/src/chart/scene";
import { timeline } from "../../../dashboards/console/src/chart/timeline";

const DAY = 86_400;

test("no day below a timeline is cut off at the right edge", () => {
  for (const width of [320, 640, 1033]) {
    const scene = timeline([], 0, 7 * DAY, 3600, width);
    const labels = scene.marks.flatMap((mark) => (mark.kind === "text" ? [mark] : []));
    assert.ok(labels.some(({ text }) => text === (width < 700 ? "7 Jan" : "8 Jan")));
    for (const { text, x, anchor } of labels) {
      const behind = anchor === "end" ? 0 : textWidth(text) / (anchor === "middle" ? 2 : 1);
      assert.ok(x + behind <= width, `${text} ends at ${x + behind} of ${width}`);
    }
  }
});

function row(curve: string, utilizationRatio: number, usd: number) {
  return { curve, utilizationRatio, listUsdPerH100Hour: usd, usdPerH100Hour: usd };
}

// What lies on the chart of an hour's revenue, at utilizations of 2% to 100%.
function revenueRows() {
  return Array.from({ length: 50 }, (_, i) => (i + 1) / 50).flatMap((utilizationRatio) => [
    row("linear", utilizationRatio, 37.4 * utilizationRatio),
    row("diminishing", utilizationRatio, 21 * (1 - 0.03 ** utilizationRatio)),
  ]);
}

test("no name of a curve touches a line, whichever curve is chosen", () => {
  for (const width of [280, 390, 560, 1200]) {
    for (const curves of [["linear", "diminishing"], ["diminishing", "linear"]]) {
      const { marks } = curvesChart(revenueRows(), curves, [], width);
      const lines = marks.flatMap((mark) => (mark.kind === "line" && mark.title ? [mark] : []));
      const names = marks.flatMap((mark) =>
        mark.kind === "text" && curves.includes(mark.text) ? [mark] : [],
      );
      assert.deepEqual([lines.length, names.length], [2, 2]);
      for (const { text, x, y } of names) {
        for (const [px, py] of lines.flatMap((line) => line.points)) {
          const covered = px >= x - textWidth(text) && px <= x && py >= y - 12 && py <= y + 3;
          assert.ok(!covered, `${text} at ${width}: (${x}, ${y}) covers (${px}, ${py})`);
        }
      }
    }
  }
});
