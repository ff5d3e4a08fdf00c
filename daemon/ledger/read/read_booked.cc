#include "daemon/ledger/read/read_booked.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/ledger/gaps_text.h"
#include "daemon/ledger/read/read_rows.h"
#include "daemon/ledger/sqlite/outcome_columns.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Of what a table calls `name`.
std::string SumsOf(std::string_view name) {
  std::string sums;
  std::string_view columns = kInferenceColumnNames;
  while (!columns.empty()) {
    const std::string_view column = columns.substr(0, columns.find(", "));
    sums += fmt::format("{}coalesce(sum({}.{}), 0)", sums.empty() ? "" : ", ", name, column);
    columns.remove_prefix(std::min(columns.size(), column.size() + 2));
  }
  return sums;
}

constexpr std::string_view kOfSource =
    "source_row = (SELECT source_row FROM outcome_sources WHERE kind = ?1 AND source = ?2) "
    "AND day_start >= ?3 AND day_start < ?4";
constexpr std::string_view kCorrectionsOfCell = "count(DISTINCT nullif(correction_row, 0))";

// The oldest and the newest price book that said revenue of a cell, and the newest that all of the
// cell was repriced with. Rows of no amounts tell that time was reported and no more.
constexpr std::string_view kPriceBooksOfCell =
    "min(CASE WHEN i.requests != 0 OR i.unpriced_requests != 0 OR i.input_tokens != 0 OR "
    "i.output_tokens != 0 OR i.revenue_micro_usd != 0 THEN i.price_book_version END), "
    "max(i.price_book_version), "
    "max(CASE WHEN correction_row IN (SELECT correction_row FROM outcome_corrections "
    "WHERE entry_number > 0) THEN i.price_book_version END)";

// Columns as in kPriceBooksOfCell from `at` on.
uint32_t PriceBookOfCell(const Statement& row, int at) {
  if (row.IsNull(at)) return 0;
  const int64_t oldest = row.Integer(at);
  const int64_t newest = row.Integer(at + 1);
  const bool repriced = !row.IsNull(at + 2) && row.Integer(at + 2) == newest;
  const bool one = newest > 0 && oldest != 0 && (oldest == newest || repriced);
  return one ? static_cast<uint32_t>(newest) : 0;
}

constexpr int kInferenceCount = static_cast<int>(kInferenceColumns.size());

bool IsOneResult(const BenchmarkRow& a, const BenchmarkRow& b) {
  return a.model == b.model && a.benchmark == b.benchmark && a.version == b.version &&
         a.date_unix_seconds == b.date_unix_seconds && a.source == b.source;
}

BookedResultCell ResultAt(const Statement& row) {
  BookedResultCell cell{.row = {.model = row.Text(0),
                                .family = row.Text(1),
                                .benchmark = row.Text(2),
                                .version = row.Text(3),
                                .date_unix_seconds = row.Integer(4),
                                .source = row.Text(5),
                                .score = std::nullopt},
                        .corrections = row.Integer(7) == 0 ? 0 : 1};
  if (!row.IsNull(6)) cell.row.score = row.Real(6);
  return cell;
}

constexpr std::string_view kCorrectionColumns =
    "SELECT kind, source, correction, reason, identity, booked_unix_nanos, "
    "window_start_unix_nanos, window_length_nanos, correction_row, "
    "(SELECT coalesce(sum(t.h100e_seconds), 0) FROM training_days AS t "
    "WHERE kind = 'training' AND t.correction_row = c.correction_row "
    "AND t.day_start >= c.window_start_unix_nanos / 1000000000 - 86400 "
    "AND t.day_start <= (c.window_start_unix_nanos + c.window_length_nanos) / 1000000000), "
    "(SELECT count(*) FROM benchmark_results AS b "
    "WHERE kind = 'benchmarks' AND b.correction_row = c.correction_row)";
constexpr std::string_view kCorrectionsWhere =
    " FROM outcome_corrections AS c JOIN outcome_sources USING (source_row) "
    "WHERE booked_unix_nanos >= ?1 AND booked_unix_nanos < ?2 AND (?3 = '' OR kind = ?3) "
    "AND (?4 = '' OR source = ?4)";

absl::Status ReadInferenceOf(Database& ledger, int64_t correction_row, CorrectionEntry* entry) {
  // The days of its window alone, since the table is found by the day.
  const int64_t from = entry->window_start_unix_nanos / kNanosPerSecond - kSecondsPerDay;
  const int64_t to =
      (entry->window_start_unix_nanos + entry->window_length_nanos) / kNanosPerSecond;
  return ReadRows(
      ledger,
      fmt::format("SELECT {} FROM inference_days AS i WHERE correction_row = ?1 "
                  "AND day_start >= ?2 AND day_start <= ?3",
                  SumsOf("i")),
      [&](const Statement& row) {
        entry->inference = InferenceAt(row, 0);
        return absl::OkStatus();
      },
      correction_row, from, to);
}

// Each result of a correction, with what the rows before it said last.
absl::Status ReadScoresOf(Database& ledger, int64_t correction_row, CorrectionEntry* entry) {
  return ReadRows(
      ledger,
      "SELECT model, family, benchmark, version, date_start, measured_by, score, correction_row, "
      "(SELECT p.score FROM benchmark_results AS p WHERE p.model = b.model "
      "AND p.benchmark = b.benchmark AND p.version = b.version AND p.date_start = b.date_start "
      "AND p.measured_by = b.measured_by AND p.result_row < b.result_row "
      "ORDER BY p.result_row DESC LIMIT 1) "
      "FROM benchmark_results AS b WHERE correction_row = ?1 ORDER BY result_row",
      [&](const Statement& row) {
        CorrectedScore& score = entry->scores.emplace_back();
        score.after = ResultAt(row).row;
        if (!row.IsNull(8)) score.before = row.Real(8);
        return absl::OkStatus();
      },
      correction_row);
}

}  // namespace

absl::StatusOr<WindowSet> ReadCountedTime(Database& ledger, OutcomeKind kind,
                                          const std::string& source) {
  WindowSet windows;
  const absl::Status status = ReadRows(
      ledger,
      "SELECT counted_from_unix_nanos, counted_to_unix_nanos, gaps "
      "FROM outcome_sources WHERE kind = ?1 AND source = ?2",
      [&](const Statement& row) -> absl::Status {
        auto gaps = ParseGaps(row.Text(2));
        if (!gaps.ok()) return gaps.status();
        windows = WindowSet({row.Integer(0), row.Integer(1)}, *std::move(gaps));
        return absl::OkStatus();
      },
      Name(kind), source);
  if (!status.ok()) return status;
  return windows;
}

absl::StatusOr<std::vector<BookedInferenceCell>> ReadBookedInference(Database& ledger,
                                                                     const std::string& source,
                                                                     DaySpan span) {
  std::vector<BookedInferenceCell> cells;
  const absl::Status status = ReadRows(
      ledger,
      fmt::format("SELECT {}, day_start, model, customer_tier, pool, workload, {}, {} "
                  "FROM inference_days AS i JOIN segment_totals USING (segment_id) "
                  "JOIN inference_servers USING (server_id) WHERE {} "
                  "GROUP BY day_start, segment_id, server_id ORDER BY day_start",
                  SumsOf("i"), kCorrectionsOfCell, kPriceBooksOfCell, kOfSource),
      [&](const Statement& row) {
        const int at = kInferenceCount;
        cells.push_back({.day = row.Integer(at),
                         .model = row.Text(at + 1),
                         .customer_tier = row.Text(at + 2),
                         .pool = row.Text(at + 3),
                         .workload = row.Text(at + 4),
                         .amounts = InferenceAt(row, 0),
                         .corrections = row.Integer(at + 5),
                         .price_book_version = PriceBookOfCell(row, at + 6)});
        return absl::OkStatus();
      },
      Name(OutcomeKind::kInference), source, span.from_day, span.to_day);
  if (!status.ok()) return status;
  return cells;
}

absl::StatusOr<std::vector<BookedTrainingCell>> ReadBookedTraining(Database& ledger,
                                                                   const std::string& source,
                                                                   DaySpan span) {
  std::vector<BookedTrainingCell> cells;
  const absl::Status status = ReadRows(
      ledger,
      fmt::format("SELECT day_start, model, family, run, phase, pool, sum(d.h100e_seconds), {} "
                  "FROM training_days AS d JOIN training_totals USING (training_id) WHERE {} "
                  "GROUP BY day_start, training_id, family, pool ORDER BY day_start",
                  kCorrectionsOfCell, kOfSource),
      [&](const Statement& row) -> absl::Status {
        const auto phase = ParseTrainingPhase(row.Text(4));
        if (!phase.ok()) return phase.status();
        cells.push_back({.day = row.Integer(0),
                         .row = {.model = row.Text(1),
                                 .family = row.Text(2),
                                 .run = row.Text(3),
                                 .phase = *phase,
                                 .h100e_seconds = row.Integer(6),
                                 .pool = row.Text(5)},
                         .corrections = row.Integer(7)});
        return absl::OkStatus();
      },
      Name(OutcomeKind::kTraining), source, span.from_day, span.to_day);
  if (!status.ok()) return status;
  return cells;
}

absl::StatusOr<std::vector<BookedResultCell>> ReadBookedResults(Database& ledger, DaySpan span) {
  std::vector<BookedResultCell> cells;
  // In the order of the index, so that of each key the last row comes last.
  const absl::Status status = ReadRows(
      ledger,
      "SELECT model, family, benchmark, version, date_start, measured_by, score, correction_row "
      "FROM benchmark_results WHERE date_start >= ?1 AND date_start < ?2 "
      "ORDER BY model, benchmark, version, date_start, measured_by, result_row",
      [&](const Statement& row) {
        BookedResultCell cell = ResultAt(row);
        if (!cells.empty() && IsOneResult(cells.back().row, cell.row)) {
          cell.corrections += cells.back().corrections;
          cells.pop_back();
        }
        cells.push_back(std::move(cell));
        return absl::OkStatus();
      },
      span.from_day, span.to_day);
  if (!status.ok()) return status;
  return cells;
}

absl::StatusOr<CorrectionList> ReadCorrectionEntries(Database& ledger,
                                                     const CorrectionQuestion& question) {
  CorrectionList list;
  const std::string_view kind = question.kind ? Name(*question.kind) : std::string_view();
  std::vector<int64_t> rows;
  absl::Status status = ReadRows(
      ledger,
      fmt::format("{}{} ORDER BY correction_row DESC LIMIT ?5", kCorrectionColumns,
                  kCorrectionsWhere),
      [&](const Statement& row) -> absl::Status {
        const auto of = ParseOutcomeKind(row.Text(0));
        if (!of.ok()) return of.status();
        list.entries.push_back({.kind = *of,
                                .source = row.Text(1),
                                .note = {row.Text(2), row.Text(3)},
                                .identity = row.Text(4),
                                .booked_unix_nanos = row.Integer(5),
                                .window_start_unix_nanos = row.Integer(6),
                                .window_length_nanos = row.Integer(7),
                                .inference = {},
                                .h100e_seconds = row.Integer(9),
                                .results = row.Integer(10)});
        rows.push_back(row.Integer(8));
        return absl::OkStatus();
      },
      question.from_unix_nanos, question.to_unix_nanos, kind, question.source, question.limit);
  for (size_t i = 0; status.ok() && i < rows.size(); ++i) {
    CorrectionEntry& entry = list.entries[i];
    if (entry.kind == OutcomeKind::kInference) status = ReadInferenceOf(ledger, rows[i], &entry);
    if (entry.kind == OutcomeKind::kBenchmarks) status = ReadScoresOf(ledger, rows[i], &entry);
  }
  if (!status.ok()) return status;
  status = ReadRows(
      ledger, fmt::format("SELECT count(*){}", kCorrectionsWhere),
      [&](const Statement& row) {
        list.left_out = row.Integer(0) - static_cast<int64_t>(list.entries.size());
        return absl::OkStatus();
      },
      question.from_unix_nanos, question.to_unix_nanos, kind, question.source);
  if (!status.ok()) return status;
  return list;
}

}  // namespace fleetmeter
