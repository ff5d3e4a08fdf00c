// How the end of a command is told.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "daemon/ctl/print/output_format.h"

namespace fleetmeter::ctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitDoesNotFit = 3;
inline constexpr int kExitNotAll = 4;

// What standard error says of an error, with its line end: a sentence, or with JSON
// {"error": {"code": "UNAVAILABLE", "message": "..."}} on a line. Of gRPC's codes.
std::string ErrorText(const absl::Status& status, OutputFormat format);

// The same of what is no error: {"warning": {"message": "..."}} with JSON.
std::string WarningText(const std::string& message, OutputFormat format);

// 0, or 1 after printing the error to standard error.
int ExitCode(const absl::Status& status, OutputFormat format);

// To standard error.
void Warn(const std::string& message, OutputFormat format);

}  // namespace fleetmeter::ctl
