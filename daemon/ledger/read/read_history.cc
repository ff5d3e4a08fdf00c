#include "daemon/ledger/read/read_history.h"

#include <optional>
#include <string>
#include <utility>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

absl::StatusOr<ChipState> HistoryState(const std::string& text) {
  for (const ChipState state : kChipStates) {
    if (Name(state) == text) return state;
  }
  return absl::DataLossError(fmt::format("the ledger has history in a state '{}'", text));
}

std::optional<int64_t> MeasuredAt(const Statement& row, int column) {
  return row.IsNull(column) ? std::nullopt : std::optional(row.Integer(column));
}

// Columns from 6 on.
absl::Status AddGroupAt(const Statement& row, HistoryWindow* window) {
  const auto state = HistoryState(row.Text(6));
  if (!state.ok()) return state.status();
  UsageGroup& group = window->groups.emplace_back();
  group.state = *state;
  group.pool = row.Text(7);
  group.team = row.Text(8);
  group.signal = row.Text(9);
  group.chip = row.Text(10);
  window->conversions.push_back({.chip = row.Text(10),
                                 .chips_per_h100e = {row.Integer(11), row.Integer(12)},
                                 .catalog_version = static_cast<uint32_t>(row.Integer(13))});
  group.workload = row.Text(14);
  group.workload_type = row.Text(15);
  group.model = row.Text(16);
  group.run = row.Text(17);
  GroupTerms& terms = window->terms.emplace_back();
  terms.category = row.Text(18);
  if (row.Integer(19) >= 0) terms.micro_usd_per_chip_hour = row.Integer(19);
  group.chip_nanos = row.Integer(20);
  group.busy_chip_nanos = MeasuredAt(row, 21);
  group.productive_chip_nanos = MeasuredAt(row, 22);
  return absl::OkStatus();
}

HistoryWindow HistoryWindowAt(const Statement& row) {
  HistoryWindow window;
  window.row = row.Integer(0);
  window.source = row.Text(1);
  window.start_unix_nanos = row.Integer(2);
  window.length_nanos = row.Integer(3);
  window.plan = row.Text(4);
  window.plan_version = static_cast<uint32_t>(row.Integer(5));
  return window;
}

}  // namespace

absl::StatusOr<std::vector<HistoryWindow>> ReadHistoryWindows(Database& ledger,
                                                              std::string_view source,
                                                              TimeSpan time) {
  Statement statement;
  absl::Status status = ledger.Prepare(
      "SELECT w.window_row, w.source, w.window_start_unix_nanos, w.window_length_nanos, p.plan, "
      "p.plan_version, t.state, t.pool, t.team, t.signal, c.chip, c.numerator, c.denominator, "
      "c.catalog_version, u.workload, u.workload_type, u.model, u.run, u.category, "
      "u.micro_usd_per_chip_hour, g.chip_nanos, g.busy_chip_nanos, g.productive_chip_nanos, "
      "g.window_row FROM history_windows AS w JOIN plans AS p USING (plan_id) "
      "LEFT JOIN history_groups AS g ON g.window_row = w.window_row "
      "LEFT JOIN totals AS t ON t.cell_id = g.cell_id "
      "LEFT JOIN conversions AS c ON c.conversion_id = t.conversion_id "
      "LEFT JOIN history_uses AS u ON u.use_id = g.use_id "
      "WHERE w.source = ?1 AND w.window_start_unix_nanos < ?3 AND "
      "w.window_start_unix_nanos + w.window_length_nanos > ?2 "
      "ORDER BY w.window_start_unix_nanos, w.window_row, g.position",
      &statement);
  if (!status.ok()) return status;
  std::vector<HistoryWindow> windows;
  status = statement.ForEach(
      [&](const Statement& row) {
        if (windows.empty() || windows.back().row != row.Integer(0)) {
          windows.push_back(HistoryWindowAt(row));
        }
        // A window in which nothing was has no groups.
        return row.IsNull(23) ? absl::OkStatus() : AddGroupAt(row, &windows.back());
      },
      source, time.start_unix_nanos, time.end_unix_nanos);
  if (!status.ok()) return status;
  return windows;
}

}  // namespace fleetmeter
