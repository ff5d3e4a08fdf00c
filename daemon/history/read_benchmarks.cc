#include "daemon/history/read_benchmarks.h"

#include <algorithm>
#include <chrono>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::history {
namespace {

using outcomes::BenchmarkSuite;
using outcomes::Result;

constexpr int64_t kSecondsPerDay = 86'400;

// A score beyond the ceiling, or as far below the floor as the ceiling is above it, is of another
// unit: 85 where 0.85 was meant.
void CheckScore(RowReader& reader, std::string_view column, const outcomes::Benchmark& benchmark,
                double score) {
  const double place = (score - benchmark.floor) / (benchmark.ceiling - benchmark.floor);
  if (place >= -1 && place <= 1) return;
  reader.Refuse(column,
                fmt::format("expected a score from floor {:g} to ceiling {:g}, as the suite "
                            "has them",
                            benchmark.floor, benchmark.ceiling));
}

const outcomes::Benchmark* Find(const BenchmarkSuite& suite, std::string_view name) {
  const auto found =
      std::find_if(suite.benchmarks.begin(), suite.benchmarks.end(),
                   [&](const outcomes::Benchmark& benchmark) { return benchmark.name == name; });
  return found == suite.benchmarks.end() ? nullptr : &*found;
}

std::vector<Result> ReadLong(RowReader& reader, const BenchmarkSuite& suite,
                             const ModelColumns& columns) {
  Result result;
  result.model = reader.Label(columns.model);
  result.family = reader.OptionalLabel(columns.family);
  result.benchmark = reader.Label("benchmark");
  result.quarter = QuarterAt(reader.Time(columns.date));
  const auto score = reader.OptionalNumber("score");
  if (!score) reader.Refuse("score", "expected a number");
  const outcomes::Benchmark* benchmark = Find(suite, result.benchmark);
  if (benchmark == nullptr) {
    reader.Refuse("benchmark", fmt::format("expected one of suite {}", suite.name));
  } else if (score) {
    CheckScore(reader, "score", *benchmark, *score);
  }
  result.score = score.value_or(0);
  return {result};
}

std::vector<Result> ReadWide(RowReader& reader, const BenchmarkSuite& suite,
                             const ModelColumns& columns) {
  std::vector<Result> results;
  const std::string model = reader.Label(columns.model);
  for (const auto& [benchmark, column] : suite.columns) {
    if (const auto score = reader.OptionalNumber(column)) {
      CheckScore(reader, column, *Find(suite, benchmark), *score);
      results.push_back({.model = model, .benchmark = benchmark, .quarter = 0, .score = *score});
    }
  }
  if (results.empty()) return results;  // a model without scores needs no date either
  const int64_t quarter = QuarterAt(reader.Time(columns.date));
  const std::string family = reader.OptionalLabel(columns.family);
  for (Result& result : results) {
    result.quarter = quarter;
    result.family = family;
  }
  return results;
}

}  // namespace

int64_t QuarterAt(int64_t unix_seconds) {
  using namespace std::chrono;
  const year_month_day day{sys_days{days{unix_seconds / kSecondsPerDay}}};
  return int64_t{static_cast<int>(day.year())} * 4 + (static_cast<unsigned>(day.month()) - 1) / 3;
}

absl::StatusOr<Rows<std::vector<Result>>> ReadBenchmarks(CsvReader& csv,
                                                         const BenchmarkSuite& suite,
                                                         const ModelColumns& columns) {
  if (absl::Status status = csv.RequireColumns({columns.model, columns.date}); !status.ok()) {
    return status;
  }
  if (csv.Column("benchmark") != CsvReader::kAbsent) {
    if (absl::Status status = csv.RequireColumns({"score"}); !status.ok()) return status;
    return ReadRows<std::vector<Result>>(
        csv, [&](RowReader& reader) { return ReadLong(reader, suite, columns); });
  }
  std::vector<std::string> wanted = {"benchmark"};
  bool any = false;
  for (const auto& [benchmark, column] : suite.columns) {
    wanted.push_back(column);
    any |= csv.Column(column) != CsvReader::kAbsent;
  }
  if (!any) {
    return csv.WrongRecord(fmt::format("none of the columns {} is there; expected one of them",
                                       fmt::join(wanted, ", ")));
  }
  return ReadRows<std::vector<Result>>(
      csv, [&](RowReader& reader) { return ReadWide(reader, suite, columns); });
}

}  // namespace fleetmeter::history
