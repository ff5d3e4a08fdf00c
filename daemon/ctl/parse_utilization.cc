#include "daemon/ctl/parse_utilization.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {

absl::StatusOr<double> ParseUtilization(const std::string& text) {
  const auto number = ParseShare(text);
  if (!number || *number < 0) {
    return absl::InvalidArgumentError(fmt::format(
        "{} is not a utilization; expected 60, 60% or 0.6 for sixty percent", Quoted(text)));
  }
  const bool percent = text.find('%') != std::string::npos;
  if (!percent && *number == 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} may be a percent or all of it; expected 1% or 100%", Quoted(text)));
  }
  const double ratio = percent || *number < 1 ? *number : *number / 100;
  if (ratio > 1) {
    return absl::InvalidArgumentError(
        fmt::format("{} is more than 100%; expected 0% to 100%", Quoted(text)));
  }
  return ratio;
}

}  // namespace fleetmeter::ctl
