// From a page of the text format to counters of requests and tokens, as a mapping says. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/device/device_reading.h"
#include "collectors/live/serving/serving_mapping.h"

namespace fleetmeter::collector {

struct ServingDefaults {
  std::string model;                  // where no label says it; may be empty
  std::string customer_tier = "all";  // likewise
};

// An observation with `served`, and what was wrong with the page.
//
//   NotFound           none of the counters is there
//   InvalidArgument    it is no page of the text format
//   ResourceExhausted  it has too many samples
absl::StatusOr<Observation> ReadServingPage(const ServingMapping& mapping,
                                            const ServingDefaults& defaults, std::string_view page);

}  // namespace fleetmeter::collector
