#include "daemon/ctl/duration_flag.h"

#include <fmt/format.h>

#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(1);

}  // namespace

Flag AddDuration(Flags& flags, const std::string& name, const std::string& help,
                 std::chrono::nanoseconds shortest, std::chrono::nanoseconds* out) {
  const auto read = [shortest, out](const std::string& text) {
    const auto nanos = ParseDuration(text);
    if (!nanos || *nanos < shortest.count() || *nanos > kLongest.count()) {
      return absl::InvalidArgumentError(fmt::format("'{}' is not a duration from {} to {}", text,
                                                    FormatDuration(shortest.count()),
                                                    FormatDuration(kLongest.count())));
    }
    *out = std::chrono::nanoseconds(*nanos);
    return absl::OkStatus();
  };
  return flags.Add(name, read, help).ValueName("DURATION").Default(FormatDuration(out->count()));
}

}  // namespace fleetmeter::ctl
