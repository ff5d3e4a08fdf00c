// The commands that read a ledger's file.
#include <fmt/format.h>

#include "daemon/ctl/commands/commands.h"
#include "daemon/ctl/exit_code.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/print/usage_output.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/ledger/tools/backup.h"
#include "daemon/ledger/tools/verify.h"

namespace fleetmeter::ctl {
namespace {

std::string Contents(const LedgerReport& report) {
  return fmt::format(
      "{} reports of {} streams and {} sources; {} rows of hours, {} of days, {} of quarters; "
      "outcomes: {} rows of inference, {} of training, {} of benchmarks, {} corrections",
      report.reports, report.streams, report.sources, report.hour_rows, report.day_rows,
      report.quarter_rows, report.inference_rows, report.training_rows, report.benchmark_rows,
      report.corrections);
}

int Verify(const LedgerFlags& flags) {
  const auto report = VerifyLedger(flags.path);
  if (!report.ok()) return ExitCode(report.status());
  if (report->findings.empty()) {
    return ExitCode(Print(fmt::format("{}: ok: {}\n", Printable(flags.path), Contents(*report))));
  }
  std::string text;
  for (const std::string& finding : report->findings) {
    text += fmt::format("{}: {}\n", Printable(flags.path), Printable(finding));
  }
  if (absl::Status printed = Print(text); !printed.ok()) return ExitCode(printed);
  return ExitCode(absl::DataLossError(
      fmt::format("{} does not hold together ({})", Printable(flags.path), Contents(*report))));
}

int BackUp(const LedgerFlags& flags) {
  absl::Status status = BackUpLedger(flags.path, flags.backup);
  if (!status.ok()) return ExitCode(status);
  return ExitCode(
      Print(fmt::format("{}: backed up to {}\n", Printable(flags.path), Printable(flags.backup))));
}

int Restore(const LedgerFlags& flags) {
  const auto report = RestoreLedger(flags.backup, flags.path);
  if (!report.ok()) return ExitCode(report.status());
  return ExitCode(Print(fmt::format("{}: restored from {}: {}\n", Printable(flags.path),
                                    Printable(flags.backup), Contents(*report))));
}

int Report(const Flags& flags) {
  const auto ledger = OpenLedgerToRead(flags.ledger.path);
  if (!ledger.ok()) return ExitCode(ledger.status());
  const auto answer = ReadUsage(**ledger, flags.ledger.question);
  return ExitCode(answer.ok() ? Print(FormatUsage(*answer, flags.output)) : answer.status());
}

}  // namespace

int RunLedger(const Flags& flags) {
  switch (flags.command) {
    case Command::kLedgerVerify:
      return Verify(flags.ledger);
    case Command::kLedgerBackup:
      return BackUp(flags.ledger);
    case Command::kLedgerRestore:
      return Restore(flags.ledger);
    default:
      return Report(flags);
  }
}

}  // namespace fleetmeter::ctl
