// What the ledger knows of outcomes, added up over days. For whoever works out margins and
// capability from it; `ledger` may be a connection that only reads.
//
// A day is one of the ledger's zone, named by midnight UTC of its date (base/day_zone.h); spans are
// half-open. Amounts count
// for the day they belong to, on whatever day they were booked. Who asks several questions of one
// state of the books asks them within a transaction (BEGIN, ROLLBACK).
//
// The names of a pool's day are limited (see model_usage_tables.h): chip-time beyond them has no
// model, and the run "overflow" outside inference.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/fleet/ratio.h"
#include "daemon/ledger/outcome_books.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

struct DaySpan {
  int64_t from_day = 0;
  int64_t to_day = 0;

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

// Chip-time of pools of the category inference. `model` as the usage reports gave it; where they
// gave none, `pool` and `workload` say whose it was ("" when there are too many workloads to tell
// apart).
struct ServingSum {
  std::string model;
  std::string pool;
  std::string workload;  // only where model is empty
  std::string chip;
  // As the catalog said when it was booked; nothing: it named no price.
  std::optional<int64_t> micro_usd_per_chip_hour;
  UsageAmounts amounts;  // chip-nanoseconds
};
absl::StatusOr<std::vector<ServingSum>> ReadServing(Database& ledger, DaySpan span,
                                                    const CountedDays& counted = {});

// Of all that was ever booked, without what was brought as history: what counters are made of.
absl::StatusOr<std::vector<ServingSum>> ReadServingTotals(Database& ledger);

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

// Training as usage reports told it: chip-time outside the category inference that names a run, by
// day, in H100e-nanoseconds, each conversion's sum rounded to the nearest. Runs that any training
// report ever named are not among them.
struct MeasuredTraining {
  int64_t day = 0;
  std::string model;  // may be empty
  std::string run;
  std::string workload_type;
  UsageAmounts h100e;
};
absl::StatusOr<std::vector<MeasuredTraining>> ReadMeasuredTraining(Database& ledger, DaySpan span);

// Of all that was ever booked, without what was brought as history; `day` is 0.
absl::StatusOr<std::vector<MeasuredTraining>> ReadMeasuredTrainingTotals(Database& ledger);

// Every result as it stands, ascending by model, benchmark, version, date and source; withdrawn
// ones are not among them.
absl::StatusOr<std::vector<BenchmarkRow>> ReadBenchmarks(Database& ledger);

// The newest version of a price book that gave a revenue; 0: none did.
absl::StatusOr<int64_t> ReadNewestPriceBook(Database& ledger);

// The days from the first to the last that anything was served, trained or measured on, as far as
// the functions above tell; nothing: there is none.
absl::StatusOr<std::optional<DaySpan>> ReadOutcomeDays(Database& ledger);

}  // namespace fleetmeter
