// The table that `rocm-smi` prints without arguments ("Concise Info"). Pure.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/live/smi/smi_listing.h"

namespace fleetmeter::collector {

// A row for each chip, of which the first value is its number and the last two are the shares of
// its memory and of its time; newer versions name the model in a line below. InvalidArgument: there
// is no such table.
absl::StatusOr<SmiListing> ReadRocmSmiText(std::string_view text);

}  // namespace fleetmeter::collector
