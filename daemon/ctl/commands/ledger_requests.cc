// ledger requests: what was asked for and decided about capacity.
#include "daemon/ctl/command.h"
#include "daemon/ctl/ledger_flag.h"
#include "daemon/ctl/output_flag.h"
#include "daemon/ctl/print/capacity_events_output.h"
#include "daemon/ctl/terminal.h"
#include "daemon/ledger/read/read_capacity_events.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/serve/query/capacity_messages.h"

namespace fleetmeter::ctl {
namespace {

class LedgerRequests : public Command {
 public:
  LedgerRequests()
      : Command({"ledger", "requests"},
                "Show what was asked for and decided about capacity: who, when, what and why. The "
                "daemon may be running or not") {}

  void AddFlags(Flags& flags) override {
    AddLedgerPath(flags, &ledger_);
    AddOutput(flags, &output_);
  }
  int Run() override;

 private:
  std::string ledger_;  // its file
};

int LedgerRequests::Run() {
  const auto ledger = OpenLedgerToRead(ledger_);
  if (!ledger.ok()) return ExitCode(ledger.status());
  const auto events = ReadCapacityEvents(**ledger);
  if (!events.ok()) return ExitCode(events.status());
  std::vector<v1::CapacityEvent> messages;
  messages.reserve(events->size());
  for (const capacity::CapacityEvent& event : *events) messages.push_back(EventMessage(event));
  return ExitCode(Print(FormatCapacityEvents(messages, output_)));
}

}  // namespace

std::unique_ptr<Command> MakeLedgerRequests(const Connection&) {
  return std::make_unique<LedgerRequests>();
}

}  // namespace fleetmeter::ctl
