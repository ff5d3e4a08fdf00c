// Whether a pool can admit a number of H100e. `fleetmeterctl headroom POOL --ask N` answers the
// same question, and a test holds the two against each other.
import { Pool } from "../wire/query";
import { GOOD_COVERAGE } from "./thresholds";

// own: the headroom takes it. borrowing: it does with what others lend. unknown: too little is
// heard, or it depends on whose the orphaned chips are.
export type Fit = "own" | "borrowing" | "no" | "unknown";

// `borrowable`: undefined where it is not known.
export function fitOf(pool: Pool, borrowable: number | undefined, ask: number): Fit {
  const verdict = withoutBorrowing(pool, ask);
  if (verdict !== "no" || pool.headroomH100e === undefined) return verdict;
  return shortOf(pool, ask) <= (borrowable ?? 0) ? "borrowing" : "no";
}

function withoutBorrowing(pool: Pool, ask: number): Fit {
  if (ask > admitsAtMost(pool)) return "no";
  if (pool.headroomH100e === undefined || pool.coverageRatio < GOOD_COVERAGE) return "unknown";
  if (ask <= pool.headroomH100e) return "own";
  return ask <= pool.headroomH100e + pool.headroomUncertainH100e ? "unknown" : "no";
}

// More than this the pool cannot admit, whatever is not heard.
export function admitsAtMost(pool: Pool): number {
  return pool.allocatedH100e - pool.assignedH100e - pool.unhealthyH100e;
}

// What the headroom lacks for `ask`.
export function shortOf(pool: Pool, ask: number): number {
  return Math.max(0, ask - (pool.headroomH100e ?? 0));
}
