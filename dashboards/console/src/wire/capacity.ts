// Answers of the service of requests for capacity (proto/fleetmeter/v1/capacity.proto) as JSON.
// Times are seconds since 1970 and amounts micro-H100e, both in strings.

export interface ListCapacityResponse {
  requests?: CapacityRequest[];
  total: string;
}

export interface CapacityRequest {
  form?: CapacityForm;
  state: string;
  microH100e: string;
  askedUnixNanos: string;
  grant?: CapacityGrant;
}

export interface CapacityForm {
  requestId: string;
  pool: string;
  team: string;
  chip: string;
  chips: string;
  startUnixSeconds: string;
  hours: string;
  workload: string;
  nature: string;
  goal: string;
}

export interface CapacityGrant {
  microH100e: string;
  startUnixSeconds: string;
  endUnixSeconds: string;
}

export interface GetRankingResponse {
  requests?: RankedCapacity[];
  total: string;
}

export interface RankedCapacity {
  request?: CapacityRequest;
  place: number;
  why: string;
}

export interface GetTimelineResponse {
  spans?: CapacitySpan[];
  peakMicroH100e?: string;
}

export interface CapacitySpan {
  fromUnixSeconds: string;
  toUnixSeconds: string;
  allocatedMicroH100e: string;
  committedMicroH100e: string;
  // Below 0: more is promised than the plan has.
  uncommittedMicroH100e: string;
  // Of committed, what was granted beyond the allocation and is not in the plan.
  beyondMicroH100e: string;
}

export interface ListGrantsResponse {
  grants?: UsedGrant[];
}

export interface UsedGrant {
  request?: CapacityRequest;
  usedRatio?: number;
  toldSeconds: string;
  untoldSeconds: string;
}
