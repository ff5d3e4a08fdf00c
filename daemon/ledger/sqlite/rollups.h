// Closing periods: hours become days, days become quarters, and what is older than its keeping
// goes.
//
// Work is done in slices of some milliseconds, each in a transaction; the row of `rollup` says how
// far it has come, so that a restart goes on there. Nothing is deleted before the period that holds
// it is complete. Not thread-safe; belongs to LedgerTables.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/dimension_tables.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

class Rollups final : public LedgerTable {
 public:
  struct Options {
    int64_t keep_hours_nanos = 0;
    int64_t keep_days_nanos = 0;
    int64_t max_lateness_nanos = 0;
  };
  enum class Work { kNone, kRollDay, kRollQuarter, kDeleteHours, kDeleteDays, kDeleteWorkloads };

  // `database` and `dimensions` outlive it.
  Rollups(Database& database, DimensionTables& dimensions, Options options)
      : database_(database), dimensions_(dimensions), options_(options) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  void Commit() override { committed_ = staged_; }
  void Rollback() override { staged_ = committed_; }

  // Hours before it are closed; seconds since 1970. Of what is committed.
  int64_t closed_through() const { return committed_.closed_through; }

  // What is due. Reads only.
  absl::StatusOr<Work> Next(int64_t now_unix_nanos);
  using LedgerTable::Stage;  // of a transaction of reports: nothing
  // Does a slice of it, within a transaction.
  absl::Status Stage(Work work, int64_t now_unix_nanos);

 private:
  // start, cell, workload, plan, corrects: the key of a row of usage. Empty: nothing under way.
  using Cursor = std::vector<int64_t>;

  struct State {  // see the table rollup
    int64_t closed_through = 0;
    int64_t days_through = 0;
    int64_t quarters_through = 0;
    int64_t hours_from = 0;
    int64_t days_from = 0;
    Cursor hour_cursor;
    Cursor day_cursor;
  };

  struct Row;

  // The earliest start in [from, ...) of a table's rows; `none` where there is none.
  absl::StatusOr<int64_t> First(Statement& statement, int64_t from, int64_t none);
  absl::StatusOr<int64_t> DayToRoll(int64_t now_unix_nanos);
  absl::StatusOr<int64_t> QuarterToRoll(int64_t now_unix_nanos);
  int64_t HourLimit(int64_t now_unix_nanos) const;
  int64_t DayLimit(int64_t now_unix_nanos) const;
  absl::Status RollDay(int64_t now_unix_nanos);
  absl::Status RollQuarter(int64_t now_unix_nanos);
  absl::StatusOr<std::vector<Row>> Slice(Statement& rows, const Cursor& after, int64_t end);
  absl::Status Delete(Statement& keys, Statement& rows, int64_t limit);
  absl::Status DeleteWorkloads();
  absl::Status Save();

  Database& database_;
  DimensionTables& dimensions_;
  const Options options_;
  State committed_;
  State staged_;
  int64_t workloads_seen_to_ = 0;  // nothing is left to delete before this

  Statement first_hour_;
  Statement first_day_;
  Statement hours_after_;
  Statement days_after_;
  Statement add_day_;
  Statement add_quarter_;
  Statement old_hours_;
  Statement delete_hours_;
  Statement old_days_;
  Statement delete_days_;
  Statement delete_workloads_;
  Statement note_closed_;
  Statement save_;
};

}  // namespace fleetmeter
