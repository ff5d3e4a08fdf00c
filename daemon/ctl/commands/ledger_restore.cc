// ledger restore: back to a backup.
#include <fmt/format.h>

#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/ledger_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/tools/backup.h"

namespace fleetmeter::ctl {
namespace {

class LedgerRestore : public Command {
 public:
  LedgerRestore()
      : Command({"ledger", "restore"},
                "Replace the books by a backup. The daemon must be stopped. The replaced file is "
                "kept as FILE.before-restore") {}

  void AddFlags(Flags& flags) override {
    AddLedgerPath(flags, &ledger_);
    flags.Add("--from", &backup_, "The backup to restore").ValueName("FILE").Required();
    AddTextOutput(flags, &output_);
  }
  int Run() override {
    const auto report = RestoreLedger(backup_, ledger_);
    if (!report.ok()) return ExitCode(report.status());
    if (output_ == OutputFormat::kJson) {
      Json out = ContentsJson(*report);
      out["ledger"] = ledger_;
      out["backup"] = backup_;
      return ExitCode(Print(Dump(out)));
    }
    return ExitCode(Print(fmt::format("{}: restored from {}: {}\n", Printable(ledger_),
                                      Printable(backup_), FormatContents(*report))));
  }

 private:
  std::string ledger_;  // its file
  std::string backup_;  // what it goes back to
};

}  // namespace

std::unique_ptr<Command> MakeLedgerRestore(const Connection&) {
  return std::make_unique<LedgerRestore>();
}

}  // namespace fleetmeter::ctl
