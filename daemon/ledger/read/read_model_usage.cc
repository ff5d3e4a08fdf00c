#include "daemon/ledger/read/read_model_usage.h"

#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/ledger/h100e.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/sqlite/amount_rows.h"
#include "daemon/ledger/sqlite/ledger_schema.h"
#include "daemon/ledger/sqlite/model_usage_tables.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

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
  const absl::Status status = ReadRows(
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

absl::StatusOr<std::vector<ServingSum>> ReadServing(Database& ledger, DaySpan span,
                                                    const CountedDays& counted) {
  auto cells = ServingCells(ledger, span, counted);
  if (!cells.ok()) return cells.status();
  // No rows of one cell come together: they come in the order of days.
  absl::flat_hash_map<int64_t, UsageAmounts> of_cell;
  const absl::Status status = ReadRows(
      ledger,
      fmt::format("SELECT {}, cell_id, day_start FROM model_usage_days "
                  "WHERE day_start >= ?1 AND day_start < ?2",
                  AmountColumnNames()),
      [&](const Statement& row) {
        const int64_t id = row.Integer(kAmountColumns);
        const auto cell = cells->find(id);
        if (cell != cells->end() && cell->second.counted.Has(row.Integer(kAmountColumns + 1))) {
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
  const absl::Status status = ReadRows(
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

absl::StatusOr<std::vector<MeasuredTraining>> ReadMeasuredTraining(Database& ledger, DaySpan span) {
  std::vector<MeasuredTraining> training;
  const absl::Status status = ReadRows(
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
  const absl::Status status = ReadRows(
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

}  // namespace fleetmeter
