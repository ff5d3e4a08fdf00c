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

// What was served in a span by some key of inference_days, a list of columns. Rows come in the
// order of days and are added up here, since SQLite would sort them first, which takes several
// times as long as reading them.
template <class Key>
absl::StatusOr<absl::flat_hash_map<Key, InferenceAmounts>> SumInference(
    Database& ledger, DaySpan span, std::string_view columns, std::string_view condition,
    Key (*key_of)(const Statement&)) {
  absl::flat_hash_map<Key, InferenceAmounts> sums;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, {} FROM inference_days WHERE day_start >= ?1 AND day_start < ?2{}",
                  kInferenceColumnNames, columns, condition),
      [&](const Statement& row) {
        return AddTo(&sums[key_of(row)], InferenceAt(row, 0)) ? absl::OkStatus() : Beyond(span);
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  return sums;
}

constexpr int kAfterInference = static_cast<int>(kInferenceColumns.size());

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

// Conversions differ in what makes an H100e, not in the chips: they are added up.
class ServingSums {
 public:
  // `row` has model, pool, workload, chip and price from a column on.
  void Add(const Statement& row, int column, const UsageAmounts& amounts) {
    sums_[{row.Text(column), row.Text(column + 1), row.Text(column + 2), row.Text(column + 3),
           PriceAt(row, column + 4)}] += amounts;
  }
  std::vector<ServingSum> Take() const {
    std::vector<ServingSum> serving;
    serving.reserve(sums_.size());
    for (const auto& [key, amounts] : sums_) {
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

 private:
  using Key =
      std::tuple<std::string, std::string, std::string, std::string, std::optional<int64_t>>;
  std::map<Key, UsageAmounts> sums_;
};

}  // namespace

absl::StatusOr<std::vector<SegmentSum>> ReadInference(Database& ledger, DaySpan span) {
  const auto sums = SumInference<int64_t>(ledger, span, "segment_id", "", [](const Statement& row) {
    return row.Integer(kAfterInference);
  });
  if (!sums.ok()) return sums.status();
  std::vector<SegmentSum> segments;
  segments.reserve(sums->size());
  const absl::Status status = Read(ledger,
                                   "SELECT segment_id, model, customer_tier FROM segment_totals "
                                   "ORDER BY model, customer_tier",
                                   [&](const Statement& row) {
                                     const auto sum = sums->find(row.Integer(0));
                                     if (sum != sums->end())
                                       segments.push_back({row.Text(1), row.Text(2), sum->second});
                                     return absl::OkStatus();
                                   });
  if (!status.ok()) return status;
  return segments;
}

absl::StatusOr<std::vector<ServingSum>> ReadServing(Database& ledger, DaySpan span) {
  ServingSums sums;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, model, pool, workload, chip, micro_usd_per_chip_hour "
                  "FROM model_usage_days AS u JOIN model_usage_totals USING (cell_id) "
                  "JOIN conversions USING (conversion_id) "
                  "WHERE day_start >= ?1 AND day_start < ?2 AND category = ?3 GROUP BY cell_id",
                  AmountColumnSums("u")),
      [&](const Statement& row) {
        sums.Add(row, kAmountColumns, AmountsAt(row, 0));
        return absl::OkStatus();
      },
      span.from_day, span.to_day, kServingCategory);
  if (!status.ok()) return status;
  return sums.Take();
}

absl::StatusOr<std::vector<ServingSum>> ReadServingTotals(Database& ledger) {
  ServingSums sums;
  const absl::Status status = Read(
      ledger,
      fmt::format("SELECT {}, {}, model, pool, workload, chip, micro_usd_per_chip_hour "
                  "FROM {} WHERE category = ?1 GROUP BY u.cell_id",
                  AmountColumnSums("u"), AmountColumnSums("h"), kTotalsAndHistory),
      [&](const Statement& row) {
        sums.Add(row, 2 * kAmountColumns, WithoutHistory(row));
        return absl::OkStatus();
      },
      kServingCategory);
  if (!status.ok()) return status;
  return sums.Take();
}

absl::StatusOr<std::vector<ServedBy>> ReadServedBy(Database& ledger, DaySpan span) {
  using Key = std::pair<int64_t, int64_t>;
  const auto sums = SumInference<Key>(
      ledger, span, "server_id, segment_id",
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
  for (const auto& [key, amounts] : *sums) {
    const auto& [pool, workload] = servers[key.first];
    if (!AddTo(&by_names[{pool, workload, models[key.second]}], amounts)) return Beyond(span);
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
  return ledger.Integer("SELECT coalesce(max(price_book_version), 0) FROM inference_days");
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
