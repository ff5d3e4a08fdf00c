// ledger requests: what was asked for and decided about capacity.
#include "daemon/ctl/ledger_list.h"
#include "daemon/ctl/print/capacity_events_output.h"
#include "daemon/ledger/read/read_capacity_events.h"
#include "daemon/serve/query/capacity_messages.h"

namespace fleetmeter::ctl {
namespace {

class LedgerRequests : public LedgerList {
 public:
  LedgerRequests()
      : LedgerList("requests",
                   "Show what was asked for and decided about capacity: who, when, what and why. "
                   "The daemon may be running or not") {}

 private:
  absl::StatusOr<std::string> List(Database& ledger) const override {
    const auto events = ReadCapacityEvents(ledger);
    if (!events.ok()) return events.status();
    std::vector<v1::CapacityEvent> messages;
    messages.reserve(events->size());
    for (const capacity::CapacityEvent& event : *events) messages.push_back(EventMessage(event));
    return FormatCapacityEvents(messages, output());
  }
};

}  // namespace

std::unique_ptr<Command> MakeLedgerRequests(const Connection&) {
  return std::make_unique<LedgerRequests>();
}

}  // namespace fleetmeter::ctl
