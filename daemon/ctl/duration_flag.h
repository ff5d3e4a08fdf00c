// An option that takes a duration such as 500ms.
#pragma once

#include <chrono>
#include <string>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// From `shortest` to an hour; `out` holds the default.
Flag AddDuration(Flags& flags, const std::string& name, const std::string& help,
                 std::chrono::nanoseconds shortest, std::chrono::nanoseconds* out);

}  // namespace fleetmeter::ctl
