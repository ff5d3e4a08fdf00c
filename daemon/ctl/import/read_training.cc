#include "daemon/ctl/import/read_training.h"

#include "daemon/domain/framework/economics.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

constexpr char kHours[] = "h100e_hours";
constexpr double kMaxHours = 1e15;  // sums of them stay numbers

TrainingRow ReadRow(RowReader& reader, const ModelColumns& columns, const std::string& flop_column,
                    const std::optional<framework::Training>& rule) {
  TrainingRow row;
  const auto hours = reader.OptionalNumber(kHours);
  const auto flop = reader.OptionalNumber(flop_column);
  if (hours && flop) reader.Refuse(kHours, "expected either hours or FLOP");
  if (!hours && !flop) return row;
  if (flop && !rule) {
    reader.Refuse(flop_column, "expected h100e_hours, or a framework that makes hours of FLOP");
    return row;
  }
  const double amount =
      hours ? *hours : framework::TrainingHours(*flop, rule->peak_flops, rule->mfu);
  if (amount < 0 || amount > kMaxHours) {
    reader.Refuse(hours ? std::string(kHours) : flop_column, "expected 0 to 1e15 H100e-hours");
  }
  row.model = reader.Label(columns.model);
  row.quarter = QuarterAt(reader.Day(columns.date));
  row.h100e_hours = amount;
  return row;
}

}  // namespace

absl::StatusOr<Rows<TrainingRow>> ReadTraining(CsvReader& csv, const ModelColumns& columns,
                                               const std::string& flop_column,
                                               const std::optional<framework::Training>& rule) {
  absl::Status status =
      csv.CheckRenamed({columns.model, columns.date, columns.family, kHours, flop_column});
  if (status.ok()) status = csv.RequireColumns({columns.model, columns.date});
  if (!status.ok()) return status;
  if (csv.Column(kHours) == CsvReader::kAbsent && csv.Column(flop_column) == CsvReader::kAbsent) {
    return csv.WrongHeader(fmt::format("neither column {} nor column \"{}\" is there; expected one",
                                       kHours, flop_column));
  }
  auto rows = ReadRows<TrainingRow>(
      csv, [&](RowReader& reader) { return ReadRow(reader, columns, flop_column, rule); });
  std::erase_if(rows.rows, [](const TrainingRow& row) { return row.model.empty(); });
  return rows;
}

std::map<int64_t, double> HoursByQuarter(const std::vector<TrainingRow>& rows) {
  std::map<int64_t, double> hours;
  for (const TrainingRow& row : rows) hours[row.quarter] += row.h100e_hours;
  return hours;
}

}  // namespace fleetmeter::imports
