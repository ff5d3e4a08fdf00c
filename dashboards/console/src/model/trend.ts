// When a pool is full, if it goes on as in the past that the ledger tells of.
import { PoolPeriod } from "../wire/query";
import { GOOD_COVERAGE } from "./thresholds";

export type Trend = { kind: "unknown" } | { kind: "steady" } | { kind: "full"; days: number };

const DAY = 86_400;
// Of less than this nobody can tell where it goes.
const FEWEST_PERIODS = 6;
const LONGEST_DAYS = 365;

// The periods that are over. What is under way says too little yet.
export function overAt(rows: PoolPeriod[], step: number, now: number): PoolPeriod[] {
  return rows.filter((row) => Number(row.startUnixSeconds) + step <= now);
}

// Whether hosts told of enough of a period that its amounts are those of the pool. What they did
// not tell of is no idle time. Where nobody knows how much that is, the amounts have to do.
export function wellHeard(row: PoolPeriod): boolean {
  return row.coverageRatio === undefined || row.coverageRatio >= GOOD_COVERAGE;
}

// `headroom`: what is free now; undefined: not known. The speed is that of a straight line through
// what was assigned (least squares).
export function trendOf(rows: PoolPeriod[], headroom: number | undefined): Trend {
  if (headroom === undefined || rows.length < FEWEST_PERIODS) return { kind: "unknown" };
  const speed = speedOf(
    rows.map((row) => Number(row.startUnixSeconds) / DAY),
    rows.map((row) => row.assignedH100e),
  );
  const days = Math.max(0, headroom) / speed;
  return speed > 0 && days <= LONGEST_DAYS ? { kind: "full", days } : { kind: "steady" };
}

function mean(values: number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function speedOf(times: number[], values: number[]): number {
  const time = mean(times);
  const value = mean(values);
  const spread = times.reduce((sum, at) => sum + (at - time) ** 2, 0);
  return spread === 0
    ? 0
    : times.reduce((sum, at, i) => sum + (at - time) * (values[i] - value), 0) / spread;
}
