// The gaps of a source as its row holds them: a JSON list of [from, to] in Unix nanoseconds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/report/window_set.h"

namespace fleetmeter {

std::string GapsText(const std::vector<TimeSpan>& gaps);
// DataLoss if it is not what GapsText writes.
absl::StatusOr<std::vector<TimeSpan>> ParseGaps(std::string_view text);

}  // namespace fleetmeter
