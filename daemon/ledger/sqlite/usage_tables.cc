#include "daemon/ledger/sqlite/usage_tables.h"

#include <algorithm>

#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

static_assert(kActivityBounds.size() == 7, "a bound is a column of the table activity");

// In the order of their keys, so that neighbours in the file are written together.
template <class Map>
auto Sorted(const Map& map) {
  std::vector<std::pair<typename Map::key_type, UsageAmounts>> rows(map.begin(), map.end());
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return rows;
}

// One that is full begins anew (ActivityHistogram::IsFull).
std::string AddActivity() {
  std::string set;
  int parameter = 1;
  for (const char* column : {"at_most_5", "at_most_10", "at_most_25", "at_most_50", "at_most_75",
                             "at_most_90", "at_most_100", "observations", "sum_micro"}) {
    set += fmt::format("{}{} = iif(sum_micro > {}, 0, {}) + ?{}", set.empty() ? "" : ", ", column,
                       ActivityHistogram::kMostSum, column, ++parameter);
  }
  return "INSERT INTO activity VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) "
         "ON CONFLICT DO UPDATE SET " +
         set;
}

bool IsUnnamed(const UsageGroup& g) {
  return g.workload.empty() && g.workload_type.empty() && g.model.empty() && g.run.empty();
}

}  // namespace

absl::Status UsageTables::Prepare() {
  return database_.PrepareAll(
      {{fmt::format("INSERT INTO usage_hours (hour_start, cell_id, workload_id, plan_id, "
                    "corrects_hour, {}) VALUES (?1, ?2, ?3, ?4, ?5, {}) "
                    "ON CONFLICT DO UPDATE SET {}",
                    AmountColumnNames(), AmountParameters(6), AddAmounts(6)),
        &add_hour_},
       // The row is there: a cell is made with a total of nothing.
       {fmt::format("UPDATE totals SET {} WHERE cell_id = ?1", AddAmounts(2)), &add_total_},
       // What is added may be below 0, and a row may not, so that it is made before.
       {fmt::format("INSERT OR IGNORE INTO history_totals VALUES (?1, {})", ZeroAmounts()),
        &begin_history_},
       {fmt::format("UPDATE history_totals SET {} WHERE cell_id = ?1", AddAmounts(2)),
        &add_history_},
       {AddActivity(), &add_activity_},
       {"SELECT DISTINCT pool, workload, workload_type, model, run FROM usage_hours "
        "JOIN workloads USING (workload_id) WHERE hour_start = ?1",
        &workloads_of_hour_},
       {fmt::format("INSERT INTO usage_corrections VALUES (?1, ?2, ?3, {})", AmountParameters(4)),
        &insert_correction_}});
}

absl::Status UsageTables::Restore(RestoredBooks* books) {
  if (absl::Status status = RestoreActivity(books); !status.ok()) return status;
  Statement rows;
  absl::Status status = database_.Prepare(
      fmt::format("SELECT {}, cell_id FROM history_totals", AmountColumnNames()), &rows);
  if (!status.ok()) return status;
  absl::flat_hash_map<int64_t, UsageAmounts> history;  // by cell
  status = rows.ForEach([&](const Statement& row) {
    history[row.Integer(kAmountColumns)] = AmountsAt(row, 0);
    return absl::OkStatus();
  });
  const std::vector<int64_t>& cells = dimensions_.restored_cells();
  for (size_t i = 0; i < cells.size() && status.ok(); ++i) {
    const auto found = history.find(cells[i]);
    if (found == history.end()) continue;
    BookedAmounts& amounts = books->totals[i].amounts;
    amounts.chips -= found->second.chips;
    amounts.busy -= found->second.busy;
    amounts.productive -= found->second.productive;
  }
  return status;
}

absl::Status UsageTables::RestoreActivity(RestoredBooks* books) {
  Statement rows;
  absl::Status status = database_.Prepare("SELECT * FROM activity", &rows);
  if (!status.ok()) return status;
  return rows.ForEach([&](const Statement& row) {
    ActivityHistogram& histogram = books->activity[row.Text(0)];
    int column = 0;
    for (uint64_t& count : histogram.cumulative) {
      count = static_cast<uint64_t>(row.Integer(++column));
    }
    histogram.count = static_cast<uint64_t>(row.Integer(++column));
    histogram.sum_micro = static_cast<uint64_t>(row.Integer(++column));
    return absl::OkStatus();
  });
}

absl::Status UsageTables::Stage(const LedgerTransaction& transaction) {
  hours_.clear();
  totals_.clear();
  history_.clear();
  activity_.clear();
  cells_.clear();
  for (const LedgerEntry& entry : transaction.counted) {
    absl::Status status = Add(entry, transaction.now_unix_nanos);
    if (!status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    if (entry.action != AdminAction::kCorrectUsage) continue;
    absl::Status status = Restate(entry, transaction.now_unix_nanos);
    if (!status.ok()) return status;
  }
  return WriteSums();
}

absl::Status UsageTables::Restate(const AdminEntry& entry, int64_t now_unix_nanos) {
  restated_.clear();
  absl::Status status = AddRestated(entry.restated.taken, -1);
  if (status.ok()) status = AddRestated(entry.restated.booked, 1);
  if (!status.ok()) return status;
  return BookRestated(entry.number, std::max(HourOf(now_unix_nanos), rollups_.closed_through()));
}

absl::Status UsageTables::AddRestated(const std::vector<HistoryWindow>& windows, int sign) {
  for (const HistoryWindow& window : windows) {
    const auto slices = SliceByHour(window.start_unix_nanos, window.length_nanos);
    if (!slices.ok()) return slices.status();
    const auto plan = dimensions_.Plan(window.plan, window.plan_version);
    if (!plan.ok()) return plan.status();
    for (size_t i = 0; i < window.groups.size(); ++i) {
      const UsageGroup& group = window.groups[i];
      const auto amounts = AmountsOf(group);
      if (!amounts.ok()) return amounts.status();
      const auto cell = CellOf(group, window.conversions[i]);
      if (!cell.ok()) return cell.status();
      for (const HourSlice& slice : *slices) {
        UsageAmounts& sum =
            restated_[{slice.hour_start,
                       *cell,
                       *plan,
                       {group.pool, group.workload, group.workload_type, group.model, group.run}}];
        const UsageAmounts part = PartIn(slice, *amounts, window.length_nanos);
        if (sign > 0) {
          sum += part;
        } else {
          sum -= part;
        }
      }
    }
  }
  return absl::OkStatus();
}

// What stays as it was cancels out, and is no row.
absl::Status UsageTables::BookRestated(int64_t entry_number, int64_t booking_hour) {
  std::map<std::pair<int64_t, int64_t>, UsageAmounts> by_hour;  // and cell
  for (const auto& [key, amounts] : restated_) {
    if (amounts == UsageAmounts{}) continue;
    const auto& [hour, cell, plan, names] = key;
    UsageGroup named;
    named.pool = names[0];
    named.workload = names[1];
    named.workload_type = names[2];
    named.model = names[3];
    named.run = names[4];
    const auto workload = WorkloadFor(named, booking_hour);
    if (!workload.ok()) return workload.status();
    hours_[{booking_hour, cell, *workload, plan, hour}] += amounts;
    totals_[cell] += amounts;
    history_[cell] += amounts;
    by_hour[{hour, cell}] += amounts;
  }
  for (const auto& [key, amounts] : by_hour) {
    absl::Status status =
        RunWithAmounts(insert_correction_, amounts, entry_number, key.first, key.second);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status UsageTables::Add(const LedgerEntry& entry, int64_t now_unix_nanos) {
  const UsageReport& report = entry.report;
  const auto slices = SliceByHour(report.window_start_unix_nanos, report.window_length_nanos);
  if (!slices.ok()) return slices.status();
  const auto plan = dimensions_.Plan(entry.plan, entry.plan_version);
  if (!plan.ok()) return plan.status();
  const int64_t closed_through = rollups_.closed_through();
  // Corrections too may not touch a closed hour, whatever the clock says.
  const int64_t correction_hour = std::max(HourOf(now_unix_nanos), closed_through);
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const UsageGroup& group = report.groups[i];
    const auto amounts = AmountsOf(group);
    if (!amounts.ok()) return amounts.status();
    const auto cell = CellOf(group, entry.conversions[i]);
    if (!cell.ok()) return cell.status();
    cells_.push_back(*cell);
    totals_[*cell] += *amounts;
    if (entry.history) history_[*cell] += *amounts;
    for (const HourSlice& slice : *slices) {
      const bool correction = entry.adjustment || slice.hour_start < closed_through;
      const int64_t hour = correction ? correction_hour : slice.hour_start;
      const auto workload = WorkloadFor(group, hour);
      if (!workload.ok()) return workload.status();
      hours_[{hour, *cell, *workload, *plan, correction ? slice.hour_start : 0}] +=
          PartIn(slice, *amounts, report.window_length_nanos);
    }
    if (group.samples.empty() || entry.history) continue;
    ActivityHistogram& histogram = activity_[group.pool];
    for (const ChipSample& sample : group.samples) histogram.Observe(sample.activity);
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> UsageTables::CellOf(const UsageGroup& group,
                                            const BookConversion& conversion) {
  const auto conversion_id = dimensions_.Conversion(conversion);
  if (!conversion_id.ok()) return conversion_id;
  return dimensions_.Cell({group.state, group.pool, group.team, group.signal}, *conversion_id);
}

absl::StatusOr<int64_t> UsageTables::WorkloadFor(const UsageGroup& g, int64_t hour_start) {
  WorkloadNames names{g.pool, g.workload, g.workload_type, g.model, g.run};
  // Usage without names is no workload, and always has its row.
  if (IsUnnamed(g)) return dimensions_.Workload(names);
  if (!budget_.Knows(hour_start)) {
    if (absl::Status status = LearnHour(hour_start); !status.ok()) return status;
  }
  const auto answer = budget_.Stage(hour_start, g.pool, DigestOf(names));
  if (answer == WorkloadBudget::Answer::kFull) {
    names = {g.pool, kOverflowWorkload, "", "", ""};
  }
  const auto id = dimensions_.Workload(names);
  if (!id.ok() || answer != WorkloadBudget::Answer::kNew) return id;
  if (absl::Status s = dimensions_.TouchWorkload(*id, hour_start); !s.ok()) return s;
  return id;
}

absl::Status UsageTables::LearnHour(int64_t hour_start) {
  budget_.StartHour(hour_start);
  return workloads_of_hour_.ForEach(
      [&](const Statement& row) {
        const std::string pool = row.Text(0);
        const std::string workload = row.Text(1), type = row.Text(2), model = row.Text(3),
                          run = row.Text(4);
        const bool unnamed = workload.empty() && type.empty() && model.empty() && run.empty();
        const bool overflow =
            workload == kOverflowWorkload && type.empty() && model.empty() && run.empty();
        if (!unnamed && !overflow) {
          budget_.Learn(hour_start, pool, DigestOf({pool, workload, type, model, run}));
        }
        return absl::OkStatus();
      },
      hour_start);
}

absl::Status UsageTables::WriteSums() {
  for (const auto& [key, amounts] : Sorted(hours_)) {
    const auto& [hour, cell, workload, plan, corrects] = key;
    absl::Status status = RunWithAmounts(add_hour_, amounts, hour, cell, workload, plan, corrects);
    if (!status.ok()) return status;
  }
  for (const auto& [cell, amounts] : Sorted(totals_)) {
    if (absl::Status s = RunWithAmounts(add_total_, amounts, cell); !s.ok()) return s;
  }
  for (const auto& [cell, amounts] : Sorted(history_)) {
    absl::Status status = begin_history_.Run(cell);
    if (status.ok()) status = RunWithAmounts(add_history_, amounts, cell);
    if (!status.ok()) return status;
  }
  for (const auto& [pool, h] : activity_) {
    const auto count = [&](size_t i) { return static_cast<int64_t>(h.cumulative[i]); };
    absl::Status status = add_activity_.Run(pool, count(0), count(1), count(2), count(3), count(4),
                                            count(5), count(6), static_cast<int64_t>(h.count),
                                            static_cast<int64_t>(h.sum_micro));
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
