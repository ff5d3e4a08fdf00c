// Benchmark results, one report each: a result that is in the books already does not keep the
// others out.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/read_benchmarks.h"
#include "daemon/domain/outcomes/benchmark_suite.h"

namespace fleetmeter::imports {

struct BenchmarkRules {
  std::string source;  // who reports them; who measured them is a column
  imports::ModelColumns columns;
};

// Forms and columns as history/read_benchmarks.h has them. Of two results with the same model,
// benchmark, version, date and source the second is refused. In the file's order.
absl::StatusOr<ImportBatch> MakeBenchmarksReports(CsvReader& csv,
                                                  const outcomes::BenchmarkSuite& suite,
                                                  const BenchmarkRules& rules);

}  // namespace fleetmeter::imports
