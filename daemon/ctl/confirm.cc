#include "daemon/ctl/confirm.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

namespace fleetmeter::ctl {

absl::Status Confirm(const std::string& question) {
  if (isatty(STDIN_FILENO) == 0) {
    return absl::FailedPreconditionError(
        "nobody can be asked, since standard input is no terminal; nothing was changed; expected "
        "--yes");
  }
  fmt::print(stderr, "{} [y/N] ", question);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was changed");
}

}  // namespace fleetmeter::ctl
