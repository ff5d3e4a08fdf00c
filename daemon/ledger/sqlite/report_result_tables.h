// What became of reports: exact counters, and the latest rejected ones for finding out why. Not
// thread-safe; belongs to SqliteLedger.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class ReportResultTables {
 public:
  // The most rejected reports that are kept, however many there were.
  static constexpr int64_t kMostRejected = 100'000;

  // `database` outlives it.
  explicit ReportResultTables(Database& database) : database_(database) {}

  absl::Status Prepare();
  absl::Status Load(BookCounters* counters);
  absl::Status Write(const LedgerTransaction& transaction);

  // Whether there are rejected reports of before that time.
  absl::StatusOr<bool> HasRejectedBefore(int64_t unix_nanos);
  // Deletes some of them.
  absl::Status DeleteRejectedBefore(int64_t unix_nanos);

 private:
  absl::Status Count(std::string_view result, std::string_view reason, uint64_t reports);

  Database& database_;
  Statement count_;
  Statement insert_rejected_;
  Statement bound_rejected_;
  Statement oldest_rejected_;
  Statement delete_old_rejected_;
};

}  // namespace fleetmeter
