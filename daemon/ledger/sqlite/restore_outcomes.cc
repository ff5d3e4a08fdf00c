#include "daemon/ledger/sqlite/restore_outcomes.h"

#include <utility>

#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Calls `row` for each row of a query.
template <class Row, class... Values>
absl::Status Read(Database& database, std::string_view sql, const Row& row,
                  const Values&... values) {
  Statement statement;
  absl::Status status = database.Prepare(sql, &statement);
  return status.ok() ? statement.ForEach(row, values...) : status;
}

absl::Status ReadSources(Database& database, RestoredOutcomes* outcomes) {
  return Read(database,
              "SELECT kind, source, counted_from_unix_nanos, counted_to_unix_nanos, gaps, owner "
              "FROM outcome_sources ORDER BY source_row",
              [&](const Statement& row) -> absl::Status {
                const auto kind = ParseOutcomeKind(row.Text(0));
                if (!kind.ok()) return kind.status();
                auto gaps = ParseGaps(row.Text(4));
                if (!gaps.ok()) return gaps.status();
                WindowSet windows({row.Integer(2), row.Integer(3)}, *std::move(gaps));
                outcomes->sources.push_back({*kind, row.Text(1), std::move(windows), row.Text(5)});
                return absl::OkStatus();
              });
}

absl::Status ReadSegments(Database& database, RestoredOutcomes* outcomes) {
  constexpr int kCorrected = 2 + static_cast<int>(kInferenceColumns.size());
  constexpr int kHistory = 3 + 2 * static_cast<int>(kInferenceColumns.size());
  return Read(database,
              "SELECT t.model, t.customer_tier, t.requests, t.unpriced_requests, t.input_tokens, "
              "t.cached_input_tokens, t.output_tokens, t.revenue_micro_usd, corrected_requests, "
              "corrected_unpriced_requests, corrected_input_tokens, corrected_cached_input_tokens, "
              "corrected_output_tokens, corrected_revenue_micro_usd, price_rest, h.requests, "
              "h.unpriced_requests, h.input_tokens, h.cached_input_tokens, h.output_tokens, "
              "h.revenue_micro_usd FROM segment_totals AS t LEFT JOIN segment_history AS h "
              "USING (segment_id) ORDER BY segment_id",
              [&](const Statement& row) {
                outcomes->segments.push_back({.model = row.Text(0),
                                              .customer_tier = row.Text(1),
                                              .reported = InferenceAt(row, 2),
                                              .corrected = InferenceAt(row, kCorrected),
                                              // None is NULL, and reads as 0.
                                              .history = InferenceAt(row, kHistory),
                                              .price_rest = row.Integer(kHistory - 1)});
                return absl::OkStatus();
              });
}

absl::Status ReadTraining(Database& database, RestoredOutcomes* outcomes) {
  return Read(database,
              "SELECT model, run, phase, h100e_seconds, corrected_h100e_seconds "
              "FROM training_totals ORDER BY training_id",
              [&](const Statement& row) -> absl::Status {
                const auto phase = ParseTrainingPhase(row.Text(2));
                if (!phase.ok()) return phase.status();
                outcomes->training.push_back(
                    {row.Text(0), row.Text(1), *phase, row.Integer(3), row.Integer(4)});
                return absl::OkStatus();
              });
}

absl::Status ReadCorrections(Database& database, RestoredOutcomes* outcomes) {
  return Read(database,
              "SELECT kind, source, correction FROM outcome_corrections "
              "JOIN outcome_sources USING (source_row) ORDER BY correction_row",
              [&](const Statement& row) -> absl::Status {
                const auto kind = ParseOutcomeKind(row.Text(0));
                if (!kind.ok()) return kind.status();
                outcomes->corrections.push_back({*kind, row.Text(1), row.Text(2)});
                return absl::OkStatus();
              });
}

bool SameResult(const BenchmarkRow& a, const BenchmarkRow& b) {
  return a.model == b.model && a.benchmark == b.benchmark && a.version == b.version &&
         a.date_unix_seconds == b.date_unix_seconds && a.source == b.source;
}

}  // namespace

absl::Status RestoreOutcomes(Database& database, RestoredOutcomes* outcomes) {
  absl::Status status = ReadSources(database, outcomes);
  if (status.ok()) status = ReadSegments(database, outcomes);
  if (status.ok()) status = ReadTraining(database, outcomes);
  if (status.ok()) status = ReadCorrections(database, outcomes);
  if (!status.ok()) return status;
  auto results = ReadStandingResults(database, /*withdrawn=*/true);
  if (!results.ok()) return results.status();
  outcomes->benchmarks = *std::move(results);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<BenchmarkRow>> ReadStandingResults(Database& database, bool withdrawn) {
  std::vector<BenchmarkRow> results;
  // In the order of the index, so that of each key the last row comes last.
  const absl::Status status =
      Read(database,
           "SELECT model, family, benchmark, version, date_start, measured_by, score "
           "FROM benchmark_results ORDER BY model, benchmark, version, date_start, measured_by, "
           "result_row",
           [&](const Statement& row) {
             BenchmarkRow result = {.model = row.Text(0),
                                    .family = row.Text(1),
                                    .benchmark = row.Text(2),
                                    .version = row.Text(3),
                                    .date_unix_seconds = row.Integer(4),
                                    .source = row.Text(5),
                                    .score = std::nullopt};
             if (!row.IsNull(6)) result.score = row.Real(6);
             if (!results.empty() && SameResult(results.back(), result)) results.pop_back();
             results.push_back(std::move(result));
             return absl::OkStatus();
           });
  if (!status.ok()) return status;
  if (!withdrawn) std::erase_if(results, [](const BenchmarkRow& r) { return !r.score; });
  return results;
}

}  // namespace fleetmeter
