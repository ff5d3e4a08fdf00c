// Sources of usage (proto/fleetmeter/v1/admin.proto) as JSON. A time is nanoseconds since the Unix
// epoch, in a string.

export interface ListSourcesResponse {
  sources?: Source[];
  total: string;
}

export interface Source {
  source: string;
  state: string;
  countedToUnixNanos?: string;
  microChips: string;
  unlistedMicroChips: string;
  otherNames?: string[];
  owner: string;
  foreignReports: string;
  foreignIdentity: string;
  foreignUnixNanos: string;
}
