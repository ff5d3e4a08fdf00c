// Books chip-time by what it served: model_usage_totals, the part of them that is history, and
// model_usage_days. Names are bounded, so
// that a flood of them costs detail and never time. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/postings.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/name_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"
#include "daemon/ledger/workload_budget.h"

namespace fleetmeter {

// The category whose chip-time serves customers; see daemon/domain/fleet/plan.h.
inline constexpr std::string_view kServingCategory = "inference";

class ModelUsageTables final : public LedgerTable {
 public:
  // Most workloads without a model that are told apart in a day.
  static constexpr size_t kMostWorkloads = 1'000;

  // `database` and `dimensions` outlive it. names_per_pool: most models and runs with rows of their
  // own in a pool's day. Days are those of `zone`.
  ModelUsageTables(Database& database, DimensionTables& dimensions, size_t names_per_pool,
                   const DayZone& zone)
      : database_(database),
        dimensions_(dimensions),
        zone_(zone),
        cells_(database),
        workloads_(kMostWorkloads),
        names_(names_per_pool) {}

  absl::Status Prepare() override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override;

 private:
  // The names of a row of model_usage_totals.
  struct Names {
    std::string_view category;
    std::string_view pool;
    std::string_view workload;
    std::string_view workload_type;
    std::string_view model;
    std::string_view run;

    bool operator==(const Names&) const = default;
  };
  // day_start, cell, booked_day_start: the key of model_usage_days.
  using DayKey = std::tuple<int64_t, int64_t, int64_t>;

  // What is added of a window: of a report, or of history that was restated.
  struct Part {
    int64_t start_unix_nanos;
    int64_t length_nanos;
    const std::vector<UsageGroup>& groups;
    const std::vector<BookConversion>& conversions;
    const std::vector<GroupTerms>& terms;
    bool history;
    int sign;  // -1: it is taken out
  };

  static uint64_t DigestOf(const Names& names);
  absl::Status Add(const LedgerEntry& entry, int64_t booked_day);
  absl::Status Add(const HistoryWindow& window, int sign, int64_t booked_day);
  absl::Status AddPart(const Part& added, int64_t booked_day);
  absl::StatusOr<int64_t> CellOf(const UsageGroup& group, const GroupTerms& terms,
                                 int64_t conversion, int64_t day);
  absl::StatusOr<Names> NamesFor(const UsageGroup& group, std::string_view category, int64_t day);
  absl::Status LearnDay(int64_t day);
  absl::Status WriteSums();

  Database& database_;
  DimensionTables& dimensions_;
  const DayZone zone_;
  NameTable cells_;
  WorkloadBudget workloads_;  // of all pools: (pool, workload)
  WorkloadBudget names_;      // of each pool: (category, workload_type, model, run)
  Statement add_day_;
  Statement add_total_;
  Statement begin_history_;
  Statement add_history_;
  Statement names_of_day_;

  // Of the transaction under way.
  std::map<DayKey, UsageAmounts> days_;
  std::map<int64_t, UsageAmounts> totals_;   // by cell
  std::map<int64_t, UsageAmounts> history_;  // the part of them that is history
};

}  // namespace fleetmeter
