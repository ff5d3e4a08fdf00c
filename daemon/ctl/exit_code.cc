#include "daemon/ctl/exit_code.h"

#include <fmt/format.h>

#include <cstdio>

#include "daemon/ctl/print/message_text.h"

namespace fleetmeter::ctl {

std::string ErrorText(const absl::Status& status, OutputFormat format) {
  const std::string message(status.message());
  if (format != OutputFormat::kJson) return fmt::format("fleetmeterctl: {}\n", message);
  Json error;
  error["error"]["code"] = absl::StatusCodeToString(status.code());
  error["error"]["message"] = message;
  return Dump(error, -1);
}

std::string WarningText(const std::string& message, OutputFormat format) {
  if (format != OutputFormat::kJson) return fmt::format("fleetmeterctl: {}\n", message);
  Json warning;
  warning["warning"]["message"] = message;
  return Dump(warning, -1);
}

int ExitCode(const absl::Status& status, OutputFormat format) {
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "{}", ErrorText(status, format));
  return kExitError;
}

void Warn(const std::string& message, OutputFormat format) {
  fmt::print(stderr, "{}", WarningText(message, format));
}

}  // namespace fleetmeter::ctl
