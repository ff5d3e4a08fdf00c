// What the metrics of Kueue say of queues: what waits for chips, and what each queue is granted.
// Pure. README.md says what is taken for what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"

namespace fleetmeter::collector {

// What a resource of a flavor is, where their names do not say it.
struct KueueChips {
  std::string resource;      // a glob: "nvidia.com/gpu"
  std::string flavor = "*";  // a glob; a request that waits has no flavor yet
  std::string kind;          // of the catalog; empty: by the flavor's name
  int64_t parts = 0;         // how many of the resource are a chip; 0: as for the resource itself
};

struct KueueOptions {
  std::vector<KueueChips> chips;  // the first that matches counts
  std::string scheduler;
};

// Unavailable: the page is of a replica that only follows. InvalidArgument: it has no queue.
absl::StatusOr<Observation> ReadKueuePage(std::string_view body, bool open_metrics,
                                          const KueueOptions& options);

}  // namespace fleetmeter::collector
