#include "daemon/ctl/outcomes_flags.h"

#include <fmt/format.h>

#include "daemon/base/clock.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/parse_moment.h"

namespace fleetmeter::ctl {

void AddOutcomesLedger(Flags& flags, std::string* path) {
  flags
      .Add("--ledger", path,
           "Read this file of a ledger (ledger.path of the daemon) instead of asking the daemon")
      .ValueName("FILE");
}

void AddOutcomesRefused(Flags& flags, std::string* path) {
  flags.Add("--refused", path, "Write the refused rows and the reasons to this file")
      .ValueName("FILE");
}

void AddOutcomesTime(Flags& flags, const std::string& name, const std::string& help,
                     std::optional<int64_t>* unix_seconds) {
  const auto read = [unix_seconds](const std::string& text) {
    const auto nanos = ParseMoment(text);
    if (!nanos.ok()) return nanos.status();
    *unix_seconds = *nanos / kNanosPerSecond;
    return absl::OkStatus();
  };
  flags.Add(name, read, help).ValueName("TIME");
}

}  // namespace fleetmeter::ctl
