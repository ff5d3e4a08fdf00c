#include "daemon/ctl/commands.h"

#include <fmt/format.h>

#include "daemon/config/load_config.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/headroom_output.h"
#include "daemon/ctl/plan_output.h"
#include "daemon/ctl/pools_output.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/supply_output.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

// Prints the answer in the way of `format`, or why there is none.
template <class Response>
int PrintAnswer(const absl::StatusOr<Response>& response, OutputFormat format,
                std::string (*text)(const Response&, OutputFormat)) {
  return ExitCode(response.ok() ? Print(text(*response, format)) : response.status());
}

int RunHeadroom(const Flags& flags) {
  QueryClient client(flags.address, flags.timeout);
  const auto response = client.GetHeadroom(flags.pool);
  if (!response.ok()) return ExitCode(response.status());
  const absl::Status printed =
      Print(FormatHeadroom(*response, flags.ask_h100e, flags.output, OutputHasColors()));
  if (!printed.ok() || !flags.ask_h100e) return ExitCode(printed);
  return FitOf(*response, *flags.ask_h100e) == Fit::kYes ? kExitOk : kExitDoesNotFit;
}

int RunCheck(const Flags& flags) {
  const auto config = LoadDaemonConfig(flags.config);
  if (!config.ok()) return ExitCode(config.status());
  const auto model = LoadFleetModel(*config);
  if (!model.ok()) return ExitCode(model.status());
  return ExitCode(Print(fmt::format("{}: ok: catalog version {} with {} chip kinds, {} plan(s)\n",
                                    flags.config, model->catalog.version(),
                                    model->catalog.kinds().size(), model->plans.size())));
}

}  // namespace

int RunCommand(const Flags& flags) {
  switch (flags.command) {
    case Command::kPools:
      return PrintAnswer(QueryClient(flags.address, flags.timeout).ListPools(), flags.output,
                         FormatPools);
    case Command::kHeadroom:
      return flags.watch ? RunHeadroomWatch(flags) : RunHeadroom(flags);
    case Command::kSupply:
      return PrintAnswer(QueryClient(flags.address, flags.timeout).GetSupply(), flags.output,
                         FormatSupply);
    case Command::kPlanShow:
      return PrintAnswer(QueryClient(flags.address, flags.timeout).GetPlan(), flags.output,
                         FormatPlan);
    case Command::kCheck:
      return RunCheck(flags);
    case Command::kTop:
      return RunTop(flags);
    case Command::kLedgerVerify:
    case Command::kLedgerBackup:
    case Command::kLedgerRestore:
    case Command::kReport:
      return RunLedger(flags);
  }
  return kExitUsage;
}

}  // namespace fleetmeter::ctl
