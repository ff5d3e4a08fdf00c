#include "daemon/ledger/sqlite/admin_entry_tables.h"

#include <string>

#include "daemon/ledger/read/read_entries.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

absl::Status AdminEntryTables::Prepare() {
  return database_.PrepareAll(
      {{"INSERT INTO admin_entries (number, entered_unix_nanos, action, identity, reason, source, "
        "new_source, micro_chips, whole_source, from_day, to_day, old_price_book_version, "
        "price_book_version, priced_requests, revenue_micro_usd, windows, chips_s, chips_ns, "
        "busy_s, busy_ns, new_owner) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
        "?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        &insert_entry_},
       {"UPDATE source_aliases SET source = ?2 WHERE source = ?1", &move_aliases_},
       {"INSERT INTO source_aliases (name, source) VALUES (?1, ?2)", &insert_alias_}});
}

absl::Status AdminEntryTables::Restore(RestoredBooks* books) {
  auto entries = ReadEntries(database_);
  if (!entries.ok()) return entries.status();
  books->entries = *std::move(entries);
  auto aliases = ReadSourceAliases(database_);
  if (!aliases.ok()) return aliases.status();
  books->aliases = *std::move(aliases);
  return absl::OkStatus();
}

absl::Status AdminEntryTables::Stage(const LedgerTransaction& transaction) {
  for (const AdminEntry& entry : transaction.entries) {
    absl::Status status = Write(entry);
    if (status.ok() && entry.action == AdminAction::kRename) {
      // All names of the old one are names of the new one now.
      status = move_aliases_.Run(entry.source, entry.new_source);
      if (status.ok()) status = insert_alias_.Run(entry.source, entry.new_source);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AdminEntryTables::Write(const AdminEntry& e) {
  UsageAmounts net;
  net.chips = e.chip_nanos;
  net.busy = e.busy_chip_nanos;
  const auto columns = ToColumns(net);
  return insert_entry_.Run(
      e.number, e.entered_unix_nanos, std::string(Name(e.action)), e.identity, e.reason, e.source,
      e.new_source, e.micro_chips, int64_t{e.whole_source ? 1 : 0}, e.from_day, e.to_day,
      e.old_price_book_version, e.price_book_version, e.priced_requests, e.revenue_micro_usd,
      e.windows, columns[0], columns[1], columns[2], columns[3], e.new_owner);
}

}  // namespace fleetmeter
