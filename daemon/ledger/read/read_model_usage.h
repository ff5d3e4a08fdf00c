// What the ledger knows of chip-time by what it served or trained, as usage reports told it. Days,
// spans and transactions as in read_outcomes.h.
//
// The names of a pool's day are limited (see model_usage_tables.h): chip-time beyond them has no
// model, and the run "overflow" outside inference.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/read/read_outcomes.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/usage_amounts.h"

namespace fleetmeter {

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

}  // namespace fleetmeter
