// What became of reports: exact counters, and the latest rejected ones for finding out why. Not
// thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// What a transaction adds to the counters, without its duplicates and conflicts.
BookCounters CountersOf(const LedgerTransaction& transaction);

class ReportResultTables final : public LedgerTable {
 public:
  // The most rejected reports that are kept, however many there were.
  static constexpr int64_t kMostRejected = 100'000;

  // `database` outlives it. keep_nanos: for how long rejected reports are kept.
  ReportResultTables(Database& database, int64_t keep_nanos)
      : database_(database), keep_nanos_(keep_nanos) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  absl::StatusOr<bool> FindExpired(int64_t now_unix_nanos) override;
  absl::Status DeleteExpired() override;

 private:
  absl::Status RestoreCounters(BookCounters* counters);
  absl::Status RestoreRejected(std::vector<RejectedEntry>* rejected);
  absl::Status InsertRejected(const RejectedEntry& entry, int64_t now_unix_nanos);
  absl::Status Count(std::string_view result, std::string_view reason, uint64_t reports);

  Database& database_;
  const int64_t keep_nanos_;
  int64_t expired_before_unix_nanos_ = 0;  // as FindExpired was asked last
  Statement count_;
  Statement insert_rejected_;
  Statement bound_rejected_;
  Statement oldest_rejected_;
  Statement delete_old_rejected_;
};

}  // namespace fleetmeter
