// What the ledger holds of one source of outcomes, and which corrections there are: what a
// correction is worked out from, and how it is looked up afterwards. Spans and days as in
// read_outcomes.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/report/outcome_report.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Which time a source has reported. Empty: none, as for benchmarks.
absl::StatusOr<WindowSet> ReadCountedTime(Database& ledger, OutcomeKind kind,
                                          const std::string& source);

// A sum of the books with all of its corrections, and how many there were.
struct BookedInferenceCell {
  int64_t day = 0;
  std::string model;
  std::string customer_tier;
  std::string pool;
  std::string workload;
  InferenceAmounts amounts;
  int64_t corrections = 0;
  uint32_t price_book_version = 0;  // that said all of the revenue; 0: none did, or more than one
};
absl::StatusOr<std::vector<BookedInferenceCell>> ReadBookedInference(Database& ledger,
                                                                     const std::string& source,
                                                                     DaySpan span);

struct BookedTrainingCell {
  int64_t day = 0;
  TrainingRow row;  // of the day
  int64_t corrections = 0;
};
absl::StatusOr<std::vector<BookedTrainingCell>> ReadBookedTraining(Database& ledger,
                                                                   const std::string& source,
                                                                   DaySpan span);

// Of all sources, by the dates of results. The row is as it stands; without a score it is
// withdrawn.
struct BookedResultCell {
  BenchmarkRow row;
  int64_t corrections = 0;
};
absl::StatusOr<std::vector<BookedResultCell>> ReadBookedResults(Database& ledger, DaySpan span);

struct CorrectionQuestion {
  int64_t from_unix_nanos = 0;  // booked; half-open
  int64_t to_unix_nanos = INT64_MAX;
  std::optional<OutcomeKind> kind;  // nothing: all
  std::string source;               // empty: all
  int64_t limit = 1'000;
};
// A benchmark's result before and after a correction. Nothing: withdrawn, or not there before.
struct CorrectedScore {
  BenchmarkRow after;
  std::optional<double> before;
};
// One correction: who booked it, when and why, and by how much it changed the books.
struct CorrectionEntry {
  OutcomeKind kind = OutcomeKind::kInference;
  std::string source;
  CorrectionNote note;
  std::string identity;
  int64_t booked_unix_nanos = 0;
  int64_t window_start_unix_nanos = 0;
  int64_t window_length_nanos = 0;
  InferenceAmounts inference;
  int64_t h100e_seconds = 0;
  int64_t results = 0;
  std::vector<CorrectedScore> scores = {};  // of benchmarks
};
struct CorrectionList {
  std::vector<CorrectionEntry> entries;  // the latest first
  int64_t left_out = 0;                  // beyond the limit
};
absl::StatusOr<CorrectionList> ReadCorrectionEntries(Database& ledger,
                                                     const CorrectionQuestion& question);

}  // namespace fleetmeter
