// A flag that takes a full hour, which is how finely the ledger keeps usage.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// Required; seconds since 1970.
void AddFullHour(Flags& flags, const std::string& name, const std::string& help, int64_t* out);

}  // namespace fleetmeter::ctl
