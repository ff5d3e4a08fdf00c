#include "daemon/ctl/import/read_benchmarks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/units.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::imports {
namespace {

using outcomes::BenchmarkSuite;
using outcomes::Result;

constexpr double kPercent = 100;

// From 0 to 1, as opposed to percent.
bool IsOfFractions(const outcomes::Benchmark& benchmark) {
  return std::max(std::abs(benchmark.floor), std::abs(benchmark.ceiling)) <= 1;
}

bool IsOfPercent(const outcomes::Benchmark& benchmark) {
  return !IsOfFractions(benchmark) && benchmark.floor >= 0 && benchmark.ceiling <= kPercent;
}

bool Between(const outcomes::Benchmark& benchmark, double score) {
  const double place = (score - benchmark.floor) / (benchmark.ceiling - benchmark.floor);
  return place >= -1 && place <= 1;
}

// Of benchmarks from 0 to 1 and from 0 to 100.
double OnePercent(const outcomes::Benchmark& benchmark) {
  return IsOfFractions(benchmark) ? 1 / kPercent : 1;
}

// Whether chance alone reaches more than a percent, and models reach more than chance. Where less
// is better, the floor lies above the ceiling.
bool ChanceReachesOnePercent(const outcomes::Benchmark& benchmark) {
  return benchmark.floor > OnePercent(benchmark) && benchmark.floor < benchmark.ceiling;
}

// Above this a score is more likely a percentage than a fraction that is a little too high: no
// benchmark measures models that reach 2 of 100.
constexpr double kLeastPercentage = 2;

// The score in the unit of the benchmark if it is likely of the other of the two; 0: it is not.
double InOtherUnit(const outcomes::Benchmark& benchmark, double score) {
  if (IsOfFractions(benchmark) && score >= kLeastPercentage &&
      Between(benchmark, score / kPercent)) {
    return score / kPercent;
  }
  if (score <= 0 || score > OnePercent(benchmark)) return 0;
  const bool likely =
      IsOfPercent(benchmark) || (IsOfFractions(benchmark) && ChanceReachesOnePercent(benchmark));
  return likely ? score * kPercent : 0;
}

// A score beyond the ceiling, or as far below the floor as the ceiling is above it, is of another
// unit: 85 where 0.85 was meant. So is one of less than a percent where chance alone reaches more,
// such as 0.8%, where 0.8 was formatted as a percentage. Where chance reaches next to nothing, 0.6
// of 100 may be what a weak model has, and where less is better, a strong one: see UnitWitness.
void CheckScore(RowReader& reader, std::string_view column, const outcomes::Benchmark& benchmark,
                double score) {
  const double other = InOtherUnit(benchmark, score);
  const bool surely =
      !Between(benchmark, score) || (other > 0 && ChanceReachesOnePercent(benchmark));
  if (!surely) return;
  const std::string expected =
      fmt::format("expected a score from floor {:g} to ceiling {:g}, as the suite has them",
                  benchmark.floor, benchmark.ceiling);
  reader.Refuse(column,
                other > 0 ? fmt::format("{}; it would be {:g} there", expected, other) : expected);
}

// "70.7%" is 0.707 of a benchmark from 0 to 1, and 70.7 of one from 0 to 100.
std::optional<double> ReadScore(RowReader& reader, const std::string& column,
                                const outcomes::Benchmark* benchmark) {
  const std::string number = reader.Number(column);  // with a decimal point, whatever the file has
  std::string_view text = number;
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
  if (most > 1) return percent;
  // As a decimal: "70.7%" is the number that "0.707" is, which 70.7 / 100 is not.
  const bool has_exponent = text.find_first_of("eE") != std::string_view::npos;
  return has_exponent ? *percent / 100 : ParseNumber(std::string(text) + "e-2");
}

bool HasPercentSign(const RowReader& reader, const BenchmarkSuite& suite, bool one_result_a_row) {
  if (one_result_a_row) return reader.Field("score").ends_with('%');
  return std::any_of(suite.columns.begin(), suite.columns.end(), [&](const auto& column) {
    return reader.Field(column.second).ends_with('%');
  });
}

const outcomes::Benchmark* Find(const BenchmarkSuite& suite, std::string_view name) {
  const auto found =
      std::find_if(suite.benchmarks.begin(), suite.benchmarks.end(),
                   [&](const outcomes::Benchmark& benchmark) { return benchmark.name == name; });
  return found == suite.benchmarks.end() ? nullptr : &*found;
}

std::vector<std::string> NamesOf(const BenchmarkSuite& suite) {
  std::vector<std::string> names;
  for (const outcomes::Benchmark& benchmark : suite.benchmarks) names.push_back(benchmark.name);
  return names;
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
    reader.Refuse("benchmark", fmt::format("expected one of suite {}{}", suite.name,
                                           DidYouMeanText(result.benchmark, NamesOf(suite))));
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

// What a file says of the unit of its scores. Of a benchmark from 0 to 100 that chance gets nothing
// of, 0.6 may be 0.6 percent or 60: a model that also has a score above 1 is in percent. So is a
// result that has a percent sign.
class UnitWitness {
 public:
  explicit UnitWitness(const BenchmarkSuite& suite) : suite_(suite) {}

  void Hear(const ModelResults& row) {
    for (const BenchmarkRow& result : row.results) {
      const bool above = result.score.value_or(0) > 1;
      if (above && IsOfPercent(*Find(suite_, result.benchmark))) in_percent_.insert(result.model);
    }
  }

  // Why the row may be of another unit.
  std::optional<std::string> Doubt(const ModelResults& row) const {
    for (const BenchmarkRow& result : row.results) {
      const outcomes::Benchmark& benchmark = *Find(suite_, result.benchmark);
      const double score = result.score.value_or(0);
      if (!IsOfPercent(benchmark) || InOtherUnit(benchmark, score) == 0) continue;
      if (row.in_percent || in_percent_.contains(result.model)) continue;
      return fmt::format(
          "{}: is {:g}, of {:g}; expected {:g}, or {:g}% with a percent sign if so little is "
          "meant: "
          "the model has no score above 1",
          result.benchmark, score, std::max(benchmark.floor, benchmark.ceiling), score * kPercent,
          score);
    }
    return std::nullopt;
  }

 private:
  const BenchmarkSuite& suite_;
  std::set<std::string> in_percent_;  // models
};

void RefuseDoubtful(const BenchmarkSuite& suite, Rows<ModelResults>& rows) {
  UnitWitness witness(suite);
  for (const ModelResults& row : rows.rows) witness.Hear(row);
  std::erase_if(rows.rows, [&](const ModelResults& row) {
    const auto doubt = witness.Doubt(row);
    if (doubt) rows.refused.push_back({row.line, *doubt});
    return doubt.has_value();
  });
  std::sort(rows.refused.begin(), rows.refused.end(),
            [](const RefusedRow& a, const RefusedRow& b) { return a.line < b.line; });
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
  auto rows = ReadRows<ModelResults>(csv, [&](RowReader& reader) {
    ModelResults row{.line = csv.line(), .results = {}};
    row.results =
        one_result_a_row ? ReadLong(reader, suite, columns) : ReadWide(reader, suite, columns);
    row.in_percent = HasPercentSign(reader, suite, one_result_a_row);
    return row;
  });
  RefuseDoubtful(suite, rows);
  return rows;
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
