#include "daemon/ctl/import/read_training.h"

#include <algorithm>
#include <cmath>

#include "absl/numeric/int128.h"
#include "daemon/base/calendar.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/domain/framework/economics.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr char kHours[] = "h100e_hours";
constexpr double kMaxHours = 1e15;  // sums of them stay numbers

// As an import cuts a run for the books: whole H100e-seconds, and what has passed of them by the
// end of each quarter is rounded down.
std::map<int64_t, double> ShareByTime(double hours, int64_t start, int64_t end) {
  const auto total = static_cast<int64_t>(std::round(hours * kSecondsPerHour));
  std::map<int64_t, double> by_quarter;
  int64_t told = 0;
  for (int64_t from = start; from < end;) {
    const int64_t next = QuarterOf(from / kNanosPerSecond, 1) * kNanosPerSecond;
    const int64_t to = std::min(next, end);
    const auto until = static_cast<int64_t>(absl::int128(total) * (to - start) / (end - start));
    by_quarter[QuarterAt(from / kNanosPerSecond)] =
        static_cast<double>(until - told) / kSecondsPerHour;
    told = until;
    from = to;
  }
  return by_quarter;
}

// Of a row, what tells one kind of file from another.
struct Columns {
  const ModelColumns& models;
  std::string start;
  const std::string& flop;
};

TrainingRow ReadRow(RowReader& reader, const Columns& columns,
                    const std::optional<framework::Training>& rule) {
  TrainingRow row;
  const auto hours = reader.OptionalNumber(kHours);
  const auto flop = reader.OptionalNumber(columns.flop);
  if (hours && flop) reader.Refuse(kHours, "expected either hours or FLOP");
  if (!hours && !flop) return row;
  if (flop && !rule) {
    reader.Refuse(columns.flop, "expected h100e_hours, or a framework that makes hours of FLOP");
    return row;
  }
  const double amount =
      hours ? *hours : framework::TrainingHours(*flop, rule->peak_flops, rule->mfu);
  if (amount < 0 || amount > kMaxHours) {
    reader.Refuse(hours ? std::string(kHours) : columns.flop, "expected 0 to 1e15 H100e-hours");
  }
  row.model = reader.Label(columns.models.model);
  row.h100e_hours = amount;
  const int64_t start = reader.Nanos(columns.start);
  const auto end = ReadEnd(reader, start);
  if (end && *end - start > kLongestOutcomeWindow) {
    reader.Refuse("end", "expected a time at most 366 days after the row's start");
  }
  if (!reader.ok()) return row;
  row.by_quarter = end ? ShareByTime(amount, start, *end)
                       : std::map<int64_t, double>{{QuarterAt(reader.Day(columns.start)), amount}};
  return row;
}

}  // namespace

absl::StatusOr<Rows<TrainingRow>> ReadTraining(CsvReader& csv, const ModelColumns& columns,
                                               const std::string& flop_column,
                                               const std::optional<framework::Training>& rule) {
  const std::string start =
      csv.Column("start") == CsvReader::kAbsent ? columns.date : std::string("start");
  absl::Status status = csv.CheckRenamed(
      {columns.model, columns.date, "start", "end", columns.family, kHours, flop_column});
  if (status.ok()) status = csv.RequireColumns({columns.model, start});
  if (!status.ok()) return status;
  if (csv.Column(kHours) == CsvReader::kAbsent && csv.Column(flop_column) == CsvReader::kAbsent) {
    return csv.WrongHeader(fmt::format("neither column {} nor column \"{}\" is there; expected one",
                                       kHours, flop_column));
  }
  auto rows = ReadRows<TrainingRow>(
      csv, [&](RowReader& reader) { return ReadRow(reader, {columns, start, flop_column}, rule); });
  std::erase_if(rows.rows, [](const TrainingRow& row) { return row.model.empty(); });
  return rows;
}

std::map<int64_t, double> HoursByQuarter(const std::vector<TrainingRow>& rows) {
  std::map<int64_t, double> hours;
  for (const TrainingRow& row : rows) {
    for (const auto& [quarter, part] : row.by_quarter) hours[quarter] += part;
  }
  return hours;
}

std::map<std::string, double> HoursByModel(const std::vector<TrainingRow>& rows,
                                           int64_t last_quarter) {
  std::map<std::string, double> hours;
  for (const TrainingRow& row : rows) {
    for (const auto& [quarter, part] : row.by_quarter) {
      if (quarter <= last_quarter) hours[row.model] += part;
    }
  }
  return hours;
}

}  // namespace fleetmeter::imports
