// fleetmeterctl: flags, then the command.
#include "daemon/ctl/command_line.h"

int main(int argc, char** argv) {
  fleetmeter::ctl::CommandLine line;
  if (const auto done = line.Parse(argc, argv)) return *done;
  return line.Run();
}
