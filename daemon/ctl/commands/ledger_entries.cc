// ledger entries: what people decided about the books.
#include "daemon/ctl/ledger_list.h"
#include "daemon/ctl/print/admin_output.h"
#include "daemon/ledger/read/read_entries.h"
#include "daemon/serve/query/admin_messages.h"

namespace fleetmeter::ctl {
namespace {

class LedgerEntries : public LedgerList {
 public:
  LedgerEntries()
      : LedgerList("entries",
                   "Show what people have decided about the books: who, when, what and why. The "
                   "daemon may be running or not") {}

 private:
  absl::StatusOr<std::string> List(Database& ledger) const override {
    const auto entries = ReadEntries(ledger);
    if (!entries.ok()) return entries.status();
    v1::ListEntriesResponse response;
    for (const AdminEntry& entry : *entries) *response.add_entries() = EntryMessage(entry);
    return FormatEntries(response, output());
  }
};

}  // namespace

std::unique_ptr<Command> MakeLedgerEntries(const Connection&) {
  return std::make_unique<LedgerEntries>();
}

}  // namespace fleetmeter::ctl
