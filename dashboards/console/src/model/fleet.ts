// Sums over pools. Sums are formed before anything is divided, and what is not known stays apart.
import { Pool } from "../wire/query";
import { Fit, fitOf } from "./fit";
import { GOOD_COVERAGE, NEARLY_FULL } from "./thresholds";

export interface Fleet {
  allocated: number;
  assigned: number;
  // Undefined where no signal measures any of it.
  busy?: number;
  idle?: number;
  // Assigned, and no signal measures it.
  unmeasured: number;
  unheard: number;
  // Undefined where no source measures it. `unproven`: busy in pools where none does.
  productive?: number;
  unproven: number;
  // busy / (allocated x coverage) of the pools whose utilization is known; undefined: of none.
  utilization?: number;
  known: number;
  pools: number;
}

// What is worked out of an answer is worked out once: an answer does not change, and the page is
// drawn again with every key that the reader presses.
export function once<T extends object, R>(work: (of: T) => R): (of: T) => R {
  const done = new WeakMap<T, R>();
  return (of) => {
    if (!done.has(of)) done.set(of, work(of));
    return done.get(of) as R;
  };
}

export const fleetOf = once((pools: Pool[]): Fleet => {
  const known = pools.filter((pool) => pool.utilizationRatio !== undefined);
  const heard = sum(known, (pool) => pool.allocatedH100e * pool.coverageRatio);
  return {
    allocated: sum(pools, (pool) => pool.allocatedH100e),
    assigned: sum(pools, (pool) => pool.assignedH100e),
    busy: sumOfKnown(pools, (pool) => pool.busyH100e),
    idle: sumOfKnown(pools, (pool) => pool.idleH100e),
    unmeasured: sum(pools, unmeasuredOf),
    unheard: sum(pools, (pool) => pool.unheardH100e),
    productive: sumOfKnown(pools, (pool) => pool.productiveH100e),
    unproven: sum(
      pools.filter((pool) => pool.productiveH100e === undefined),
      (pool) => pool.busyH100e ?? 0,
    ),
    utilization: heard > 0 ? sum(known, (pool) => pool.busyH100e ?? 0) / heard : undefined,
    known: known.length,
    pools: pools.length,
  };
});

export function sum<T>(rows: T[], value: (row: T) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

// Of nothing known the sum is not 0; it is not known.
function sumOfKnown<T>(rows: T[], value: (row: T) => number | undefined): number | undefined {
  const known = rows.map(value).filter((one): one is number => one !== undefined);
  return known.length ? sum(known, (one) => one) : undefined;
}

export function unmeasuredOf(pool: Pool): number {
  const measured = (pool.busyH100e ?? 0) + (pool.idleH100e ?? 0);
  // Rounding leaves specks.
  const left = pool.assignedH100e - measured;
  return left > 1e-6 * pool.assignedH100e ? left : 0;
}

export function poorlyHeard(pool: Pool): boolean {
  return pool.coverageRatio < GOOD_COVERAGE;
}

export function nearlyFull(pool: Pool): boolean {
  return (
    pool.headroomH100e !== undefined &&
    pool.allocatedH100e > 0 &&
    pool.headroomH100e < NEARLY_FULL * pool.allocatedH100e
  );
}

// What the pool takes from its own allocation. Borrowing is asked of one pool at a time.
export function ownFit(pool: Pool, ask: number): Fit {
  return fitOf(pool, undefined, ask);
}

export interface Filter {
  text?: string;
  category?: string;
  tier?: string;
}

// What a list of pools asks for.
export const BRIEF = { brief: "true" };

// Pools whose name, owner, contact or team has the text in it, whatever its case.
export function filtered(pools: Pool[], filter: Filter): Pool[] {
  const text = (filter.text ?? "").trim().toLowerCase();
  return pools.filter(
    (pool) =>
      (!filter.category || pool.category === filter.category) &&
      (!filter.tier || pool.tier === filter.tier) &&
      (!text || namesOf(pool).some((name) => name.toLowerCase().includes(text))),
  );
}

function namesOf(pool: Pool): string[] {
  const teams = pool.teamNames ?? (pool.teams ?? []).map(({ team }) => team);
  return [pool.pool, pool.owner, pool.contact, ...teams];
}
