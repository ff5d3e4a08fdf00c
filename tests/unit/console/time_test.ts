// Times as people say them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { day, duration, moment } from "../../../dashboards/console/src/say/time";

test("durations have one unit", () => {
  assert.equal(duration(40), "40 s");
  assert.equal(duration(12 * 60), "12 min");
  assert.equal(duration(5 * 3600), "5 h");
  assert.equal(duration(3 * 86_400), "3 days");
  assert.equal(duration(2 * 365 * 86_400), "2 years");
});

test("a day is the one that the daemon names, wherever the reader is", () => {
  assert.equal(day("1764460800"), "30 Nov 2025");
});

test("a moment says as much of the date as is needed", () => {
  const now = new Date(2026, 2, 10, 18, 0);
  assert.equal(moment(new Date(2026, 2, 10, 14, 2), now), "14:02");
  assert.ok(/^Sun/.test(moment(new Date(2026, 2, 8, 14, 2), now)));
  assert.ok(/1 Feb.*14:02/.test(moment(new Date(2026, 1, 1, 14, 2), now)));
  assert.ok(/2024$/.test(moment(new Date(2024, 1, 1, 14, 2), now)));
});
