// ledger entries: what people decided about the books.
#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/read/read_entries.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/serve/query/admin_messages.h"

namespace fleetmeter::ctl {
namespace {

class LedgerEntries : public Command {
 public:
  LedgerEntries()
      : Command({"ledger", "entries"},
                "Show what people have decided about the books: who, when, what and why. The "
                "daemon may be running or not") {}

  void AddFlags(Flags& flags) override {
    AddLedgerPath(flags, &ledger_);
    AddOutput(flags, &output_);
  }
  int Run() override;

 private:
  std::string ledger_;  // its file
};

int LedgerEntries::Run() {
  const auto ledger = OpenLedgerToRead(ledger_);
  if (!ledger.ok()) return ExitCode(ledger.status());
  const auto entries = ReadEntries(**ledger);
  if (!entries.ok()) return ExitCode(entries.status());
  v1::ListEntriesResponse response;
  for (const AdminEntry& entry : *entries) *response.add_entries() = EntryMessage(entry);
  return ExitCode(Print(FormatEntries(response, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeLedgerEntries(const Connection&) {
  return std::make_unique<LedgerEntries>();
}

}  // namespace fleetmeter::ctl
