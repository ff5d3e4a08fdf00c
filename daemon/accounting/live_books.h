// What the writer knows of the books, in memory: streams, the fleet and outcomes.
//
// Streams and outcomes are staged with the transaction under way. The fleet is not: a report is
// applied to it when the report is committed. Belongs to the writer, which guards it; not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/accounting/book_room.h"
#include "daemon/accounting/deferred_sources.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/accounting/foreign_reports.h"
#include "daemon/accounting/outcome_state.h"
#include "daemon/accounting/rejected_reports.h"
#include "daemon/accounting/signal_budget.h"
#include "daemon/accounting/source_names.h"
#include "daemon/accounting/stream_table.h"
#include "daemon/accounting/usage_room.h"
#include "daemon/base/transaction_part.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

class LiveBooks final : public TransactionPart {
 public:
  explicit LiveBooks(const FleetStateOptions& options) : fleet(options) {}

  // At start, from the ledger.
  void Restore(const RestoredBooks& books, int64_t now_unix_nanos);

  // Adds to `transaction` what every transaction carries: where streams will stand and which are
  // retired, and the
  // allocation terms that may have changed since the last one.
  void Complete(LedgerTransaction* transaction);
  void Commit() override;
  void Rollback() override;
  // Remembers a committed rejection, if its sender may ask for it: only those do that send without
  // a session.
  void Remember(const RejectedEntry& entry);

  // Remembers that a report of `identity` for a source of another one was not counted. It says
  // nothing of the source itself. `outcome`: the source is one of outcomes.
  void NoteForeign(const std::string& source, const std::string& identity, bool outcome,
                   int64_t now_unix_nanos);
  // See FleetState::GrantBreak. The next transaction carries the term that it changes.
  void GrantBreak(int64_t nanos);

  // Applies a committed entry.
  void Apply(const AdminEntry& entry, int64_t now_unix_nanos);

  StreamTable streams;
  FleetState fleet;
  OutcomeState outcomes;
  SignalBudget signals;
  BookRoom usage{kMostChipNanos};  // chip-nanoseconds
  RejectedReports rejected;
  DeferredSources deferred;
  SourceNames names;
  ForeignReportsBySource foreign;           // for sources of usage
  ForeignReportsBySource foreign_outcomes;  // for sources of outcomes
  std::vector<AdminEntry> entries;          // oldest first, without what they booked

 private:
  size_t first_term_ = 0;         // the ledger has the terms before it, and they do not change
  size_t staged_first_term_ = 0;  // the same, once the transaction under way is committed
};

}  // namespace fleetmeter
