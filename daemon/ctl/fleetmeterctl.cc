// fleetmeterctl: flags, then the command.
#include "daemon/ctl/command_line.h"
#include "daemon/ctl/quiet_grpc.h"

int main(int argc, char** argv) {
  fleetmeter::ctl::QuietGrpc();
  fleetmeter::ctl::CommandLine line;
  if (const auto done = line.Parse(argc, argv)) return *done;
  return line.Run();
}
