// What models took to train, for times that the meter has not seen.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/day_zone.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::imports {

struct TrainingRules {
  std::string source;
  imports::ModelColumns columns;
  std::string flop_column = "flop";
  std::optional<framework::Training> rule;  // what makes hours of FLOP
  DayZone zone = {};                        // whose days the books have
};

// Columns: model, date (or start), and h100e_hours or FLOP, as in read_training.h;
// optional: end, family, run (else the model's name), phase ("pre" or "post"; else pre), pool. Rows
// with neither hours nor FLOP are passed over, other columns are the publisher's own. Hours become
// whole H100e-seconds, rounded to the nearest.
//
// One report a run, phase and window: a row without an end stands for the day that it names, and
// rows of one window are added up. Runs overlap in time, and windows of one source must not: a
// report's source is "SOURCE/RUN/PHASE".
absl::StatusOr<ImportBatch> MakeTrainingReports(CsvReader& csv, const TrainingRules& rules);

}  // namespace fleetmeter::imports
