#include "daemon/ctl/full_hour_flag.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {

void AddFullHour(Flags& flags, const std::string& name, const std::string& help, FullHour* out) {
  const auto read = [out](const std::string& text) {
    const auto nanos = ParseTime(text);
    if (!nanos || *nanos % kHour != 0) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not a full hour, such as 2026-01-01 (its midnight) or "
                      "2026-01-01T08:00:00Z; usage is kept by the hour",
                      Quoted(text)));
    }
    *out = {.unix_seconds = *nanos / kNanosPerSecond,
            .is_date = text.find(':') == std::string::npos};
    return absl::OkStatus();
  };
  flags.Add(name, read, help).ValueName("TIME").Required();
}

}  // namespace fleetmeter::ctl
