// fleetmeterctl: flags, then the command.
#include "daemon/ctl/commands/commands.h"

int main(int argc, char** argv) {
  fleetmeter::ctl::Flags flags;
  if (const auto done = fleetmeter::ctl::ParseFlags(argc, argv, &flags)) return *done;
  return fleetmeter::ctl::RunCommand(flags);
}
