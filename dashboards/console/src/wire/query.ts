// Answers of the query service (proto/fleetmeter/v1/query.proto) as JSON: 64-bit integers are
// strings, and what is not known is absent.

export interface Basis {
  plan: string;
  planVersion: number;
  scenario: string;
  catalogVersion: number;
  asOfUnixNanos: string;
}

export interface ListPoolsResponse {
  basis?: Basis;
  pools?: Pool[];
  orphaned?: OrphanedPool[];
  totalPools: number;
}

export interface OrphanedPool {
  pool: string;
  h100e: number;
}

export interface Pool {
  pool: string;
  category: string;
  tier: string;
  owner: string;
  contact: string;
  allocatedH100e: number;
  assignedH100e: number;
  busyH100e?: number;
  productiveH100e?: number;
  idleH100e?: number;
  unhealthyH100e: number;
  reservedH100e: number;
  unheardH100e: number;
  headroomH100e?: number;
  borrowedH100e: number;
  coverageRatio: number;
  measuredRatio?: number;
  utilizationRatio?: number;
  idleChips: number;
  unaccountedH100e: number;
  headroomUncertainH100e: number;
  chips?: ChipUse[];
  teams?: TeamUse[];
  demand?: PoolDemand;
  idleUsdPerDay?: number;
  teamNames?: string[];
}

export interface PoolDemand {
  h100e: number;
  microChips: string;
  requests: string;
  oldestWaitSeconds?: string;
  medianWaitSeconds?: string;
  servableH100e?: number;
  servableByBorrowingH100e?: number;
  teams?: TeamDemand[];
  reasons?: WaitReason[];
}

export interface TeamDemand {
  team: string;
  h100e: number;
  requests: string;
}

export interface WaitReason {
  reason: string;
  requests: string;
}

export interface ChipUse {
  chip: string;
  signal: string;
  assignedMicroChips: string;
}

export interface TeamUse {
  team: string;
  assignedH100e: number;
  busyH100e?: number;
  idleH100e?: number;
  idleChips: number;
  idleUsdPerDay?: number;
  idleSinceUnixNanos?: string;
}

export interface HeadroomResponse {
  basis?: Basis;
  pool?: Pool;
  borrowableH100e?: number;
}

export interface GetSupplyResponse {
  basis?: Basis;
  rows?: SupplyRow[];
  totalH100e: number;
  liveSources: string;
  knownSources: string;
}

export interface SupplyRow {
  provider: string;
  chip: string;
  assignedMicroChips: string;
  unassignedMicroChips: string;
  unhealthyMicroChips: string;
  reservedMicroChips: string;
  unheardMicroChips: string;
  declaredChips: string;
  h100e: number;
  chipsPerH100e: number;
  unaccountedMicroChips: string;
  orphanedMicroChips: string;
}

export interface GetPoolHistoryResponse {
  rows?: PoolPeriod[];
  fromUnixSeconds: string;
  untilUnixSeconds: string;
  stepSeconds: string;
}

export interface PoolPeriod {
  pool: string;
  startUnixSeconds: string;
  assignedH100e: number;
  allocatedH100e?: number;
  measuredH100e: number;
  busyH100e?: number;
  coverageRatio?: number;
}

export interface ListHoldersResponse {
  pool: string;
  teams?: TeamHolder[];
}

export interface TeamHolder {
  team: string;
  chips?: HeldChips[];
  since?: HeldSince;
  workloads?: WorkloadHolder[];
}

export interface HeldChips {
  chip: string;
  microChips: string;
}

export interface WorkloadHolder {
  workload: string;
  chip: string;
  since?: HeldSince;
}

export interface HeldSince {
  sinceUnixSeconds?: string;
  atLeastSinceUnixSeconds: string;
  unknownBecause: string;
  notBeforeUnixSeconds?: string;
  lastKnownUnixSeconds?: string;
}
