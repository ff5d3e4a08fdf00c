// fleetmeter-collector: flags, then the Collector.
#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "collectors/collector.h"
#include "collectors/collector_flags.h"
#include "collectors/sources.h"
#include "daemon/base/flags.h"
#include "daemon/base/logging.h"

namespace {

using fleetmeter::collector::Collector;
using fleetmeter::collector::CollectorFlags;
using fleetmeter::collector::SourceCommands;

void Complain(const absl::Status& status) {
  fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(status.message()));
}

int Run(const CollectorFlags& flags, const SourceCommands& commands) {
  auto collector = Collector::Create(flags, commands);
  if (!collector.ok()) {
    Complain(collector.status());
    return 1;
  }
  const std::vector<absl::Status> errors = (*collector)->Run();
  for (const absl::Status& error : errors) Complain(error);
  return errors.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  fleetmeter::ProgramFlags program(
      "fleetmeter-collector: reports what chips do to fleetmeterd.\n"
      "Name one or more sources; each gets a stream of its own. Exit code 0: every report was\n"
      "delivered and counted, or waits in the spool for the next start; 1: some were not, and\n"
      "standard error says why.");
  CollectorFlags flags;
  fleetmeter::collector::AddCollectorFlags(program, flags);
  program.RequireCommands();
  const SourceCommands commands = fleetmeter::collector::AddSources(program);
  if (const auto exit_code = program.Parse(argc, argv)) return *exit_code;
  if (const auto status = CheckClientTls(flags.tls, flags.daemon); !status.ok()) {
    Complain(status);
    return 2;
  }
  fleetmeter::SetUpLogging(flags.log_level, flags.log_format);
  return Run(flags, commands);
}
