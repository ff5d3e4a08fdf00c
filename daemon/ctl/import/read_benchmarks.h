// Benchmark results of models, one result a row or one model a row.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/row_reader.h"
#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/capability.h"
#include "daemon/domain/report/outcome_report.h"

namespace fleetmeter::imports {

// What files of others call the columns.
struct ModelColumns {
  std::string model = "model";
  std::string date = "date";
  std::string family = "family";  // of models; optional
};

// The results on one row of a file.
struct ModelResults {
  int64_t line = 0;                   // from 1
  std::vector<BenchmarkRow> results;  // all of one model and day
  bool in_percent = false;            // one of them is written with a percent sign
};

// With a column "benchmark": a result a row, its score in "score", its benchmark by the suite's
// name; optional: version (of the benchmark) and source (who measured it). Without: a model a row,
// and a column for each benchmark that the suite gives a column name; empty fields are missing
// scores. Rows whose date is wrong or missing are refused: a result that is not known to belong to
// a day belongs to none. Refused are also scores that are off by a hundred: 85 in a suite from 0 to
// 1, and 0.85 in one from 25 to 100. Other columns are the publisher's own, and passed over.
// InvalidArgument if the file has none of the columns of the suite.
absl::StatusOr<Rows<ModelResults>> ReadBenchmarkRows(CsvReader& csv,
                                                     const outcomes::BenchmarkSuite& suite,
                                                     const ModelColumns& columns);

// The same by quarter, as capability is worked out from it.
absl::StatusOr<Rows<std::vector<outcomes::Result>>> ReadBenchmarks(
    CsvReader& csv, const outcomes::BenchmarkSuite& suite, const ModelColumns& columns);

// Year x 4 + quarter of the year - 1, as outcomes::Result counts.
int64_t QuarterAt(int64_t unix_seconds);

}  // namespace fleetmeter::imports
