// A flag that takes a full hour, which is how finely the ledger keeps usage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

struct FullHour {
  int64_t unix_seconds = 0;
  bool is_date = false;  // without a time of day: `unix_seconds` is its midnight, UTC
};

// Required.
void AddFullHour(Flags& flags, const std::string& name, const std::string& help, FullHour* out);
// Not required.
void AddFullHour(Flags& flags, const std::string& name, const std::string& help,
                 std::optional<FullHour>* out);

}  // namespace fleetmeter::ctl
