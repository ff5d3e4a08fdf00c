#include "daemon/ctl/exit_code.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

namespace fleetmeter::ctl {

int ExitCode(const absl::Status& status) {
  if (status.ok()) return kExitOk;
  fmt::print(stderr, "fleetmeterctl: {}\n", std::string(status.message()));
  return kExitError;
}

}  // namespace fleetmeter::ctl
