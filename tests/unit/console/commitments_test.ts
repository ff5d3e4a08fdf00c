import assert from "node:assert/strict";
import { test } from "node:test";
import {
  heldPart,
  moments,
  overcommitted,
  waiting,
} from "../../../dashboards/console/src/model/commitments";
import { CapacityRequest, CapacitySpan, UsedGrant } from "../../../dashboards/console/src/wire/capacity";

function asked(nature: string, seconds: number): CapacityRequest {
  const form = {
    requestId: "r",
    pool: "a",
    team: "t",
    chip: "b200",
    chips: "1",
    startUnixSeconds: "0",
    hours: "1",
    workload: "w",
    nature,
    goal: "",
  };
  return { form, state: "submitted", microH100e: "1500000", askedUnixNanos: `${seconds}000000000` };
}

function span(
  from: number,
  to: number,
  allocated: number,
  committed: number,
  beyond = 0,
): CapacitySpan {
  return {
    fromUnixSeconds: String(from),
    toUnixSeconds: String(to),
    allocatedMicroH100e: String(allocated * 1e6),
    committedMicroH100e: String(committed * 1e6),
    uncommittedMicroH100e: String((allocated + beyond - committed) * 1e6),
    beyondMicroH100e: String(beyond * 1e6),
  };
}

test("what waits is counted, and the oldest is told", () => {
  assert.deepEqual(waiting([asked("critical", 50), asked("growth_bet", 20)]), {
    requests: 2,
    critical: 1,
    h100e: 3,
    oldest: 20,
  });
  assert.equal(waiting([]).oldest, undefined);
});

test("spans of any length become even steps without a gap", () => {
  const steps = moments([span(0, 90, 10, 1), span(90, 100, 10, 2), span(100, 180, 10, 3)], 60);
  assert.deepEqual(
    steps.map(({ at, committed }) => [at, committed]),
    [
      [0, 1],
      [60, 1],
      [120, 3],
    ],
  );
});

test("the first time at which more is promised than allocated is found", () => {
  assert.equal(overcommitted([span(0, 9, 5, 5), span(9, 12, 5, 6)]), 9);
  assert.equal(overcommitted([span(0, 9, 5, 5)]), undefined);
  // What the plan does not have yet is on top.
  assert.equal(overcommitted([span(0, 9, 5, 6, 1)]), undefined);
  assert.equal(moments([span(0, 9, 5, 6, 1)], 9)[0].allocated, 6);
});

test("a grant of whose time too little was told is not held in part but not known", () => {
  const grant = (told: number, untold: number): UsedGrant => ({
    usedRatio: 0.25,
    toldSeconds: String(told),
    untoldSeconds: String(untold),
  });
  assert.equal(heldPart(grant(95, 5), 0.9), 0.25);
  assert.equal(heldPart(grant(80, 20), 0.9), undefined);
  assert.equal(heldPart(grant(0, 0), 0.9), undefined);
});
