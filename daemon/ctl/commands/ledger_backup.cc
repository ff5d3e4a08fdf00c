// ledger backup: a copy of the books of this moment.
#include <fmt/format.h>

#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/tools/backup.h"

namespace fleetmeter::ctl {
namespace {

class LedgerBackup : public Command {
 public:
  LedgerBackup()
      : Command({"ledger", "backup"},
                "Copy the books as they are at this moment, while the daemon keeps running") {}

  void AddFlags(Flags& flags) override {
    AddLedgerPath(flags, &ledger_);
    flags.Add("--to", &backup_, "The new file to write the copy to").ValueName("FILE").Required();
    AddTextOutput(flags, &output_);
  }
  int Run() override {
    absl::Status status = BackUpLedger(ledger_, backup_);
    if (!status.ok()) return ExitCode(status);
    if (output_ == OutputFormat::kJson) {
      return ExitCode(Print(Dump(Json{{"ledger", ledger_}, {"backup", backup_}})));
    }
    return ExitCode(
        Print(fmt::format("{}: backed up to {}\n", Printable(ledger_), Printable(backup_))));
  }

 private:
  std::string ledger_;  // its file
  std::string backup_;  // the new file
};

}  // namespace

std::unique_ptr<Command> MakeLedgerBackup(const Connection&) {
  return std::make_unique<LedgerBackup>();
}

}  // namespace fleetmeter::ctl
