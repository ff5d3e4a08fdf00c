// Lines of values with commas between them, one for each chip: `hl-smi -Q ... -f csv` and
// `nvidia-smi --query-gpu=... --format=csv`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/live/smi/smi_listing.h"

namespace fleetmeter::collector {

struct SmiCsvForm {
  std::string tool;  // for messages: "hl-smi"
  std::string signal;
  std::string utilization;           // its column: "utilization.aip"
  std::vector<std::string> columns;  // of a text without a header
};

SmiCsvForm HlSmiForm();
SmiCsvForm NvidiaSmiForm();

// InvalidArgument: no line is one of a chip.
absl::StatusOr<SmiListing> ReadSmiCsv(std::string_view text, const SmiCsvForm& form);

}  // namespace fleetmeter::collector
