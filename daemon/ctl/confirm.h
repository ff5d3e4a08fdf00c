// Asks before something is done that cannot be undone by the same command.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// OK: the person at the terminal said yes. Cancelled: something else. FailedPrecondition: nobody
// can be asked, since standard input is no terminal.
absl::Status Confirm(const std::string& question);

}  // namespace fleetmeter::ctl
