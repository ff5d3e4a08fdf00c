// How many file descriptors the process may have, and who may use how many of them.
#pragma once

namespace fleetmeter {

// Each listener refuses connections whose descriptor would be its ceiling or above.
struct DescriptorCeilings {
  int ingest = 0;
  int query = 0;
};

// The soft limit is raised to the hard one, as far as the system lets us. Above the ceilings there
// is room for HTTP, files and the ledger; and collectors cannot take what is kept for queries.
DescriptorCeilings PlanDescriptors();

}  // namespace fleetmeter
