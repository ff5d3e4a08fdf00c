// A utilization as people write it.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter::ctl {

// "60", "60%" and "0.6" are the same; a number that could be either is refused. A ratio, 0 to 1.
// InvalidArgument says what to write.
absl::StatusOr<double> ParseUtilization(const std::string& text);

}  // namespace fleetmeter::ctl
