// simulate, sensitivity.
#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/commands/framework_source.h"
#include "daemon/ctl/print/sensitivity_output.h"
#include "daemon/ctl/print/simulation_output.h"
#include "daemon/ctl/query_client.h"

namespace fleetmeter::ctl {
namespace {

// The same for a daemon and for a file.
v1::SimulateRequest RequestOf(const FrameworkFlags& flags) {
  v1::SimulateRequest request = flags.request;
  request.set_from_live(flags.from_live);
  request.set_scenario(flags.scenario);
  for (const std::string& set : flags.set) request.add_set(set);
  return request;
}

int Simulate(const Flags& flags) {
  const v1::SimulateRequest request = RequestOf(flags.framework);
  return PrintAnswer(flags.framework.from_live
                         ? QueryClient(flags.address, flags.timeout, flags.tls).Simulate(request)
                         : SimulateFile(flags.framework.plan, request),
                     flags.output, FormatSimulation);
}

int Sensitivity(const Flags& flags) {
  const auto work = LoadFrameworkWork(flags.framework.plan, flags.framework.set);
  if (!work.ok()) return ExitCode(work.status());
  return PrintAnswer(ShowSensitivity(*work), flags.output, FormatSensitivity);
}

}  // namespace

int RunFramework(const Flags& flags) {
  return flags.command == Command::kSimulate ? Simulate(flags) : Sensitivity(flags);
}

}  // namespace fleetmeter::ctl
