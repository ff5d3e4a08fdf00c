// What the ledger knows of outcomes, added up over days. For whoever works out margins and
// capability from it; `ledger` may be a connection that only reads.
//
// A day is one of the ledger's zone, named by midnight UTC of its date (base/day_zone.h); spans are
// half-open. Amounts count for the day they belong to, on whatever day they were booked. Who asks
// several questions of one state of the books asks them within a transaction (BEGIN, ROLLBACK).
// Chip-time by what it served is in read_model_usage.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct DaySpan {
  int64_t from_day = 0;
  int64_t to_day = 0;

  bool Has(int64_t day) const { return day >= from_day && day < to_day; }

  friend bool operator==(const DaySpan&, const DaySpan&) = default;
};

// Of which days of a span to count what models served and held. Who is not named counts with all.
struct CountedDays {
  std::map<std::string, DaySpan> of_model;
  std::map<std::string, DaySpan> of_pool;  // for chip-time without a model

  friend bool operator==(const CountedDays&, const CountedDays&) = default;
};

// One row a segment, ascending by model and tier; corrections included.
struct SegmentSum {
  std::string model;
  std::string customer_tier;
  InferenceAmounts amounts;
  int64_t requests_of_other_days = 0;  // of the span, on days of the model that do not count
};
absl::StatusOr<std::vector<SegmentSum>> ReadInference(Database& ledger, DaySpan span,
                                                      const CountedDays& counted = {});

// Which model inference reports named for a pool and workload ("" where they named a pool only),
// with what it served there, so that chips that several models share can be apportioned.
struct ServedBy {
  std::string pool;
  std::string workload;
  std::string model;
  InferenceAmounts amounts;
};
absl::StatusOr<std::vector<ServedBy>> ReadServedBy(Database& ledger, DaySpan span,
                                                   const CountedDays& counted = {});

// Training as reports told it, by day.
struct ReportedTraining {
  int64_t day = 0;
  std::string model;
  std::string family;
  std::string run;
  TrainingPhase phase = TrainingPhase::kPre;
  int64_t h100e_seconds = 0;
};
absl::StatusOr<std::vector<ReportedTraining>> ReadReportedTraining(Database& ledger, DaySpan span);

// Of all that was ever booked, corrections included, without what was brought as history; `day` is
// 0, and family and run are empty.
absl::StatusOr<std::vector<ReportedTraining>> ReadReportedTrainingTotals(Database& ledger);

// Every result as it stands, ascending by model, benchmark, version, date and source; withdrawn
// ones are not among them.
absl::StatusOr<std::vector<BenchmarkRow>> ReadBenchmarks(Database& ledger);

// The newest version of a price book that gave a revenue; 0: none did.
absl::StatusOr<int64_t> ReadNewestPriceBook(Database& ledger);

// The days from the first to the last that anything was served, trained or measured on, as far as
// the functions above tell; nothing: there is none.
absl::StatusOr<std::optional<DaySpan>> ReadOutcomeDays(Database& ledger);

}  // namespace fleetmeter
