// Since when somebody holds chips, in words.
import assert from "node:assert/strict";
import { test } from "node:test";
import { atLeast, doubt, since } from "../../../dashboards/console/src/model/held";

// 3 and 4 March 2025, 9:00 in Berlin.
const THIRD = "1740988800";
const FOURTH = "1741075200";

test("what is known is said", () => {
  const held = { sinceUnixSeconds: THIRD, atLeastSinceUnixSeconds: THIRD, unknownBecause: "" };
  assert.equal(since(held), "3 Mar 2025");
  assert.equal(doubt(held), "");
});

test("what is not known is said with what is", () => {
  const held = (unknownBecause: string, more = {}) =>
    ({ atLeastSinceUnixSeconds: FOURTH, unknownBecause, ...more });
  assert.equal(since(held("untold")), undefined);
  assert.equal(
    atLeast(held("untold")),
    "it held at 4 Mar 2025, and nobody told of the time before",
  );
  assert.equal(
    atLeast(held("untold", { notBeforeUnixSeconds: THIRD })),
    "it held at 4 Mar 2025, and nobody told of the time from 3 Mar 2025 until then",
  );
  assert.equal(atLeast(held("books_begin")), "it held when the books began, 4 Mar 2025");
  assert.ok(atLeast(held("hours_end")).includes("the first hour that the books keep"));
});

test("silence until now is said as well", () => {
  const held = {
    sinceUnixSeconds: THIRD,
    atLeastSinceUnixSeconds: THIRD,
    unknownBecause: "",
    lastKnownUnixSeconds: FOURTH,
  };
  assert.equal(doubt(held), "Nobody has told since 4 Mar 2025 whether it still does.");
});
