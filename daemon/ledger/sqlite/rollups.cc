#include "daemon/ledger/sqlite/rollups.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/text.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

constexpr int64_t kSliceRows = 1'000;
constexpr int64_t kNever = INT64_MAX;
constexpr size_t kKeyColumns = 5;

int64_t Seconds(int64_t nanos) { return nanos / kNanosPerSecond; }

absl::StatusOr<std::vector<int64_t>> ParseCursor(const std::string& text) {
  std::vector<int64_t> cursor;
  std::string_view rest = text;
  while (!rest.empty()) {
    int64_t number = 0;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc()) break;
    cursor.push_back(number);
    rest.remove_prefix(static_cast<size_t>(stop - rest.data()));
    if (rest.starts_with(',')) rest.remove_prefix(1);
  }
  if (!rest.empty() || (!cursor.empty() && cursor.size() != kKeyColumns)) {
    return absl::DataLossError(
        fmt::format("a cursor of the ledger's rollup is {}; expected 5 numbers", Quoted(text)));
  }
  return cursor;
}

std::string CursorText(const std::vector<int64_t>& cursor) {
  return fmt::format("{}", fmt::join(cursor, ","));
}

// A table of usage whose rows are read and deleted in the order of its key.
struct KeyedTable {
  std::string_view name;
  std::string_view start;
  std::string_view corrects;

  std::string Key() const {
    return fmt::format("{}, cell_id, workload_id, plan_id, {}", start, corrects);
  }
};
constexpr KeyedTable kHours{"usage_hours", "hour_start", "corrects_hour"};
constexpr KeyedTable kDays{"usage_days", "day_start", "corrects_day"};

// `from`: the table, or a join with it.
std::string RowsAfter(const KeyedTable& table, std::string_view from, std::string_view columns) {
  return fmt::format(
      "SELECT {0}, {3} FROM {1} WHERE ({0}) > (?1, ?2, ?3, ?4, ?5) AND {2} < ?6 "
      "ORDER BY {0} LIMIT ?7",
      table.Key(), from, table.start, columns);
}

std::string KeysBefore(const KeyedTable& table) {
  return fmt::format("SELECT {0} FROM {1} WHERE {2} < ?1 ORDER BY {0} LIMIT ?2", table.Key(),
                     table.name, table.start);
}

std::string DeleteThrough(const KeyedTable& table) {
  return fmt::format("DELETE FROM {} WHERE ({}) <= (?1, ?2, ?3, ?4, ?5)", table.name, table.Key());
}

std::string AddRow(std::string_view table) {
  return fmt::format("INSERT INTO {} VALUES (?1, ?2, ?3, ?4, ?5, {}) ON CONFLICT DO UPDATE SET {}",
                     table, AmountParameters(6), AddAmounts(6));
}

}  // namespace

struct Rollups::Row {
  Cursor key;
  UsageAmounts amounts;
  WorkloadNames Names() const { return {names[0], "", names[1], names[2], ""}; }
  std::array<std::string, 3> names;  // pool, workload type, model; of days only
};

absl::Status Rollups::Prepare() {
  const std::string& amounts = AmountColumnNames();
  return database_.PrepareAll(
      {{"SELECT min(hour_start) FROM usage_hours WHERE hour_start >= ?1", &first_hour_},
       {"SELECT min(day_start) FROM usage_days WHERE day_start >= ?1", &first_day_},
       {RowsAfter(kHours, "usage_hours", amounts), &hours_after_},
       {RowsAfter(kDays, "usage_days JOIN workloads USING (workload_id)",
                  amounts + ", pool, workload_type, model"),
        &days_after_},
       {AddRow("usage_days"), &add_day_},
       {AddRow("usage_quarters"), &add_quarter_},
       {KeysBefore(kHours), &old_hours_},
       {DeleteThrough(kHours), &delete_hours_},
       {KeysBefore(kDays), &old_days_},
       {DeleteThrough(kDays), &delete_days_},
       // Those without name and run may stand in a quarter.
       {"DELETE FROM workloads WHERE workload_id IN (SELECT workload_id FROM workloads "
        "WHERE last_hour_start > 0 AND last_hour_start < ?1 AND (workload <> '' OR run <> '') "
        "LIMIT ?2)",
        &delete_workloads_},
       {"INSERT OR IGNORE INTO closed_periods SELECT ?1, ?2, ?3, "
        "coalesce(max(confirmed_unix_nanos), 0), coalesce(max(committed_unix_nanos), 0) "
        "FROM confirmed_time",
        &note_closed_},
       {"UPDATE rollup SET closed_through = ?1, days_through = ?2, quarters_through = ?3, "
        "hours_from = ?4, days_from = ?5, hour_cursor = ?6, day_cursor = ?7",
        &save_}});
}

absl::Status Rollups::Restore(RestoredBooks* /*books*/) {
  Statement load;
  absl::Status status = database_.Prepare(
      "SELECT closed_through, days_through, quarters_through, hours_from, days_from, hour_cursor, "
      "day_cursor FROM rollup",
      &load);
  if (!status.ok()) return status;
  status = load.ForEach([&](const Statement& row) -> absl::Status {
    auto hours = ParseCursor(row.Text(5));
    if (!hours.ok()) return hours.status();
    auto days = ParseCursor(row.Text(6));
    if (!days.ok()) return days.status();
    committed_ = {.closed_through = row.Integer(0),
                  .days_through = row.Integer(1),
                  .quarters_through = row.Integer(2),
                  .hours_from = row.Integer(3),
                  .days_from = row.Integer(4),
                  .hour_cursor = *std::move(hours),
                  .day_cursor = *std::move(days)};
    return absl::OkStatus();
  });
  staged_ = committed_;
  return status;
}

absl::StatusOr<int64_t> Rollups::First(Statement& statement, int64_t from, int64_t none) {
  int64_t first = none;
  const absl::Status status = statement.ForEach(
      [&](const Statement& row) {
        if (!row.IsNull(0)) first = row.Integer(0);
        return absl::OkStatus();
      },
      from);
  if (!status.ok()) return status;
  return first;
}

// The day under way, or the next that is due; kNever where there is none.
absl::StatusOr<int64_t> Rollups::DayToRoll(int64_t now_unix_nanos) {
  if (!committed_.hour_cursor.empty()) return committed_.closed_through - kSecondsPerDay;
  const auto hour = First(first_hour_, committed_.days_through, kNever);
  if (!hour.ok() || *hour == kNever) return hour;
  const int64_t day = DayOf(*hour);
  const int64_t late_until = day + kSecondsPerDay + Seconds(options_.max_lateness_nanos);
  return late_until <= Seconds(now_unix_nanos) ? day : kNever;
}

// The quarter under way or due: all of its days are complete, or there is nothing more to come for
// it.
absl::StatusOr<int64_t> Rollups::QuarterToRoll(int64_t now_unix_nanos) {
  const auto day = First(first_day_, committed_.quarters_through, kNever);
  if (!day.ok() || *day == kNever) return day;
  const int64_t end = QuarterOf(*day, 1);
  if (end <= committed_.days_through) return QuarterOf(*day);
  if (end + Seconds(options_.max_lateness_nanos) > Seconds(now_unix_nanos)) return kNever;
  const auto hour = First(first_hour_, committed_.days_through, kNever);
  if (!hour.ok()) return hour;
  return *hour >= end ? QuarterOf(*day) : kNever;
}

int64_t Rollups::HourLimit(int64_t now_unix_nanos) const {
  const int64_t keep_from = Seconds(now_unix_nanos - options_.keep_hours_nanos);
  return std::max(committed_.hours_from,
                  DayOf(std::clamp<int64_t>(keep_from, 0, committed_.days_through)));
}

int64_t Rollups::DayLimit(int64_t now_unix_nanos) const {
  const int64_t keep_from = Seconds(now_unix_nanos - options_.keep_days_nanos);
  return std::max(committed_.days_from,
                  DayOf(std::clamp<int64_t>(keep_from, 0, committed_.quarters_through)));
}

absl::StatusOr<Rollups::Work> Rollups::Next(int64_t now_unix_nanos) {
  const auto day = DayToRoll(now_unix_nanos);
  if (!day.ok()) return day.status();
  if (*day != kNever) return Work::kRollDay;
  const auto quarter = QuarterToRoll(now_unix_nanos);
  if (!quarter.ok()) return quarter.status();
  if (*quarter != kNever) return Work::kRollQuarter;
  const auto hour = First(first_hour_, 0, kNever);
  if (!hour.ok()) return hour.status();
  if (*hour < HourLimit(now_unix_nanos)) return Work::kDeleteHours;
  const auto first_day = First(first_day_, 0, kNever);
  if (!first_day.ok()) return first_day.status();
  if (*first_day < DayLimit(now_unix_nanos)) return Work::kDeleteDays;
  return std::min(committed_.hours_from, committed_.days_from) > workloads_seen_to_
             ? Work::kDeleteWorkloads
             : Work::kNone;
}

absl::Status Rollups::Stage(Work work, int64_t now_unix_nanos) {
  switch (work) {
    case Work::kNone:
      return absl::OkStatus();
    case Work::kRollDay:
      return RollDay(now_unix_nanos);
    case Work::kRollQuarter:
      return RollQuarter(now_unix_nanos);
    case Work::kDeleteHours:
      staged_.hours_from = HourLimit(now_unix_nanos);
      return Delete(old_hours_, delete_hours_, staged_.hours_from);
    case Work::kDeleteDays:
      staged_.days_from = DayLimit(now_unix_nanos);
      return Delete(old_days_, delete_days_, staged_.days_from);
    case Work::kDeleteWorkloads:
      return DeleteWorkloads();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Rollups::Row>> Rollups::Slice(Statement& rows, const Cursor& after,
                                                         int64_t end) {
  constexpr int kAmounts = kKeyColumns;
  constexpr int kNames = kAmounts + kAmountColumns;
  std::vector<Row> slice;
  const absl::Status status = rows.ForEach(
      [&](const Statement& row) {
        Row& added = slice.emplace_back();
        for (int i = 0; i < kAmounts; ++i) added.key.push_back(row.Integer(i));
        added.amounts = AmountsAt(row, kAmounts);
        if (&rows == &days_after_) {
          added.names = {row.Text(kNames), row.Text(kNames + 1), row.Text(kNames + 2)};
        }
        return absl::OkStatus();
      },
      after[0], after[1], after[2], after[3], after[4], end, kSliceRows);
  if (!status.ok()) return status;
  return slice;
}

absl::Status Rollups::RollDay(int64_t now_unix_nanos) {
  const auto day = DayToRoll(now_unix_nanos);
  if (!day.ok()) return day.status();
  const int64_t end = *day + kSecondsPerDay;
  // From its first slice on the day is closed: an hour that was taken must not change.
  staged_.closed_through = end;
  if (staged_.hour_cursor.empty()) {
    staged_.hour_cursor = {*day, -1, -1, -1, -1};
    absl::Status noted = note_closed_.Run(std::string_view("day"), *day, now_unix_nanos);
    if (!noted.ok()) return noted;
  }
  const auto rows = Slice(hours_after_, staged_.hour_cursor, end);
  if (!rows.ok()) return rows.status();
  std::map<Cursor, UsageAmounts> sums;
  for (const Row& row : *rows) {
    const Cursor& k = row.key;
    sums[{*day, k[1], k[2], k[3], DayOf(k[4])}] += row.amounts;
  }
  for (const auto& [k, amounts] : sums) {
    absl::Status status = RunWithAmounts(add_day_, amounts, k[0], k[1], k[2], k[3], k[4]);
    if (!status.ok()) return status;
  }
  if (static_cast<int64_t>(rows->size()) < kSliceRows) {
    staged_.days_through = end;
    staged_.hour_cursor.clear();
  } else {
    staged_.hour_cursor = rows->back().key;
  }
  return Save();
}

absl::Status Rollups::RollQuarter(int64_t now_unix_nanos) {
  const auto quarter = QuarterToRoll(now_unix_nanos);
  if (!quarter.ok()) return quarter.status();
  const int64_t end = QuarterOf(*quarter, 1);
  staged_.closed_through = std::max(staged_.closed_through, end);
  staged_.days_through = std::max(staged_.days_through, end);
  if (staged_.day_cursor.empty()) {
    staged_.day_cursor = {*quarter, -1, -1, -1, -1};
    absl::Status noted = note_closed_.Run(std::string_view("quarter"), *quarter, now_unix_nanos);
    if (!noted.ok()) return noted;
  }
  const auto rows = Slice(days_after_, staged_.day_cursor, end);
  if (!rows.ok()) return rows.status();
  std::map<Cursor, UsageAmounts> sums;
  for (const Row& row : *rows) {
    const Cursor& k = row.key;
    const auto workload = dimensions_.Workload(row.Names());
    if (!workload.ok()) return workload.status();
    sums[{*quarter, k[1], *workload, k[3], k[4] == 0 ? 0 : QuarterOf(k[4])}] += row.amounts;
  }
  for (const auto& [k, amounts] : sums) {
    absl::Status status = RunWithAmounts(add_quarter_, amounts, k[0], k[1], k[2], k[3], k[4]);
    if (!status.ok()) return status;
  }
  if (static_cast<int64_t>(rows->size()) < kSliceRows) {
    staged_.quarters_through = end;
    staged_.day_cursor.clear();
  } else {
    staged_.day_cursor = rows->back().key;
  }
  return Save();
}

absl::Status Rollups::Delete(Statement& keys, Statement& rows, int64_t limit) {
  Cursor last;
  absl::Status status = keys.ForEach(
      [&](const Statement& row) {
        last.clear();
        for (int i = 0; i < static_cast<int>(kKeyColumns); ++i) last.push_back(row.Integer(i));
        return absl::OkStatus();
      },
      limit, kSliceRows);
  if (!status.ok() || last.empty()) return status;
  status = rows.Run(last[0], last[1], last[2], last[3], last[4]);
  return status.ok() ? Save() : status;
}

absl::Status Rollups::DeleteWorkloads() {
  const int64_t before = std::min(committed_.hours_from, committed_.days_from);
  absl::Status status = delete_workloads_.Run(before, kSliceRows);
  if (!status.ok()) return status;
  // Not undone when the transaction is: the rows then stay until the next time that something goes.
  if (database_.Changes() < kSliceRows) workloads_seen_to_ = before;
  dimensions_.ForgetWorkloads();
  return status;
}

absl::Status Rollups::Save() {
  return save_.Run(staged_.closed_through, staged_.days_through, staged_.quarters_through,
                   staged_.hours_from, staged_.days_from, CursorText(staged_.hour_cursor),
                   CursorText(staged_.day_cursor));
}

}  // namespace fleetmeter
