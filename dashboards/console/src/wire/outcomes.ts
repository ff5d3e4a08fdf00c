// Answers of the outcomes service (proto/fleetmeter/v1/outcomes.proto) as JSON. Money that is added
// up is micro-USD in a string; a day is named by midnight UTC of its date, in seconds.

export interface MarginReport {
  fromUnixSeconds: string;
  toUnixSeconds: string;
  beforeFromUnixSeconds: string;
  beforeToUnixSeconds: string;
  priceBookVersion: number;
  rows?: MarginRow[];
  change?: MarginEffects;
  declines?: string[];
  reviewDue?: boolean;
  declinedRequestShareRatio?: number;
  basis: string;
  window: string;
  unattributedCostMicroUsd?: string;
  unknown?: UnknownTime[];
  timeZone: string;
}

export interface UnknownTime {
  fromUnixSeconds: string;
  toUnixSeconds: string;
  source: string;
  toldUnixSeconds: string;
  atBeginning: boolean;
  models?: string[];
  moreModels: number;
}

export interface MarginRow {
  scope: string;
  model: string;
  customerTier: string;
  before?: MarginFigures;
  after?: MarginFigures;
  requestShareRatio?: number;
  marginShareRatio?: number;
  changeRatio?: number;
  declined?: boolean;
  muchVolumeBelowAverage: boolean;
  highMarginLittleVolume: boolean;
}

export interface MarginFigures {
  requests: string;
  knownRequests: string;
  revenueMicroUsd?: string;
  costMicroUsd?: string;
  marginMicroUsd?: string;
  usdPerRequest?: number;
}

export interface MarginEffects {
  changeMicroUsd: string;
  volumeMicroUsd: string;
  mixMicroUsd: string;
  priceMicroUsd: string;
  costMicroUsd: string;
  usdPerRequestBefore: number;
  usdPerRequestAfter: number;
  mixUsdPerRequest: number;
  priceUsdPerRequest: number;
  costUsdPerRequest: number;
  leftOut?: string[];
}

export interface CapabilityReport {
  suite: string;
  suiteVersion: number;
  lastQuarter: string;
  models?: ModelCapability[];
  benchmarks?: BenchmarkState[];
  quarters?: QuarterCapability[];
  verdict: string;
  decliningQuarters: string;
  why: string;
  lastQuarterIsRunning: boolean;
  timeZone: string;
}

export interface ModelCapability {
  model: string;
  family: string;
  quarter: string;
  capabilityIndex?: number;
  restsOn?: string[];
  missing?: string[];
  trainingH100eHours?: number;
  gainPerH100eHour?: number;
}

export interface BenchmarkState {
  benchmark: string;
  frontierRatio?: number;
  saturated: boolean;
  high: boolean;
  flat: boolean;
  gainPartRatio?: number;
}

export interface QuarterCapability {
  quarter: string;
  frontierGain?: number;
  restsOn?: string[];
  saturated?: string[];
  trainingH100eHours?: number;
  gainPerH100eHour?: number;
}
