// What requests and grants say, as the page shows it.
import { CapacityRequest, CapacitySpan, UsedGrant } from "../wire/capacity";

const MICRO = 1e6;

export function amount(micro: string): number {
  return Number(micro) / MICRO;
}

export interface Waiting {
  requests: number;
  critical: number;
  h100e: number;
  // Seconds since 1970; undefined: nothing waits.
  oldest?: number;
}

export function waiting(requests: CapacityRequest[]): Waiting {
  const asked = requests.map((request) => Number(request.askedUnixNanos) / 1e9);
  return {
    requests: requests.length,
    critical: requests.filter((request) => request.form?.nature === "critical").length,
    h100e: requests.reduce((sum, request) => sum + amount(request.microH100e), 0),
    oldest: asked.length ? Math.min(...asked) : undefined,
  };
}

export interface Moment {
  at: number;
  allocated: number;
  committed: number;
}

// The spans as values at even steps, each of the span that its time lies in.
export function moments(spans: CapacitySpan[], step: number): Moment[] {
  const out: Moment[] = [];
  for (const span of spans) {
    const to = Number(span.toUnixSeconds);
    const from = Number(span.fromUnixSeconds);
    let at = out.length ? out[out.length - 1].at + step : from;
    for (; at < to; at += step) {
      out.push({
        at,
        allocated: amount(span.allocatedMicroH100e) + amount(span.beyondMicroH100e),
        committed: amount(span.committedMicroH100e),
      });
    }
  }
  return out;
}

// The first time at which grants promise more than the plan has.
export function overcommitted(spans: CapacitySpan[]): number | undefined {
  const over = spans.find((span) => Number(span.uncommittedMicroH100e) < 0);
  return over && Number(over.fromUnixSeconds);
}

// The held part of a grant; undefined: too little of its time was told of.
export function heldPart(grant: UsedGrant, least: number): number | undefined {
  const told = Number(grant.toldSeconds);
  const all = told + Number(grant.untoldSeconds);
  return all > 0 && told >= least * all ? grant.usedRatio : undefined;
}
