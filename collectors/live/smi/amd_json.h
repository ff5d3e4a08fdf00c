// What AMD's tools print as JSON. Pure.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/live/smi/smi_listing.h"

namespace fleetmeter::collector {

// `rocm-smi -a --json`: an object with a member "card0" for each chip, under the old and the new
// names of its values, and a member "system", which is no chip. Warnings in front of it are left
// out. It does not say which chip a process is on.
absl::StatusOr<SmiListing> ReadRocmSmiJson(std::string_view text);

// `amd-smi ... --json`: lists of chips, or objects with a member "gpu_data". Several of them, one
// after the other (list, static, metric, process), are joined by the number of the chip.
absl::StatusOr<SmiListing> ReadAmdSmiJson(std::string_view text);

}  // namespace fleetmeter::collector
