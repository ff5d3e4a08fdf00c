// Sums over pools, what fits, trends, and the simulator's questions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fitOf } from "../../../dashboards/console/src/model/fit";
import { filtered, fleetOf } from "../../../dashboards/console/src/model/fleet";
import {
  amountOf,
  packed,
  ratioOf,
  requestOf,
  unpacked,
} from "../../../dashboards/console/src/model/simulation";
import { overAt, trendOf } from "../../../dashboards/console/src/model/trend";
import { Pool, PoolPeriod } from "../../../dashboards/console/src/wire/query";

function pool(more: Partial<Pool> = {}): Pool {
  return {
    pool: "a",
    category: "research",
    tier: "p2",
    owner: "",
    contact: "",
    allocatedH100e: 100,
    assignedH100e: 60,
    busyH100e: 30,
    idleH100e: 30,
    unhealthyH100e: 0,
    reservedH100e: 0,
    unheardH100e: 0,
    headroomH100e: 40,
    borrowedH100e: 0,
    coverageRatio: 1,
    utilizationRatio: 0.3,
    idleChips: 0,
    unaccountedH100e: 0,
    headroomUncertainH100e: 0,
    ...more,
  };
}

test("what fits into the headroom fits, and what others lend comes second", () => {
  assert.equal(fitOf(pool(), 10, 40), "own");
  assert.equal(fitOf(pool(), 10, 41), "borrowing");
  assert.equal(fitOf(pool(), 10, 51), "no");
  assert.equal(fitOf(pool({ headroomH100e: 20 }), 10, 30), "borrowing");
  assert.equal(fitOf(pool({ headroomH100e: 20 }), 9, 30), "no");
});

test("nobody can tell what fits while too little is heard", () => {
  assert.equal(fitOf(pool({ coverageRatio: 0.89 }), 10, 32), "unknown");
  const silent = pool({ coverageRatio: 0 });
  delete silent.headroomH100e;
  assert.equal(fitOf(silent, undefined, 32), "unknown");
  // Whatever is not heard, this is more than there can be.
  assert.equal(fitOf(silent, undefined, 41), "no");
});

test("chips that may be the pool's own make it uncertain", () => {
  const uncertain = pool({ headroomH100e: 30, headroomUncertainH100e: 10 });
  assert.equal(fitOf(uncertain, 0, 30), "own");
  assert.equal(fitOf(uncertain, 0, 35), "unknown");
});

test("sums come before divisions, and pools that are not known are in none of them", () => {
  const unknown = pool({ pool: "b", allocatedH100e: 1000, assignedH100e: 500, coverageRatio: 0.1 });
  for (const name of ["busyH100e", "idleH100e", "utilizationRatio"] as const) delete unknown[name];
  const fleet = fleetOf([pool(), pool({ busyH100e: 90, utilizationRatio: 0.9 }), unknown]);
  assert.equal(fleet.utilization, 120 / 200);
  assert.equal(fleet.known, 2);
  assert.equal(fleet.unmeasured, 500);
});

test("of nothing known the sum is not known, and not 0", () => {
  const unknown = pool();
  for (const name of ["busyH100e", "idleH100e", "utilizationRatio"] as const) delete unknown[name];
  const fleet = fleetOf([unknown]);
  assert.equal(fleet.busy, undefined);
  assert.equal(fleet.idle, undefined);
  assert.equal(fleet.utilization, undefined);
  assert.equal(fleet.productive, undefined);
});

test("pools are found by name, owner and team, whatever the case", () => {
  const pools = [
    pool({ pool: "Serving" }),
    pool({ owner: "serving" }),
    pool({ teams: [{ team: "SERVING", assignedH100e: 1, idleChips: 0 }] }),
    pool(),
  ];
  assert.equal(filtered(pools, { text: "servinG" }).length, 3);
  assert.equal(filtered(pools, { tier: "p1" }).length, 0);
});

function periods(of: (hour: number) => number, hours = 48): PoolPeriod[] {
  return Array.from({ length: hours }, (_, hour) => ({
    pool: "a",
    startUnixSeconds: String(hour * 3600),
    assignedH100e: of(hour),
    measuredH100e: 0,
  }));
}

test("a pool that fills by a tenth of an H100e an hour has so many days left", () => {
  const trend = trendOf(
    periods((hour) => 60 + hour / 10),
    48,
  );
  assert.equal(trend.kind, "full");
  assert.ok(trend.kind === "full" && Math.abs(trend.days - 20) < 0.001);
});

test("a period that is under way is in no trend", () => {
  const rows = periods(() => 60, 3);
  assert.equal(overAt(rows, 3600, 2 * 3600 + 1800).length, 2);
  assert.equal(overAt(rows, 3600, 3 * 3600).length, 3);
});

test("a pool that does not fill is steady, and a short past says nothing", () => {
  assert.equal(
    trendOf(
      periods(() => 60),
      48,
    ).kind,
    "steady",
  );
  assert.equal(
    trendOf(
      periods((hour) => 60 - hour),
      48,
    ).kind,
    "steady",
  );
  assert.equal(
    trendOf(
      periods((hour) => 60 + hour, 5),
      48,
    ).kind,
    "unknown",
  );
  assert.equal(
    trendOf(
      periods((hour) => 60 + hour),
      undefined,
    ).kind,
    "unknown",
  );
});

test("the address of the simulator becomes the daemon's question", () => {
  assert.deepEqual(
    requestOf(
      {
        from: "revenue-priority",
        research: "30",
        utilization: "60",
        mode: "free-capacity",
        rest: "proportional",
        revenue: "$25B",
        set: "training.growth=300%; tiers.p0=8%",
      },
      "linear",
    ),
    {
      curve: "linear",
      shareRatios: { research: 0.3 },
      scenario: "revenue-priority",
      mode: "free-capacity",
      rest: "proportional",
      set: ["training.growth=300%", "tiers.p0=8%"],
      utilizationRatio: 0.6,
      revenueUsd: 25e9,
    },
  );
  assert.deepEqual(requestOf({ from: "live" }, "linear"), {
    curve: "linear",
    shareRatios: {},
    fromLive: true,
  });
});

test("what is no percentage or no amount is not asked", () => {
  assert.equal(ratioOf("101"), undefined);
  assert.equal(ratioOf("-1"), undefined);
  assert.equal(ratioOf("x"), undefined);
  assert.equal(ratioOf("0"), 0);
  assert.equal(ratioOf("7"), 0.07);
  assert.equal(amountOf("25 billion"), undefined);
  assert.equal(amountOf("8.7M"), 8_700_000);
});

test("a kept question comes back as it was, without what is no part of it", () => {
  const asked = { from: "live", inference: "20.5", set: "a.b=c;d=e", b: "x", curve: "linear" };
  assert.deepEqual(unpacked(packed(asked)), { from: "live", inference: "20.5", set: "a.b=c;d=e" });
});
