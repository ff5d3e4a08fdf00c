// What the reader asks of the simulator, between the address of the page and the daemon's message.
// Everything is worked out by the daemon, with the code that `fleetmeterctl simulate` uses.
import { Params } from "../route";
import { GetFrameworkResponse, PositionResult, SimulateRequest } from "../wire/plan";

export const CATEGORIES = ["inference", "training", "research"] as const;
export const LIVE = "live";

// Parameters that say what is asked. "from" is a scenario or "live"; shares and utilization are in
// percent; "revenue" is an amount such as 25B; "set" is KEY=VALUE, several with ";" between.
export const KEYS = ["from", ...CATEGORIES, "utilization", "mode", "rest", "revenue", "set"];

export function requestOf(params: Params, curve: string): SimulateRequest {
  const request: SimulateRequest = { curve, shareRatios: sharesOf(params) };
  if (params.from === LIVE) request.fromLive = true;
  else if (params.from) request.scenario = params.from;
  if (params.mode) request.mode = params.mode;
  if (params.rest) request.rest = params.rest;
  const set = (params.set ?? "")
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one);
  if (set.length) request.set = set;
  const utilization = ratioOf(params.utilization);
  if (utilization !== undefined) request.utilizationRatio = utilization;
  const revenue = amountOf(params.revenue);
  if (revenue !== undefined) request.revenueUsd = revenue;
  return request;
}

export function sharesOf(params: Params): { [category: string]: number } {
  const shares: { [category: string]: number } = {};
  for (const category of CATEGORIES) {
    const ratio = ratioOf(params[category]);
    if (ratio !== undefined) shares[category] = ratio;
  }
  return shares;
}

// A percentage of 0 to 100 as a ratio; undefined for what is none.
export function ratioOf(text: string | undefined): number | undefined {
  const value = Number(text);
  if (!text || !(value >= 0 && value <= 100)) return undefined;
  // Without the specks of binary fractions: 0.3 for 30, not 0.30000000000000004.
  return Number((value / 100).toPrecision(12));
}

const UNITS: { [unit: string]: number } = { "": 1, K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

// "25B", "$8.7M" or "18000000000".
export function amountOf(text: string | undefined): number | undefined {
  const match = /^\$?\s*([0-9]+(?:\.[0-9]+)?)\s*([KMBT]?)$/i.exec((text ?? "").trim());
  return match ? Number(match[1]) * UNITS[match[2].toUpperCase()] : undefined;
}

export function curvesOf(framework: GetFrameworkResponse): string[] {
  const names = new Set((framework.revenue?.rows ?? []).map(({ curve }) => curve));
  // The one that the assumptions use comes first.
  const main = framework.revenue?.curve ?? "";
  return [main, ...[...names].filter((name) => name !== main)];
}

// The parts of a year's supply, which add up to it: names and shares.
export function partsOf(position: PositionResult): [string, number][] {
  const parts = (position.categories ?? []).map(({ category, portion }): [string, number] => [
    category,
    portion?.shareRatio ?? 0,
  ]);
  return [
    ...parts,
    ["p0 unused", position.p0Unused?.shareRatio ?? 0],
    ["buffer", position.buffer?.shareRatio ?? 0],
    ["unallocated", position.unallocated?.shareRatio ?? 0],
  ];
}

export function shareIn(
  position: PositionResult | undefined,
  category: string,
): number | undefined {
  return position?.categories?.find((row) => row.category === category)?.portion?.shareRatio;
}

export function hoursIn(
  position: PositionResult | undefined,
  category: string,
): number | undefined {
  return position?.categories?.find((row) => row.category === category)?.portion?.h100Hours;
}

// Only what is asked, without what else the address says.
export function only(params: Params): Params {
  const kept: Params = {};
  for (const key of KEYS) if (params[key]) kept[key] = params[key];
  return kept;
}

// A second question, kept in one parameter of the address.
export function packed(params: Params): string {
  return new URLSearchParams(only(params)).toString();
}

export function unpacked(text: string): Params {
  const params: Params = {};
  new URLSearchParams(text).forEach((value, key) => (params[key] = value));
  // Nothing changed is a question too: the baseline.
  return only(params);
}
