// How the end of a command is told.
#pragma once

#include "absl/status/status.h"

namespace fleetmeter::ctl {

// 0, or 1 after printing the error to standard error.
int ExitCode(const absl::Status& status);

}  // namespace fleetmeter::ctl
