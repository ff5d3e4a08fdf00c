// Sources of usage (proto/fleetmeter/v1/admin.proto) as JSON. A time is nanoseconds since the Unix
// epoch, in a string.

export interface ListSourcesResponse {
  sources?: Source[];
  total: string;
  nextPageToken: string;
}

export interface Source {
  source: string;
  state: string;
  countedToUnixNanos?: string;
  microChips?: string;  // absent: it reports outcomes, which have no chips
  unlistedMicroChips?: string;
  otherNames?: string[];
  owner: string;
  foreignReports: string;
  foreignIdentity: string;
  foreignUnixNanos: string;
  countedFromUnixNanos?: string;
  silentSinceUnixNanos?: string;
}

export interface ListRejectedResponse {
  reports?: RejectedReport[];
  nextPageToken: string;
  counts?: RejectedCount[];
}

export interface RejectedReport {
  source: string;
  identity: string;
  reason: string;
  field: string;
  detail: string;
  rejectedUnixNanos: string;
}

export interface RejectedCount {
  reason: string;
  reports: string;
}
