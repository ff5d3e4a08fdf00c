#include "daemon/ctl/import/read_benchmarks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "daemon/base/units.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::imports {
namespace {

using outcomes::BenchmarkSuite;
using outcomes::Result;

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

// "70.7%" is 0.707 of a benchmark from 0 to 1, and 70.7 of one from 0 to 100.
std::optional<double> ReadScore(RowReader& reader, const std::string& column,
                                const outcomes::Benchmark* benchmark) {
  std::string_view text = reader.Field(column);
  if (!text.ends_with('%')) return reader.OptionalNumber(column);
  text.remove_suffix(1);
  const auto percent = ParseNumber(text);
  if (!percent) {
    reader.Refuse(column, "expected a number");
    return std::nullopt;
  }
  const double most =
      benchmark == nullptr ? 1 : std::max(std::abs(benchmark->floor), std::abs(benchmark->ceiling));
  if (most > 100) {
    reader.Refuse(column, "expected a score without a percent sign: the suite's goes beyond 100");
  }
  return most > 1 ? *percent : *percent / 100;
}

const outcomes::Benchmark* Find(const BenchmarkSuite& suite, std::string_view name) {
  const auto found =
      std::find_if(suite.benchmarks.begin(), suite.benchmarks.end(),
                   [&](const outcomes::Benchmark& benchmark) { return benchmark.name == name; });
  return found == suite.benchmarks.end() ? nullptr : &*found;
}

std::vector<BenchmarkRow> ReadLong(RowReader& reader, const BenchmarkSuite& suite,
                                   const ModelColumns& columns) {
  BenchmarkRow result;
  result.model = reader.Label(columns.model);
  result.family = reader.OptionalLabel(columns.family);
  result.benchmark = reader.Label("benchmark");
  result.version = reader.OptionalLabel("version");
  result.source = reader.OptionalLabel("source");
  result.date_unix_seconds = reader.Day(columns.date);
  const outcomes::Benchmark* benchmark = Find(suite, result.benchmark);
  const auto score = ReadScore(reader, "score", benchmark);
  if (!score) reader.Refuse("score", "expected a number");
  if (benchmark == nullptr) {
    reader.Refuse("benchmark", fmt::format("expected one of suite {}", suite.name));
  } else if (score) {
    CheckScore(reader, "score", *benchmark, *score);
  }
  result.score = score.value_or(0);
  return {std::move(result)};
}

std::vector<BenchmarkRow> ReadWide(RowReader& reader, const BenchmarkSuite& suite,
                                   const ModelColumns& columns) {
  std::vector<BenchmarkRow> results;
  const std::string model = reader.Label(columns.model);
  for (const auto& [benchmark, column] : suite.columns) {
    if (const auto score = ReadScore(reader, column, Find(suite, benchmark))) {
      CheckScore(reader, column, *Find(suite, benchmark), *score);
      BenchmarkRow& result = results.emplace_back();
      result.model = model;
      result.benchmark = benchmark;
      result.score = score;
    }
  }
  if (results.empty()) return results;  // a model without scores needs no date either
  const int64_t day = reader.Day(columns.date);
  const std::string family = reader.OptionalLabel(columns.family);
  for (BenchmarkRow& result : results) {
    result.date_unix_seconds = day;
    result.family = family;
  }
  return results;
}

absl::Status CheckColumns(const CsvReader& csv, const BenchmarkSuite& suite,
                          const ModelColumns& columns) {
  std::vector<std::string_view> known = {columns.model, columns.date, columns.family, "benchmark",
                                         "score",       "version",    "source"};
  for (const auto& [benchmark, column] : suite.columns) known.push_back(column);
  if (absl::Status status = csv.CheckRenamed(known); !status.ok()) return status;
  absl::Status status = csv.RequireColumns({columns.model, columns.date});
  if (!status.ok()) return status;
  if (csv.Column("benchmark") != CsvReader::kAbsent) return csv.RequireColumns({"score"});
  std::vector<std::string> wanted = {"benchmark"};
  for (const auto& [benchmark, column] : suite.columns) {
    if (csv.Column(column) != CsvReader::kAbsent) return absl::OkStatus();
    wanted.push_back(column);
  }
  return csv.WrongHeader(fmt::format("none of the columns {} is there; expected one of them",
                                     fmt::join(wanted, ", ")));
}

}  // namespace

int64_t QuarterAt(int64_t unix_seconds) {
  using namespace std::chrono;
  const year_month_day day{sys_days{days{unix_seconds / kSecondsPerDay}}};
  return int64_t{static_cast<int>(day.year())} * 4 + (static_cast<unsigned>(day.month()) - 1) / 3;
}

absl::StatusOr<Rows<ModelResults>> ReadBenchmarkRows(CsvReader& csv, const BenchmarkSuite& suite,
                                                     const ModelColumns& columns) {
  if (absl::Status status = CheckColumns(csv, suite, columns); !status.ok()) return status;
  const bool one_result_a_row = csv.Column("benchmark") != CsvReader::kAbsent;
  return ReadRows<ModelResults>(csv, [&](RowReader& reader) {
    return ModelResults{csv.line(), one_result_a_row ? ReadLong(reader, suite, columns)
                                                     : ReadWide(reader, suite, columns)};
  });
}

absl::StatusOr<Rows<std::vector<Result>>> ReadBenchmarks(CsvReader& csv,
                                                         const BenchmarkSuite& suite,
                                                         const ModelColumns& columns) {
  auto read = ReadBenchmarkRows(csv, suite, columns);
  if (!read.ok()) return read.status();
  Rows<std::vector<Result>> out;
  out.refused = std::move(read->refused);
  for (ModelResults& model : read->rows) {
    std::vector<Result>& results = out.rows.emplace_back();
    for (BenchmarkRow& row : model.results) {
      results.push_back({.model = std::move(row.model),
                         .benchmark = std::move(row.benchmark),
                         .quarter = QuarterAt(row.date_unix_seconds),
                         .score = row.score.value_or(0),
                         .family = std::move(row.family)});
    }
  }
  return out;
}

}  // namespace fleetmeter::imports
