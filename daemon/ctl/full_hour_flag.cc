#include "daemon/ctl/full_hour_flag.h"

#include <fmt/format.h>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/parse_moment.h"

namespace fleetmeter::ctl {
namespace {

template <class Out>
Flag Add(Flags& flags, const std::string& name, const std::string& help, Out* out) {
  const auto read = [out](const std::string& text) {
    const auto nanos = ParseMoment(text);
    if (!nanos.ok()) return nanos.status();
    if (*nanos % kHour != 0) {
      return absl::InvalidArgumentError(
          fmt::format("{} is not a full hour, such as 2026-01-01 (its midnight) or "
                      "2026-01-01T08:00:00Z; usage is kept by the hour",
                      Quoted(text)));
    }
    *out = FullHour{.unix_seconds = *nanos / kNanosPerSecond,
                    .is_date = ParseTime(text) && text.find(':') == std::string::npos};
    return absl::OkStatus();
  };
  return flags.Add(name, read, help).ValueName("TIME");
}

}  // namespace

void AddFullHour(Flags& flags, const std::string& name, const std::string& help, FullHour* out) {
  Add(flags, name, help, out).Required();
}

void AddFullHour(Flags& flags, const std::string& name, const std::string& help,
                 std::optional<FullHour>* out) {
  Add(flags, name, help, out);
}

}  // namespace fleetmeter::ctl
