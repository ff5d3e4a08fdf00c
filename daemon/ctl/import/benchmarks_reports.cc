#include "daemon/ctl/import/benchmarks_reports.h"

#include <map>
#include <tuple>
#include <utility>

#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using Key = std::tuple<std::string, std::string, std::string, int64_t, std::string>;

Key KeyOf(const BenchmarkRow& row) {
  return {row.model, row.benchmark, row.version, row.date_unix_seconds, row.source};
}

}  // namespace

absl::StatusOr<ImportBatch> MakeBenchmarksReports(CsvReader& csv,
                                                  const outcomes::BenchmarkSuite& suite,
                                                  const BenchmarkRules& rules) {
  auto rows = imports::ReadBenchmarkRows(csv, suite, rules.columns);
  if (!rows.ok()) return rows.status();
  ImportBatch plan;
  plan.rows = static_cast<int64_t>(rows->rows.size() + rows->refused.size());
  plan.refused = std::move(rows->refused);
  std::map<Key, int64_t> lines;
  for (imports::ModelResults& model : rows->rows) {
    if (model.results.empty()) ++plan.passed_over;
    for (BenchmarkRow& result : model.results) {
      const auto [it, is_new] = lines.emplace(KeyOf(result), model.line);
      if (!is_new) {
        plan.refused.push_back(
            {model.line, fmt::format("{}: line {} has a result of this model on that day already; "
                                     "expected one result, or another version or source",
                                     result.benchmark, it->second)});
        continue;
      }
      OutcomeReport report;
      report.kind = OutcomeKind::kBenchmarks;
      report.source = rules.source;
      report.benchmarks.push_back(std::move(result));
      plan.reports.push_back({std::move(report), LineSet(model.line)});
    }
  }
  plan.Finish();
  return plan;
}

}  // namespace fleetmeter::imports
