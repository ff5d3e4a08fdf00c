#include "daemon/ctl/confirm.h"

#include <fmt/format.h>
#include <signal.h>
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
  // Nothing is being done: a signal ends the program as it ends any, also one that is blocked to
  // stop in order.
  sigset_t all;
  sigset_t before;
  sigemptyset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::string answer;
  std::getline(std::cin, answer);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (answer == "y" || answer == "Y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("nothing was changed");
}

}  // namespace fleetmeter::ctl
