// What `nvidia-smi -q -x` prints: XML of the drivers from 4xx to 5xx (nvsmi_device_v10.dtd to
// v12.dtd). Pure.
//
// pugixml parses it: it reads no DTD and expands no entity of one, and its memory is bounded by
// that of the text.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/live/smi/smi_listing.h"

namespace fleetmeter::collector {

// InvalidArgument: it is no XML, ends too early, is nested too deeply, or is no log of nvidia-smi.
absl::StatusOr<SmiListing> ReadNvidiaSmiXml(std::string_view text);

// The slices of a MIG device by its multiprocessors, of a chip of this model. 0: not known.
uint32_t SlicesOfMultiprocessors(std::string_view model, double multiprocessors);

}  // namespace fleetmeter::collector
