#include "daemon/ledger/sqlite/model_usage_tables.h"

#include <optional>
#include <string>
#include <vector>

#include "daemon/base/calendar.h"
#include "daemon/base/digest.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kNoPrice = -1;

UsageAmounts Negated(const UsageAmounts& amounts) {
  UsageAmounts negated;
  negated -= amounts;
  return negated;
}

bool IsBooked(const UsageGroup& group, const GroupTerms& terms) {
  return group.state == ChipState::kAssigned &&
         (terms.category == kServingCategory || !group.model.empty() || !group.run.empty());
}

}  // namespace

absl::Status ModelUsageTables::Prepare() {
  absl::Status status =
      cells_.Prepare({.table = "model_usage_totals",
                      .id = "cell_id",
                      .names = {"category", "pool", "workload", "workload_type", "model", "run",
                                "conversion_id", "micro_usd_per_chip_hour"},
                      .zeros = AmountColumnNames()});
  if (!status.ok()) return status;
  return database_.PrepareAll(
      {{fmt::format("INSERT INTO model_usage_days VALUES (?1, ?2, ?3, {}) "
                    "ON CONFLICT DO UPDATE SET {}",
                    AmountParameters(4), AddAmounts(4)),
        &add_day_},
       {fmt::format("UPDATE model_usage_totals SET {} WHERE cell_id = ?1", AddAmounts(2)),
        &add_total_},
       {fmt::format("INSERT OR IGNORE INTO model_usage_history VALUES (?1, {})", ZeroAmounts()),
        &begin_history_},
       {fmt::format("UPDATE model_usage_history SET {} WHERE cell_id = ?1", AddAmounts(2)),
        &add_history_},
       {"SELECT DISTINCT category, pool, workload, workload_type, model, run FROM model_usage_days "
        "JOIN model_usage_totals USING (cell_id) WHERE day_start = ?1",
        &names_of_day_}});
}

absl::Status ModelUsageTables::Stage(const LedgerTransaction& transaction) {
  days_.clear();
  totals_.clear();
  history_.clear();
  const int64_t booked_day = DayOf(zone_.Local(transaction.now_unix_nanos / kNanosPerSecond));
  for (const LedgerEntry& entry : transaction.counted) {
    if (absl::Status status = Add(entry, booked_day); !status.ok()) return status;
  }
  for (const AdminEntry& entry : transaction.entries) {
    absl::Status status;
    for (const HistoryWindow& window : entry.restated.taken) {
      if (status.ok()) status = Add(window, -1, booked_day);
    }
    for (const HistoryWindow& window : entry.restated.booked) {
      if (status.ok()) status = Add(window, 1, booked_day);
    }
    if (!status.ok()) return status;
  }
  // What was restated as it was is no row.
  if (transaction.counted.empty()) {
    std::erase_if(days_, [](const auto& day) { return day.second == UsageAmounts{}; });
  }
  return WriteSums();
}

absl::Status ModelUsageTables::Add(const LedgerEntry& entry, int64_t booked_day) {
  const UsageReport& report = entry.report;
  return AddPart({.start_unix_nanos = report.window_start_unix_nanos,
                  .length_nanos = report.window_length_nanos,
                  .groups = report.groups,
                  .conversions = entry.conversions,
                  .terms = entry.terms,
                  .history = entry.history,
                  .sign = 1},
                 booked_day);
}

absl::Status ModelUsageTables::Add(const HistoryWindow& window, int sign, int64_t booked_day) {
  return AddPart({.start_unix_nanos = window.start_unix_nanos,
                  .length_nanos = window.length_nanos,
                  .groups = window.groups,
                  .conversions = window.conversions,
                  .terms = window.terms,
                  .history = true,
                  .sign = sign},
                 booked_day);
}

absl::Status ModelUsageTables::AddPart(const Part& added, int64_t booked_day) {
  std::vector<HourSlice> days;  // cut when the first group needs them
  for (size_t i = 0; i < added.groups.size(); ++i) {
    const UsageGroup& group = added.groups[i];
    const GroupTerms& terms = added.terms[i];
    if (!IsBooked(group, terms)) continue;
    const auto amounts = AmountsOf(group);
    if (!amounts.ok()) return amounts.status();
    const auto conversion = dimensions_.Conversion(added.conversions[i]);
    if (!conversion.ok()) return conversion.status();
    if (days.empty()) {
      auto sliced = SliceByDay(added.start_unix_nanos, added.length_nanos, zone_);
      if (!sliced.ok()) return sliced.status();
      days = *std::move(sliced);
    }
    for (const HourSlice& slice : days) {
      const auto cell = CellOf(group, terms, *conversion, slice.hour_start);
      if (!cell.ok()) return cell.status();
      UsageAmounts part = PartIn(slice, *amounts, added.length_nanos);
      if (added.sign < 0) part = Negated(part);
      days_[{slice.hour_start, *cell, booked_day}] += part;
      totals_[*cell] += part;
      if (added.history) history_[*cell] += part;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> ModelUsageTables::CellOf(const UsageGroup& group, const GroupTerms& terms,
                                                 int64_t conversion, int64_t day) {
  const auto names = NamesFor(group, terms.category, day);
  if (!names.ok()) return names.status();
  return cells_.Id(names->category, names->pool, names->workload, names->workload_type,
                   names->model, names->run, conversion,
                   terms.micro_usd_per_chip_hour.value_or(kNoPrice));
}

absl::StatusOr<ModelUsageTables::Names> ModelUsageTables::NamesFor(const UsageGroup& group,
                                                                   std::string_view category,
                                                                   int64_t day) {
  if (!names_.Knows(day) || !workloads_.Knows(day)) {
    if (absl::Status status = LearnDay(day); !status.ok()) return status;
  }
  const bool serving = category == kServingCategory;
  Names names{.category = category,
              .pool = group.pool,
              .workload = "",
              .workload_type = serving ? "" : std::string_view(group.workload_type),
              .model = group.model,
              .run = serving ? "" : std::string_view(group.run)};
  if (!names.model.empty() || !names.run.empty()) {
    if (names_.Stage(day, group.pool, DigestOf(names)) != WorkloadBudget::Answer::kFull) {
      return names;
    }
    names.model = "";
    names.workload_type = "";
    if (!names.run.empty()) names.run = kOverflowWorkload;
    return names;
  }
  names.workload = group.workload;
  if (names.workload.empty()) return names;
  if (workloads_.Stage(day, "", DigestOf(names)) == WorkloadBudget::Answer::kFull) {
    names.workload = "";
  }
  return names;
}

absl::Status ModelUsageTables::LearnDay(int64_t day) {
  names_.StartHour(day);
  workloads_.StartHour(day);
  return names_of_day_.ForEach(
      [&](const Statement& row) {
        const std::string category = row.Text(0), pool = row.Text(1), workload = row.Text(2),
                          type = row.Text(3), model = row.Text(4), run = row.Text(5);
        const Names names{category, pool, workload, type, model, run};
        if (!workload.empty()) workloads_.Learn(day, "", DigestOf(names));
        const bool overflow = type.empty() && model.empty() && run == kOverflowWorkload;
        if ((!model.empty() || !run.empty()) && !overflow) {
          names_.Learn(day, pool, DigestOf(names));
        }
        return absl::OkStatus();
      },
      day);
}

absl::Status ModelUsageTables::WriteSums() {
  for (const auto& [key, amounts] : days_) {
    const auto& [day, cell, booked_day] = key;
    absl::Status status = RunWithAmounts(add_day_, amounts, day, cell, booked_day);
    if (!status.ok()) return status;
  }
  for (const auto& [cell, amounts] : totals_) {
    if (absl::Status s = RunWithAmounts(add_total_, amounts, cell); !s.ok()) return s;
  }
  for (const auto& [cell, amounts] : history_) {
    absl::Status status = begin_history_.Run(cell);
    if (status.ok()) status = RunWithAmounts(add_history_, amounts, cell);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

uint64_t ModelUsageTables::DigestOf(const Names& n) {
  return Digest64(KeyBuilder()
                      .Add(n.category)
                      .Add(n.pool)
                      .Add(n.workload)
                      .Add(n.workload_type)
                      .Add(n.model)
                      .Add(n.run)
                      .Take());
}

void ModelUsageTables::Commit() {
  cells_.Commit();
  workloads_.Commit();
  names_.Commit();
}

void ModelUsageTables::Rollback() {
  cells_.Rollback();
  workloads_.Rollback();
  names_.Rollback();
}

}  // namespace fleetmeter
