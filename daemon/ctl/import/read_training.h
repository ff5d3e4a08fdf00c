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
  double h100e_hours = 0;
  std::map<int64_t, double> by_quarter = {};  // they add up to it
};

// Columns: model, date (or start), and h100e_hours or a column of FLOP, which become hours by the
// framework's rule: FLOP / (peak FLOP an hour x MFU); optional: end. Rows without either are passed
// over: not every publisher tells. FLOP without a rule are refused.
//
// The hours of a row with an end are shared by time over the quarters that it has, as an import
// shares them for the books; without an end they count for the quarter of its date.
absl::StatusOr<Rows<TrainingRow>> ReadTraining(CsvReader& csv, const ModelColumns& columns,
                                               const std::string& flop_column,
                                               const std::optional<framework::Training>& rule);

// Of all rows, and of each model up to the end of a quarter.
std::map<int64_t, double> HoursByQuarter(const std::vector<TrainingRow>& rows);
std::map<std::string, double> HoursByModel(const std::vector<TrainingRow>& rows,
                                           int64_t last_quarter);

}  // namespace fleetmeter::imports
