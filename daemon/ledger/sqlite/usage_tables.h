// Books counted reports: hours, totals, activity. A transaction is added up in memory first, so
// that each row is written once. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/postings.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/rollups.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"
#include "daemon/ledger/workload_budget.h"

namespace fleetmeter {

class UsageTables final : public LedgerTable {
 public:
  // `database`, `dimensions` and `rollups`, which say which hours are closed, outlive it.
  UsageTables(Database& database, DimensionTables& dimensions, const Rollups& rollups,
              size_t workloads_per_pool)
      : database_(database),
        dimensions_(dimensions),
        rollups_(rollups),
        budget_(workloads_per_pool) {}

  absl::Status Prepare() override;
  // How active each pool's chips were; and takes history out of the totals of the cells.
  absl::Status Restore(RestoredBooks* books) override;
  // Usage of a closed hour is booked as a correction in the hour of `now`, and so is all usage of
  // an adjustment.
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override { budget_.Commit(); }
  void Rollback() override { budget_.Rollback(); }

  // Of the transaction that was staged last: the cells of each entry's groups, one after the other.
  const std::vector<int64_t>& cells() const { return cells_; }

 private:
  // hour_start, cell, plan, and the names of the use: of restated history.
  using RestatedKey = std::tuple<int64_t, int64_t, int64_t, std::array<std::string, 5>>;
  // hour_start, cell, workload, plan, corrects_hour: the key of usage_hours.
  using HourKey = std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t>;

  absl::Status RestoreActivity(RestoredBooks* books);
  absl::Status Add(const LedgerEntry& entry, int64_t now_unix_nanos);
  // Books the difference that a correction of history makes, as corrections in the hour of `now`.
  absl::Status Restate(const AdminEntry& entry, int64_t now_unix_nanos);
  // Adds what windows say, times `sign`, to what a correction books.
  absl::Status AddRestated(const std::vector<HistoryWindow>& windows, int sign);
  absl::Status BookRestated(int64_t entry_number, int64_t booking_hour);
  absl::StatusOr<int64_t> CellOf(const UsageGroup& group, const BookConversion& conversion);
  absl::StatusOr<int64_t> WorkloadFor(const UsageGroup& group, int64_t hour_start);
  absl::Status LearnHour(int64_t hour_start);
  absl::Status WriteSums();

  Database& database_;
  DimensionTables& dimensions_;
  const Rollups& rollups_;
  WorkloadBudget budget_;
  Statement add_hour_;
  Statement add_total_;
  Statement begin_history_;
  Statement add_history_;
  Statement add_activity_;
  Statement workloads_of_hour_;
  Statement insert_correction_;

  // Of the transaction under way.
  absl::flat_hash_map<HourKey, UsageAmounts> hours_;
  absl::flat_hash_map<int64_t, UsageAmounts> totals_;   // by cell
  absl::flat_hash_map<int64_t, UsageAmounts> history_;  // the part of them that is history
  std::map<std::string, ActivityHistogram> activity_;   // by pool
  std::vector<int64_t> cells_;
  std::map<RestatedKey, UsageAmounts> restated_;  // of one entry
};

}  // namespace fleetmeter
