#include "daemon/ledger/read/read_outcomes.h"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "daemon/ledger/sqlite/restore_outcomes.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

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
      ReadRows(ledger, "SELECT segment_id, model FROM segment_totals", [&](const Statement& row) {
        const auto found = counted.of_model.find(row.Text(1));
        if (found != counted.of_model.end()) days[row.Integer(0)] = found->second;
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  return days;
}

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
  const absl::Status status = ReadRows(
      ledger,
      fmt::format("SELECT {}, day_start, {} FROM inference_days "
                  "WHERE day_start >= ?1 AND day_start < ?2{}",
                  kInferenceColumnNames, columns, condition),
      [&](const Statement& row) {
        const InferenceAmounts amounts = InferenceAt(row, 0);
        const auto counts = days->find(row.Integer(kAfterInference));
        const bool is_counted =
            counts == days->end() || counts->second.Has(row.Integer(kAfterInference - 1));
        const bool fits = is_counted
                              ? AddTo(&sums.counted[key_of(row)], amounts)
                              : AddTo(&sums.requests_of_other_days[key_of(row)], amounts.requests);
        return fits ? absl::OkStatus() : Beyond(span);
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  return sums;
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
  const absl::Status status = ReadRows(
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
      ReadRows(ledger, "SELECT segment_id, model FROM segment_totals", [&](const Statement& row) {
        models[row.Integer(0)] = row.Text(1);
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  absl::flat_hash_map<int64_t, std::pair<std::string, std::string>> servers;
  status = ReadRows(ledger, "SELECT server_id, pool, workload FROM inference_servers",
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
  const absl::Status status = ReadRows(
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
      ReadRows(ledger,
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

absl::StatusOr<std::vector<BenchmarkRow>> ReadBenchmarks(Database& ledger) {
  return ReadStandingResults(ledger, /*withdrawn=*/false);
}

absl::StatusOr<int64_t> ReadNewestPriceBook(Database& ledger) {
  return ledger.Integer("SELECT max(0, coalesce(max(price_book_version), 0)) FROM inference_days");
}

absl::StatusOr<std::optional<DaySpan>> ReadOutcomeDays(Database& ledger) {
  std::optional<DaySpan> days;
  for (const char* table : {"inference_days", "training_days", "model_usage_days"}) {
    const absl::Status status = ReadRows(
        ledger,
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
