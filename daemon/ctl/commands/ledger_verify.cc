// ledger verify: does the books' file hold together?
#include <fmt/format.h>

#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/ledger_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/tools/verify.h"

namespace fleetmeter::ctl {
namespace {

class LedgerVerify : public Command {
 public:
  LedgerVerify()
      : Command({"ledger", "verify"},
                "Check that the books agree with themselves, by working out again everything that "
                "follows from other entries. The daemon may be running or not. Exit code 1 means "
                "that something is wrong") {}

  void AddFlags(Flags& flags) override {
    AddLedgerPath(flags, &ledger_);
    AddTextOutput(flags, &output_);
  }
  int Run() override;

 private:
  int TellFindings(const LedgerReport& report) const;
  absl::Status Unsound(const LedgerReport& report) const;

  std::string ledger_;  // its file
};

int LedgerVerify::Run() {
  const auto report = VerifyLedger(ledger_);
  if (!report.ok()) return ExitCode(report.status());
  if (output_ == OutputFormat::kJson) {
    Json out = ContentsJson(*report);
    out["ledger"] = ledger_;
    if (absl::Status printed = Print(Dump(out)); !printed.ok()) return ExitCode(printed);
    return report->findings.empty() ? kExitOk : ExitCode(Unsound(*report));
  }
  if (!report->findings.empty()) return TellFindings(*report);
  return ExitCode(Print(fmt::format("{}: ok: {}\n", Printable(ledger_), FormatContents(*report))));
}

int LedgerVerify::TellFindings(const LedgerReport& report) const {
  std::string text;
  for (const std::string& finding : report.findings) {
    text += fmt::format("{}: {}\n", Printable(ledger_), Printable(finding));
  }
  if (absl::Status printed = Print(text); !printed.ok()) return ExitCode(printed);
  return ExitCode(Unsound(report));
}

absl::Status LedgerVerify::Unsound(const LedgerReport& report) const {
  return absl::DataLossError(
      fmt::format("{} does not hold together ({})", Printable(ledger_), FormatContents(report)));
}

}  // namespace

std::unique_ptr<Command> MakeLedgerVerify(const Connection&) {
  return std::make_unique<LedgerVerify>();
}

}  // namespace fleetmeter::ctl
