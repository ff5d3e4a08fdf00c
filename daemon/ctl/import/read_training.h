// What models took to train, for times that the meter has not seen.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/ctl/import/row_reader.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::imports {

struct TrainingRow {
  std::string model;
  int64_t quarter = 0;
  double h100e_hours = 0;
};

// Columns: model, date, and h100e_hours or a column of FLOP, which become hours by the framework's
// rule: FLOP / (peak FLOP an hour x MFU). Rows without either are passed over: not every publisher
// tells. FLOP without a rule are refused. All of a model's hours count for the quarter of its date.
absl::StatusOr<Rows<TrainingRow>> ReadTraining(CsvReader& csv, const ModelColumns& columns,
                                               const std::string& flop_column,
                                               const std::optional<framework::Training>& rule);

std::map<int64_t, double> HoursByQuarter(const std::vector<TrainingRow>& rows);

}  // namespace fleetmeter::imports
