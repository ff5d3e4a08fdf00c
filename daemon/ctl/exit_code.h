// How the end of a command is told.
#pragma once

#include "absl/status/status.h"

namespace fleetmeter::ctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDoesNotFit = 3;
inline constexpr int kExitNotAll = 4;

// 0, or 1 after printing the error to standard error.
int ExitCode(const absl::Status& status);

}  // namespace fleetmeter::ctl
