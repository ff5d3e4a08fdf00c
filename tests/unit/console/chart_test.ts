// Pictures: what stands on them is whole.
import assert from "node:assert/strict";
import { test } from "node:test";
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
