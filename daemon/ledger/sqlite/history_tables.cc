#include "daemon/ledger/sqlite/history_tables.h"

#include <utility>

namespace fleetmeter {
namespace {

constexpr int64_t kNoPriceOfUse = -1;

HistoryWindow WindowOf(const LedgerEntry& entry) {
  return {.source = entry.report.source,
          .start_unix_nanos = entry.report.window_start_unix_nanos,
          .length_nanos = entry.report.window_length_nanos,
          .groups = entry.report.groups,
          .conversions = entry.conversions,
          .terms = entry.terms,
          .plan = entry.plan,
          .plan_version = entry.plan_version};
}

}  // namespace

absl::Status HistoryTables::Prepare() {
  absl::Status status = uses_.Prepare({.table = "history_uses",
                                       .id = "use_id",
                                       .names = {"workload", "workload_type", "model", "run",
                                                 "category", "micro_usd_per_chip_hour"},
                                       .zeros = ""});
  if (!status.ok()) return status;
  return database_.PrepareAll(
      {{"INSERT INTO history_windows (source, window_start_unix_nanos, window_length_nanos, "
        "plan_id) VALUES (?1, ?2, ?3, ?4)",
        &insert_window_},
       {"INSERT INTO history_groups VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", &insert_group_},
       {"DELETE FROM history_windows WHERE window_row = ?1", &delete_window_},
       {"DELETE FROM history_groups WHERE window_row = ?1", &delete_groups_},
       {"UPDATE history_windows SET source = ?2 WHERE source = ?1", &move_windows_}});
}

absl::Status HistoryTables::Stage(const LedgerTransaction& transaction) {
  absl::Status status;
  for (const LedgerEntry& entry : transaction.counted) {
    if (entry.history) status = Write(WindowOf(entry));
    if (!status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    if (entry.action == AdminAction::kCorrectUsage) status = Restate(entry.restated);
    if (entry.action == AdminAction::kRename) {
      status = move_windows_.Run(entry.source, entry.new_source);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status HistoryTables::Restate(const RestatedUsage& restated) {
  for (const HistoryWindow& window : restated.taken) {
    absl::Status status = delete_groups_.Run(window.row);
    if (status.ok()) status = delete_window_.Run(window.row);
    if (!status.ok()) return status;
  }
  for (const HistoryWindow& window : restated.booked) {
    if (absl::Status status = Write(window); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status HistoryTables::Write(const HistoryWindow& window) {
  const auto plan = dimensions_.Plan(window.plan, window.plan_version);
  if (!plan.ok()) return plan.status();
  absl::Status status =
      insert_window_.Run(window.source, window.start_unix_nanos, window.length_nanos, *plan);
  const int64_t row = database_.LastInsertedRow();
  for (size_t i = 0; i < window.groups.size() && status.ok(); ++i) {
    status = WriteGroup(window, i, row);
  }
  return status;
}

absl::Status HistoryTables::WriteGroup(const HistoryWindow& window, size_t index,
                                       int64_t window_row) {
  const UsageGroup& group = window.groups[index];
  const GroupTerms& terms = window.terms[index];
  const auto conversion = dimensions_.Conversion(window.conversions[index]);
  if (!conversion.ok()) return conversion.status();
  const auto cell =
      dimensions_.Cell({group.state, group.pool, group.team, group.signal}, *conversion);
  if (!cell.ok()) return cell.status();
  const auto use = uses_.Id(group.workload, group.workload_type, group.model, group.run,
                            terms.category, terms.micro_usd_per_chip_hour.value_or(kNoPriceOfUse));
  if (!use.ok()) return use.status();
  return insert_group_.Run(window_row, static_cast<int64_t>(index), *cell, *use, group.chip_nanos,
                           group.busy_chip_nanos, group.productive_chip_nanos);
}

}  // namespace fleetmeter
