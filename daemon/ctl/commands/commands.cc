#include "daemon/ctl/commands/commands.h"

#include <fmt/format.h>

#include "daemon/config/load_config.h"
#include "daemon/ctl/admin_client.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/headroom_output.h"
#include "daemon/ctl/print/pools_output.h"
#include "daemon/ctl/print/supply_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/query_client.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

int RunHeadroom(const Flags& flags) {
  QueryClient client(flags.address, flags.timeout, flags.tls);
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
  const auto model = LoadReferenceData(*config);
  if (!model.ok()) return ExitCode(model.status());
  return ExitCode(Print(fmt::format("{}: ok: catalog version {} with {} chip kinds, {} plan(s)\n",
                                    flags.config, model->catalog.version(),
                                    model->catalog.kinds().size(), model->plans.size())));
}

int RunAdminReload(const Flags& flags) {
  const auto response = AskReload(flags.admin_address, flags.timeout, flags.tls);
  if (!response.ok()) return ExitCode(response.status());
  int code = kExitOk;
  for (const std::string& error : {response->config_error(), response->tls_error()}) {
    if (!error.empty()) code = ExitCode(absl::FailedPreconditionError("refused: " + error));
  }
  if (!response->needs_restart().empty()) {
    fmt::print(stderr, "fleetmeterctl: {}\n", Printable(response->needs_restart()));
  }
  const absl::Status printed = Print(fmt::format(
      "in force: plan '{}' version {}\n", Printable(response->plan()), response->plan_version()));
  return printed.ok() ? code : ExitCode(printed);
}

// Of the daemon that the command calls, if it calls one.
std::optional<std::string> CalledAddress(const Flags& flags) {
  switch (flags.command) {
    case Command::kPools:
    case Command::kHeadroom:
    case Command::kSupply:
    case Command::kTop:
      return flags.address;
    case Command::kPlanShow:
      return flags.framework.plan.empty() ? std::optional(flags.address) : std::nullopt;
    case Command::kSimulate:
      return flags.framework.from_live ? std::optional(flags.address) : std::nullopt;
    case Command::kOutcomesMargin:
    case Command::kOutcomesCapability:
      return flags.outcomes.from_daemon() ? std::optional(flags.address) : std::nullopt;
    case Command::kAdminReload:
      return flags.admin_address;
    case Command::kImport:
      return flags.import.dry_run ? std::nullopt : std::optional(flags.import.ingest_address);
    case Command::kPlanCompile:
    case Command::kPlanDiff:
    case Command::kSensitivity:
    case Command::kCheck:
    case Command::kLedgerVerify:
    case Command::kLedgerBackup:
    case Command::kLedgerRestore:
    case Command::kReport:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

int RunCommand(const Flags& flags) {
  if (const auto address = CalledAddress(flags)) {
    if (const absl::Status status = CheckClientTls(flags.tls, *address); !status.ok()) {
      ExitCode(status);
      return kExitUsage;
    }
  }
  switch (flags.command) {
    case Command::kPools:
      return PrintAnswer(QueryClient(flags.address, flags.timeout, flags.tls).ListPools(),
                         flags.output, FormatPools);
    case Command::kHeadroom:
      return flags.watch ? RunHeadroomWatch(flags) : RunHeadroom(flags);
    case Command::kSupply:
      return PrintAnswer(QueryClient(flags.address, flags.timeout, flags.tls).GetSupply(),
                         flags.output, FormatSupply);
    case Command::kPlanShow:
    case Command::kPlanCompile:
    case Command::kPlanDiff:
      return RunPlan(flags);
    case Command::kSimulate:
    case Command::kSensitivity:
      return RunFramework(flags);
    case Command::kCheck:
      return RunCheck(flags);
    case Command::kAdminReload:
      return RunAdminReload(flags);
    case Command::kTop:
      return RunTop(flags);
    case Command::kLedgerVerify:
    case Command::kLedgerBackup:
    case Command::kLedgerRestore:
    case Command::kReport:
      return RunLedger(flags);
    case Command::kOutcomesMargin:
    case Command::kOutcomesCapability:
      return RunOutcomes(flags);
    case Command::kImport:
      return RunImport(flags);
  }
  return kExitUsage;
}

}  // namespace fleetmeter::ctl
