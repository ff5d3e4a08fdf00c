// The rows that usage refers to by number: conversions, plans, cells (the rows of totals) and
// workloads. Other tables ask for them, and they are made when they are first needed. Not
// thread-safe; belongs to LedgerTables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/books.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/staged_ids.h"

namespace fleetmeter {

struct CellNames {
  ChipState state = ChipState::kAssigned;
  std::string_view pool;
  std::string_view team;
  std::string_view signal;
};

struct WorkloadNames {
  std::string_view pool;
  std::string_view workload;
  std::string_view workload_type;
  std::string_view model;
  std::string_view run;
};

// Tells workloads apart, also from those of another run.
uint64_t DigestOf(const WorkloadNames& names);

class DimensionTables final : public LedgerTable {
 public:
  // `database` outlives it.
  explicit DimensionTables(Database& database) : database_(database) {}

  absl::Status Prepare() override;
  // Totals in the order of their cells' numbers, which are then in restored_cells().
  absl::Status Restore(RestoredBooks* books) override;
  void Commit() override;
  void Rollback() override;

  const std::vector<int64_t>& restored_cells() const { return restored_cells_; }

  // The number of a row; one that is new is made and staged.
  absl::StatusOr<int64_t> Conversion(const BookConversion& conversion);
  absl::StatusOr<int64_t> Plan(std::string_view plan, uint32_t version);
  absl::StatusOr<int64_t> Cell(const CellNames& names, int64_t conversion_id);
  absl::StatusOr<int64_t> Workload(const WorkloadNames& names);
  // That an hour names a workload, so that it is kept as long as the hour.
  absl::Status TouchWorkload(int64_t workload_id, int64_t hour_start);

  // Rows of workloads are going; they are looked up anew. Before anything is asked.
  void ForgetWorkloads() { workloads_.Clear(); }

 private:
  absl::Status RestorePlans();
  // Where a few dozen bytes each are too many to remember for every job that ever ran.
  static constexpr size_t kMostWorkloads = 100'000;

  Database& database_;
  StagedIds conversions_;
  StagedIds plans_;
  StagedIds cells_;
  StagedIds workloads_;
  std::vector<int64_t> restored_cells_;
  Statement insert_conversion_;
  Statement insert_plan_;
  Statement insert_cell_;
  Statement find_workload_;
  Statement insert_workload_;
  Statement touch_workload_;
};

}  // namespace fleetmeter
