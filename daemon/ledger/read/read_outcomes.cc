#include "daemon/ledger/read/read_outcomes.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/calendar.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/sqlite/model_usage_tables.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "daemon/ledger/sqlite/restore_outcomes.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Calls `row` for each row of a query, whose parameters are `values`.
template <class Row, class... Values>
absl::Status Read(Database& ledger, const std::string& sql, const Row& row,
                  const Values&... values) {
  Statement statement;
  absl::Status status = ledger.Prepare(sql, &statement);
  return status.ok() ? statement.ForEach(row, values...) : status;
}

absl::Status Beyond(DaySpan span) {
  return absl::OutOfRangeError(
      fmt::format("what was served from {} to {} (seconds since 1970) is more than 64 bits hold; "
                  "expected a shorter span",
                  span.from_day, span.to_day));
}

// After the amounts and day_start.
constexpr int kAfterInference = static_cast<int>(kInferenceColumns.size()) + 1;

// Which days of a segment count; the whole span for those that are not named.
using DaysBySegment = absl::flat_hash_map<int64_t, DaySpan>;

absl::StatusOr<DaysBySegment> SegmentDays(Database& ledger, const CountedDays& counted) {
  DaysBySegment days;
  if (counted.of_model.empty()) return days;
  const absl::Status status =
      Read(ledger, "SELECT segment_id, model FROM segment_totals", [&](const Statement& row) {
        const auto found = counted.of_model.find(row.Text(1));
        if (found != counted.of_model.end()) days[row.Integer(0)] = found->second;
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return days;
}

bool Has(const DaySpan& span, int64_t day) { return day >= span.from_day && day < span.to_day; }

template <class Key>
struct InferenceSums {
  absl::flat_hash_map<Key, InferenceAmounts> counted;
  absl::flat_hash_map<Key, int64_t> requests_of_other_days;
};

// What was served in a span by some key of inference_days, a list of columns that begins with
// segment_id. Rows come in the order of days and are added up here, since SQLite would sort them
// first, which takes several times as long as reading them.
template <class Key>
absl::StatusOr<InferenceSums<Key>> SumInference(Database& ledger, DaySpan span,
                                                const CountedDays& counted,
                                                std::string_view columns,
                                                std::string_view condition,
                                                Key (*key_of)(const Statement&)) {
  const auto days = SegmentDays(ledger, counted);
  if (!days.ok()) return days.status();
  InferenceSums<Key> sums;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, day_start, {} FROM inference_days "
                  "WHERE day_start >= ?1 AND day_start < ?2{}",
                  kInferenceColumnNames, columns, condition),
      [&](const Statement& row) {
        const InferenceAmounts amounts = InferenceAt(row, 0);
        const auto counts = days->find(row.Integer(kAfterInference));
        const bool is_counted =
            counts == days->end() || Has(counts->second, row.Integer(kAfterInference - 1));
        const bool fits = is_counted
                              ? AddTo(&sums.counted[key_of(row)], amounts)
                              : AddTo(&sums.requests_of_other_days[key_of(row)], amounts.requests);
        return fits ? absl::OkStatus() : Beyond(span);
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  return sums;
}

std::optional<int64_t> PriceAt(const Statement& row, int column) {
  const int64_t price = row.Integer(column);
  return price < 0 ? std::nullopt : std::optional(price);
}

// Each total beside the part of it that is history.
constexpr std::string_view kTotalsAndHistory =
    "model_usage_totals AS u JOIN conversions USING (conversion_id) "
    "LEFT JOIN model_usage_history AS h ON h.cell_id = u.cell_id";

// Of a row that begins with sums of a total and of its history; no history is NULL, and reads as 0.
UsageAmounts WithoutHistory(const Statement& row) {
  UsageAmounts amounts = AmountsAt(row, 0);
  amounts -= AmountsAt(row, kAmountColumns);
  return amounts;
}

// Model, pool, workload, chip and price of a cell of chip-time that serves.
using ServingKey =
    std::tuple<std::string, std::string, std::string, std::string, std::optional<int64_t>>;

// From a column on, in this order.
ServingKey ServingKeyAt(const Statement& row, int column) {
  return {row.Text(column), row.Text(column + 1), row.Text(column + 2), row.Text(column + 3),
          PriceAt(row, column + 4)};
}

// Conversions differ in what makes an H100e, not in the chips: cells of one key are added up.
using ServingSums = std::map<ServingKey, UsageAmounts>;

std::vector<ServingSum> ServingOf(const ServingSums& sums) {
  std::vector<ServingSum> serving;
  serving.reserve(sums.size());
  for (const auto& [key, amounts] : sums) {
    const auto& [model, pool, workload, chip, price] = key;
    serving.push_back({.model = model,
                       .pool = pool,
                       .workload = workload,
                       .chip = chip,
                       .micro_usd_per_chip_hour = price,
                       .amounts = amounts});
  }
  return serving;
}

struct ServingCell {
  ServingKey key;
  DaySpan counted;
};

absl::StatusOr<absl::flat_hash_map<int64_t, ServingCell>> ServingCells(Database& ledger,
                                                                       DaySpan span,
                                                                       const CountedDays& counted) {
  absl::flat_hash_map<int64_t, ServingCell> cells;
  const absl::Status status = Read(
      ledger,
      "SELECT cell_id, model, pool, workload, chip, micro_usd_per_chip_hour "
      "FROM model_usage_totals JOIN conversions USING (conversion_id) WHERE category = ?1",
      [&](const Statement& row) {
        const std::string model = row.Text(1), pool = row.Text(2);
        const auto& by_name = model.empty() ? counted.of_pool : counted.of_model;
        const auto found = by_name.find(model.empty() ? pool : model);
        cells[row.Integer(0)] = {ServingKeyAt(row, 1),
                                 found == by_name.end() ? span : found->second};
        return absl::OkStatus();
      },
      kServingCategory);
  if (!status.ok()) return status;
  return cells;
}

}  // namespace

absl::StatusOr<std::vector<SegmentSum>> ReadInference(Database& ledger, DaySpan span,
                                                      const CountedDays& counted) {
  auto sums =
      SumInference<int64_t>(ledger, span, counted, "segment_id", "",
                            [](const Statement& row) { return row.Integer(kAfterInference); });
  if (!sums.ok()) return sums.status();
  for (const auto& [segment, requests] : sums->requests_of_other_days) sums->counted[segment];
  std::vector<SegmentSum> segments;
  segments.reserve(sums->counted.size());
  const absl::Status status = Read(
      ledger,
      "SELECT segment_id, model, customer_tier FROM segment_totals "
      "ORDER BY model, customer_tier",
      [&](const Statement& row) {
        const auto sum = sums->counted.find(row.Integer(0));
        if (sum == sums->counted.end()) return absl::OkStatus();
        const auto other = sums->requests_of_other_days.find(row.Integer(0));
        segments.push_back({.model = row.Text(1),
                            .customer_tier = row.Text(2),
                            .amounts = sum->second,
                            .requests_of_other_days =
                                other == sums->requests_of_other_days.end() ? 0 : other->second});
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return segments;
}

absl::StatusOr<std::vector<ServingSum>> ReadServing(Database& ledger, DaySpan span,
                                                    const CountedDays& counted) {
  auto cells = ServingCells(ledger, span, counted);
  if (!cells.ok()) return cells.status();
  // No rows of one cell come together: they come in the order of days.
  absl::flat_hash_map<int64_t, UsageAmounts> of_cell;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, cell_id, day_start FROM model_usage_days "
                  "WHERE day_start >= ?1 AND day_start < ?2",
                  AmountColumnNames()),
      [&](const Statement& row) {
        const int64_t id = row.Integer(kAmountColumns);
        const auto cell = cells->find(id);
        if (cell != cells->end() && Has(cell->second.counted, row.Integer(kAmountColumns + 1))) {
          of_cell[id] += AmountsAt(row, 0);
        }
        return absl::OkStatus();
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  ServingSums sums;
  for (const auto& [id, amounts] : of_cell) sums[cells->at(id).key] += amounts;
  return ServingOf(sums);
}

absl::StatusOr<std::vector<ServingSum>> ReadServingTotals(Database& ledger) {
  ServingSums sums;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, {}, model, pool, workload, chip, micro_usd_per_chip_hour "
                  "FROM {} WHERE category = ?1 GROUP BY u.cell_id",
                  AmountColumnSums("u"), AmountColumnSums("h"), kTotalsAndHistory),
      [&](const Statement& row) {
        sums[ServingKeyAt(row, 2 * kAmountColumns)] += WithoutHistory(row);
        return absl::OkStatus();
      },
      kServingCategory);
  if (!status.ok()) return status;
  return ServingOf(sums);
}

absl::StatusOr<std::vector<ServedBy>> ReadServedBy(Database& ledger, DaySpan span,
                                                   const CountedDays& counted) {
  using Key = std::pair<int64_t, int64_t>;  // segment and server
  const auto sums = SumInference<Key>(
      ledger, span, counted, "segment_id, server_id",
      " AND server_id NOT IN (SELECT server_id FROM inference_servers WHERE pool = '')",
      [](const Statement& row) {
        return Key{row.Integer(kAfterInference), row.Integer(kAfterInference + 1)};
      });
  if (!sums.ok()) return sums.status();
  absl::flat_hash_map<int64_t, std::string> models;
  absl::Status status =
      Read(ledger, "SELECT segment_id, model FROM segment_totals", [&](const Statement& row) {
        models[row.Integer(0)] = row.Text(1);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  absl::flat_hash_map<int64_t, std::pair<std::string, std::string>> servers;
  status = Read(ledger, "SELECT server_id, pool, workload FROM inference_servers",
                [&](const Statement& row) {
                  servers[row.Integer(0)] = {row.Text(1), row.Text(2)};
                  return absl::OkStatus();
                });
  if (!status.ok()) return status;
  std::map<std::tuple<std::string, std::string, std::string>, InferenceAmounts> by_names;
  for (const auto& [key, amounts] : sums->counted) {
    const auto& [pool, workload] = servers[key.second];
    if (!AddTo(&by_names[{pool, workload, models[key.first]}], amounts)) return Beyond(span);
  }
  std::vector<ServedBy> served;
  served.reserve(by_names.size());
  for (const auto& [names, amounts] : by_names) {
    const auto& [pool, workload, model] = names;
    served.push_back({pool, workload, model, amounts});
  }
  return served;
}

absl::StatusOr<std::vector<ReportedTraining>> ReadReportedTraining(Database& ledger, DaySpan span) {
  std::vector<ReportedTraining> training;
  const absl::Status status = Read(
      ledger,
      "SELECT day_start, model, family, run, phase, sum(d.h100e_seconds) FROM training_days AS d "
      "JOIN training_totals USING (training_id) WHERE day_start >= ?1 AND day_start < ?2 "
      "GROUP BY day_start, model, family, run, phase ORDER BY day_start, model, family, run, phase",
      [&](const Statement& row) -> absl::Status {
        const auto phase = ParseTrainingPhase(row.Text(4));
        if (!phase.ok()) return phase.status();
        training.push_back({.day = row.Integer(0),
                            .model = row.Text(1),
                            .family = row.Text(2),
                            .run = row.Text(3),
                            .phase = *phase,
                            .h100e_seconds = row.Integer(5)});
        return absl::OkStatus();
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  return training;
}

absl::StatusOr<std::vector<ReportedTraining>> ReadReportedTrainingTotals(Database& ledger) {
  std::vector<ReportedTraining> training;
  const absl::Status status =
      Read(ledger,
           "SELECT model, phase, sum(t.h100e_seconds + corrected_h100e_seconds - "
           "coalesce(h.h100e_seconds, 0)) FROM training_totals AS t "
           "LEFT JOIN training_history AS h USING (training_id) GROUP BY model, phase "
           "ORDER BY model, phase",
           [&](const Statement& row) -> absl::Status {
             const auto phase = ParseTrainingPhase(row.Text(1));
             if (!phase.ok()) return phase.status();
             training.push_back({.day = 0,
                                 .model = row.Text(0),
                                 .family = "",
                                 .run = "",
                                 .phase = *phase,
                                 .h100e_seconds = row.Integer(2)});
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  return training;
}

absl::StatusOr<std::vector<MeasuredTraining>> ReadMeasuredTraining(Database& ledger, DaySpan span) {
  std::vector<MeasuredTraining> training;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, numerator, denominator, day_start, model, run, workload_type "
                  "FROM model_usage_days AS u JOIN model_usage_totals AS t USING (cell_id) "
                  "JOIN conversions USING (conversion_id) "
                  "WHERE day_start >= ?1 AND day_start < ?2 AND category <> ?3 AND run <> '' "
                  "AND NOT EXISTS (SELECT 1 FROM training_totals AS r WHERE r.run = t.run) "
                  "GROUP BY day_start, model, run, workload_type, numerator, denominator "
                  "ORDER BY day_start, model, run, workload_type, numerator, denominator",
                  AmountColumnSums("u")),
      [&](const Statement& row) {
        const int at = kAmountColumns;
        MeasuredTraining one = {
            .day = row.Integer(at + 2),
            .model = row.Text(at + 3),
            .run = row.Text(at + 4),
            .workload_type = row.Text(at + 5),
            .h100e = ToH100e(AmountsAt(row, 0), Ratio{row.Integer(at), row.Integer(at + 1)})};
        // Several conversions of one run follow one another.
        if (!training.empty() && training.back().day == one.day &&
            training.back().model == one.model && training.back().run == one.run &&
            training.back().workload_type == one.workload_type) {
          training.back().h100e += one.h100e;
        } else {
          training.push_back(std::move(one));
        }
        return absl::OkStatus();
      },
      span.from_day, span.to_day, kServingCategory);
  if (!status.ok()) return status;
  return training;
}

absl::StatusOr<std::vector<MeasuredTraining>> ReadMeasuredTrainingTotals(Database& ledger) {
  std::vector<MeasuredTraining> training;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, {}, numerator, denominator, model, run, workload_type "
                  "FROM {} WHERE category <> ?1 AND run <> '' "
                  "AND NOT EXISTS (SELECT 1 FROM training_totals AS r WHERE r.run = u.run) "
                  "GROUP BY u.cell_id ORDER BY model, run, workload_type",
                  AmountColumnSums("u"), AmountColumnSums("h"), kTotalsAndHistory),
      [&](const Statement& row) {
        const int at = 2 * kAmountColumns;
        training.push_back(
            {.day = 0,
             .model = row.Text(at + 2),
             .run = row.Text(at + 3),
             .workload_type = row.Text(at + 4),
             .h100e = ToH100e(WithoutHistory(row), Ratio{row.Integer(at), row.Integer(at + 1)})});
        return absl::OkStatus();
      },
      kServingCategory);
  if (!status.ok()) return status;
  return training;
}

absl::StatusOr<std::vector<BenchmarkRow>> ReadBenchmarks(Database& ledger) {
  return ReadStandingResults(ledger, /*withdrawn=*/false);
}

absl::StatusOr<int64_t> ReadNewestPriceBook(Database& ledger) {
  return ledger.Integer("SELECT max(0, coalesce(max(price_book_version), 0)) FROM inference_days");
}

absl::StatusOr<std::optional<DaySpan>> ReadOutcomeDays(Database& ledger) {
  std::optional<DaySpan> days;
  for (const char* table : {"inference_days", "training_days", "model_usage_days"}) {
    const absl::Status status =
        Read(ledger,
             fmt::format("SELECT min(day_start), (SELECT max(day_start) FROM {0}) FROM {0}", table),
             [&](const Statement& row) {
               if (row.IsNull(0)) return absl::OkStatus();
               const DaySpan span{row.Integer(0), row.Integer(1) + kSecondsPerDay};
               if (!days) days = span;
               days->from_day = std::min(days->from_day, span.from_day);
               days->to_day = std::max(days->to_day, span.to_day);
               return absl::OkStatus();
             });
    if (!status.ok()) return status;
  }
  return days;
}

}  // namespace fleetmeter
