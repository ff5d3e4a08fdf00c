// Answers of the plan service (proto/fleetmeter/v1/plan.proto) as JSON. Shares and ratios are 0 to
// 1, money is US dollars, and hours are H100-hours of a year.
import { Basis } from "./query";

export interface FrameworkBasis {
  framework: string;
  version: number;
  baseline: string;
  overrides?: string[];
}

export interface GetFrameworkResponse {
  basis?: FrameworkBasis;
  supply?: Supply;
  training?: TrainingPlan;
  pricing?: Pricing;
  throughput?: ServingThroughput;
  revenue?: RevenueByUtilization;
  scenarios?: ScenarioResult[];
  sensitivity?: SensitivityResult[];
}

export interface Supply {
  rows?: SupplyTableRow[];
  h100e: number;
  h100Hours: number;
}

// message Supply.Row
export interface SupplyTableRow {
  chip: string;
  provider: string;
  chips: number;
  chipsPerH100e: number;
  h100e: number;
  h100Hours: number;
}

export interface TrainingPlan {
  models?: TrainingRow[];
  h100PeakFlopPerHour: number;
  mfuRatio: number;
  trainingFlopPerH100Hour: number;
  basedOn: string;
  growthFactor: number;
  pretrainingHours: number;
  runsPerYear: number;
  postTrainingRatio: number;
  variantsPerRun: number;
  postTrainingHours: number;
  hoursPerRun: number;
  hoursPerYear: number;
  inefficiencyFactor: number;
  additionalRuns: number;
  neededHours: number;
}

// message TrainingPlan.Row
export interface TrainingRow {
  model: string;
  title: string;
  flop: number;
  h100Hours: number;
}

export interface Pricing {
  models?: PricingRow[];
  weightedUsdPerMillionInputTokens: number;
  weightedUsdPerMillionOutputTokens: number;
}

// message Pricing.Row
export interface PricingRow {
  model: string;
  title: string;
  released: string;
  usageRatio: number;
  usdPerMillionInputTokens: number;
  usdPerMillionOutputTokens: number;
}

export interface ServingThroughput {
  sizes?: ThroughputRow[];
  resourceConstraintRatio: number;
  inputPerOutput: number;
  weightedOutputTokensPerSecond: number;
  outputTokensPerH100Hour: number;
  inputTokensPerH100Hour: number;
}

// message ServingThroughput.Row
export interface ThroughputRow {
  size: string;
  outputTokensPerSecond: number;
  constrainedTokensPerSecond: number;
  weightRatio: number;
}

export interface RevenueByUtilization {
  utilizationRatio: number;
  discountRatio: number;
  curve: string;
  usdPerH100Hour: number;
  rows?: RevenueRow[];
}

// message RevenueByUtilization.Row
export interface RevenueRow {
  utilizationRatio: number;
  curve: string;
  listUsdPerH100Hour: number;
  usdPerH100Hour: number;
}

export interface Portion {
  h100Hours: number;
  shareRatio: number;
}

export interface TierResult {
  tier: string;
  total?: Portion;
}

export interface CategoryResult {
  category: string;
  portion?: Portion;
}

export interface ScenarioResult {
  scenario: string;
  title: string;
  supplyHours: number;
  tiers?: TierResult[];
  categories?: CategoryResult[];
  unallocated?: Portion;
  outcome?: OutcomeResult;
}

export interface OutcomeResult {
  utilizationRatio: number;
  curve: string;
  usdPerH100Hour: number;
  serviceableRevenueUsd: number;
  trainingHours: number;
  trainingRatio?: number;
  researchHours: number;
}

export interface ForgoneResult {
  revenueUsd: number;
  trainingHours: number;
  researchHours: number;
}

export interface SensitivityResult {
  name: string;
  title: string;
  categories?: CategoryResult[];
  outcome?: OutcomeResult;
  forgone?: ForgoneResult;
  doesNotFit: string;
}

export interface SimulateRequest {
  fromLive?: boolean;
  scenario?: string;
  set?: string[];
  utilizationRatio?: number;
  curve?: string;
  revenueUsd?: number;
  shareRatios?: { [category: string]: number };
  mode?: string;
  rest?: string;
}

export interface PositionResult {
  supplyHours: number;
  categories?: CategoryResult[];
  p0Unused?: Portion;
  buffer?: Portion;
  unallocated?: Portion;
  outcome?: OutcomeResult;
}

export interface SimulateResponse {
  basis?: FrameworkBasis;
  liveBasis?: Basis;
  start: string;
  mode: string;
  before?: PositionResult;
  after?: PositionResult;
  freed?: Portion;
  forgone?: ForgoneResult;
  baseline?: OutcomeResult;
}

export interface CompareResponse {
  basis?: Basis;
  framework?: FrameworkBasis;
  supplyH100e: number;
  coverageRatio?: number;
  tiers?: CompareRow[];
  categories?: CompareRow[];
  unassignedShareRatio?: number;
  unavailableShareRatio?: number;
  unplannedShareRatio?: number;
  bufferH100e: number;
  bufferConsumedH100e?: number;
  bufferConsumers?: Consumer[];
  p0ShortfallH100e?: number;
  inferenceUtilizationRatio?: number;
  revenue?: Pace[];
  trainingHours?: number;
  plannedTrainingHours?: number;
}

// message CompareResponse.Row
export interface CompareRow {
  name: string;
  plannedShareRatio: number;
  plannedH100e: number;
  actualShareRatio?: number;
  actualH100e?: number;
  driftRatio?: number;
}

// message CompareResponse.Consumer
export interface Consumer {
  pool: string;
  h100e: number;
}

// message CompareResponse.Pace
export interface Pace {
  curve: string;
  serviceableRevenueUsd?: number;
  plannedRevenueUsd: number;
  forgoneRevenueUsd?: number;
}
