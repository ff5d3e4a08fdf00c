#include "daemon/ctl/import/usage_reports.h"

#include <optional>
#include <utility>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/ctl/import/named_days.h"
#include "daemon/ctl/import/usage_windows.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using imports::RowReader;

constexpr int64_t kMillion = 1'000'000;
constexpr AmountUnit kInHours = {"hours", kNanosPerHour};
constexpr AmountUnit kInSeconds = {"seconds", kNanosPerSecond};

// A column of chip-time: in hours or in seconds, as the file has it, or in what it is said to be.
struct AmountColumn {
  const char* name;
  AmountUnit unit = kInHours;

  std::string Expected() const {
    return fmt::format("expected {} from 0 to {}, with a decimal point if any", unit.name,
                       INT64_MAX / unit.nanos);
  }
};

struct AmountColumns {
  AmountColumn chip = {"chip_hours"};
  AmountColumn busy = {"busy_chip_hours"};
  AmountColumn productive = {"productive_chip_hours"};
};

absl::Status CheckColumns(const CsvReader& csv, const UsageRules& rules) {
  const std::vector<std::string_view> known = {"start",
                                               "end",
                                               "length",
                                               "source",
                                               "chip",
                                               "state",
                                               "pool",
                                               "team",
                                               "workload",
                                               "workload_type",
                                               "model",
                                               "run",
                                               "signal",
                                               "chip_hours",
                                               "busy_chip_hours",
                                               "productive_chip_hours",
                                               "chip_seconds",
                                               "busy_chip_seconds",
                                               "productive_chip_seconds"};
  absl::Status columns = csv.CheckRenamed(known);
  if (columns.ok()) columns = csv.RequireColumns({"start", "chip"});
  if (columns.ok()) columns = csv.RefuseOtherColumns(known);
  if (!columns.ok()) return columns;
  const bool has_end = csv.Column("end") != CsvReader::kAbsent;
  if (has_end == (csv.Column("length") != CsvReader::kAbsent)) {
    return csv.WrongHeader("expected one of the columns end and length");
  }
  if (csv.Column("source") == CsvReader::kAbsent && rules.source.empty()) {
    return csv.WrongHeader("column source is missing; expected it, or --source");
  }
  return absl::OkStatus();
}

// Takes the column of seconds where there is one.
absl::Status Choose(const CsvReader& csv, const char* seconds, bool required,
                    AmountColumn* column) {
  const bool has_hours = csv.Column(column->name) != CsvReader::kAbsent;
  const bool has_seconds = csv.Column(seconds) != CsvReader::kAbsent;
  if ((has_hours && has_seconds) || (required && !has_hours && !has_seconds)) {
    return csv.WrongHeader(fmt::format("{} of the columns {} and {}; expected one of them",
                                       has_hours ? "the file has both" : "the file has none",
                                       column->name, seconds));
  }
  if (has_seconds) *column = {seconds, kInSeconds};
  return absl::OkStatus();
}

absl::StatusOr<AmountColumns> ChooseAmounts(const CsvReader& csv, const UsageRules& rules) {
  AmountColumns columns;
  absl::Status chosen = Choose(csv, "chip_seconds", true, &columns.chip);
  if (chosen.ok()) chosen = Choose(csv, "busy_chip_seconds", false, &columns.busy);
  if (chosen.ok()) chosen = Choose(csv, "productive_chip_seconds", false, &columns.productive);
  if (!chosen.ok()) return chosen;
  for (AmountColumn* column : {&columns.chip, &columns.busy, &columns.productive}) {
    column->unit = rules.unit.value_or(column->unit);
  }
  return columns;
}

void ReadWindow(RowReader& reader, UsageRow& row) {
  row.start = reader.Nanos("start");
  if (!reader.Field("end").empty()) {
    row.end = ReadEnd(reader, row.start).value_or(0);
    if (reader.ok() && row.end - row.start > kLongestOutcomeWindow) {
      reader.Refuse("end", "expected a time at most 366 days after the row's start");
    }
    return;
  }
  const auto length = ParseDuration(reader.Field("length"));
  if (!length || *length <= 0 || *length > kLongestOutcomeWindow) {
    reader.Refuse(reader.Field("length").empty() ? "end" : "length",
                  "expected an end, or a length such as 1h, at most 366 days");
    return;
  }
  row.end = row.start + *length;
}

ChipState ReadState(RowReader& reader) {
  const std::string_view field = reader.Field("state");
  if (field.empty()) return ChipState::kAssigned;
  for (const ChipState state : kChipStates) {
    if (field == Name(state)) return state;
  }
  reader.Refuse("state", "expected assigned, unassigned, unhealthy or reserved");
  return ChipState::kAssigned;
}

// What the daemon holds of an assignment and of chips without one.
void CheckAssignment(RowReader& reader, const UsageGroup& group, const AmountColumns& columns) {
  if (group.state == ChipState::kAssigned) {
    if (group.pool.empty()) reader.Refuse("pool", "expected a pool of assigned chips");
    if (group.team.empty()) reader.Refuse("team", "expected a team of assigned chips");
    return;
  }
  for (const char* column : {"team", "workload", "workload_type", "model", "run", "signal",
                             columns.busy.name, columns.productive.name}) {
    if (!reader.Field(column).empty()) {
      reader.Refuse(column, "expected nothing: only assigned chips have it");
    }
  }
}

std::optional<int64_t> ReadAmount(RowReader& reader, const AmountColumn& column) {
  return reader.OptionalScaled(column.name, column.unit.nanos, column.Expected());
}

// What programs add up as doubles may be more than all by a last digit: by at most a millionth it
// is taken for all, as it is of a live reading.
void CheckAtMostChipTime(RowReader& reader, const AmountColumn& column,
                         std::optional<int64_t>& nanos, const AmountColumns& columns,
                         int64_t chip_nanos) {
  if (nanos.value_or(0) <= chip_nanos) return;
  if (*nanos - chip_nanos > chip_nanos / kMillion) {
    reader.Refuse(column.name, fmt::format("expected at most {}", columns.chip.name));
  }
  nanos = chip_nanos;
}

void ReadAmounts(RowReader& reader, const AmountColumns& columns, UsageGroup& group) {
  if (reader.Field(columns.chip.name).empty()) {
    reader.Refuse(columns.chip.name, columns.chip.Expected());
  }
  group.chip_nanos = ReadAmount(reader, columns.chip).value_or(0);
  group.busy_chip_nanos = ReadAmount(reader, columns.busy);
  group.productive_chip_nanos = ReadAmount(reader, columns.productive);
  if (group.state != ChipState::kAssigned) return;
  // A cell that is empty is time that the signal has not measured, and not time that was idle.
  if (reader.HasColumn(columns.busy.name) && !group.busy_chip_nanos &&
      !group.productive_chip_nanos) {
    group.signal = kAllocatedOnly;
  }
  const bool measured = !group.signal.empty() && group.signal != kAllocatedOnly;
  if (!measured && (group.busy_chip_nanos || group.productive_chip_nanos)) {
    reader.Refuse("signal", "expected the name of what measured the busy time");
  }
  if (measured && !group.busy_chip_nanos) {
    reader.Refuse(columns.busy.name, "expected what the signal measured");
  }
  if (group.signal.empty()) group.signal = kAllocatedOnly;
  CheckAtMostChipTime(reader, columns.busy, group.busy_chip_nanos, columns, group.chip_nanos);
  CheckAtMostChipTime(reader, columns.productive, group.productive_chip_nanos, columns,
                      group.chip_nanos);
}

class UsagePlanner {
 public:
  UsagePlanner(const UsageRules& rules, const AmountColumns& columns)
      : rules_(rules), columns_(columns), rows_(rules.memory) {
    plan_.amounts.chip_column = columns.chip.name;
    plan_.amounts.busy_column = columns.busy.name;
    plan_.amounts.unit_nanos = columns.chip.unit.nanos;
    plan_.amounts.busy_unit_nanos = columns.busy.unit.nanos;
  }

  absl::StatusOr<ImportBatch> Plan(CsvReader& csv) {
    has_source_ = csv.Column("source") != CsvReader::kAbsent;
    absl::Status status;
    ReadInto(csv, plan_, [&](RowReader& reader, int64_t line) {
      UsageRow row = ReadRow(reader);
      row.line = line;
      if (!reader.ok() || !status.ok()) return;
      ReadDays(reader, row);
      NoteDays(row);
      plan_.amounts.Hear(row.end - row.start, row.group.chip_nanos,
                         row.group.busy_chip_nanos.value_or(0));
      plan_.amounts.jobs.Hear(row.group.workload);
      status = rows_.Add(row);
    });
    if (status.ok()) status = csv.read_status();
    if (status.ok() && all_name_days_ && some_move_) {
      status = AddMoved();
    } else if (status.ok()) {
      status = rows_.AddReports(rules_.on_arranged, &plan_);
    }
    if (!status.ok()) return status;
    plan_.Finish();
    return std::move(plan_);
  }

 private:
  static void ReadDays(const RowReader& reader, UsageRow& row) {
    row.start_day = reader.BegunDay("start");
    row.end_day = reader.BegunDay("end");
    const int64_t length = row.end - row.start;
    if (reader.Field("end").empty() && row.start_day && length % kDay == 0) {
      row.end_day = *row.start_day + length;
    }
  }

  void NoteDays(const UsageRow& row) {
    if (!row.start_day || !row.end_day || *row.end_day <= *row.start_day) {
      all_name_days_ = false;
      return;
    }
    some_move_ = some_move_ || row.start != MomentOf(rules_.zone, *row.start_day) ||
                 row.end != MomentOf(rules_.zone, *row.end_day);
  }

  // To the days that the rows name: the books have those of another zone, and the rows may be in
  // another order then.
  absl::Status AddMoved() {
    UsageWindows moved(rules_.memory);
    absl::Status status = rows_.ForEach([&](UsageRow row) {
      row.start = MomentOf(rules_.zone, *row.start_day);
      row.end = MomentOf(rules_.zone, *row.end_day);
      return moved.Add(row);
    });
    return status.ok() ? moved.AddReports(rules_.on_arranged, &plan_) : status;
  }

  UsageRow ReadRow(RowReader& reader) {
    UsageRow row;
    ReadWindow(reader, row);
    row.source = has_source_ ? reader.Label("source") : rules_.source;
    UsageGroup& group = row.group;
    group.chip = reader.Label("chip");
    group.state = ReadState(reader);
    group.pool = reader.OptionalLabel("pool");
    group.team = reader.OptionalLabel("team");
    group.workload = reader.OptionalLabel("workload");
    group.workload_type = reader.OptionalLabel("workload_type");
    group.model = reader.OptionalLabel("model");
    group.run = reader.OptionalLabel("run");
    group.signal = reader.OptionalLabel("signal");
    CheckAssignment(reader, group, columns_);
    ReadAmounts(reader, columns_, group);
    return row;
  }

  const UsageRules& rules_;
  const AmountColumns& columns_;
  bool has_source_ = false;
  UsageWindows rows_;
  bool all_name_days_ = true;
  bool some_move_ = false;  // where the days that they name are not theirs in the books' zone
  ImportBatch plan_;
};

}  // namespace

absl::StatusOr<ImportBatch> MakeUsageReports(CsvReader& csv, const UsageRules& rules) {
  if (absl::Status status = CheckColumns(csv, rules); !status.ok()) return status;
  const auto columns = ChooseAmounts(csv, rules);
  if (!columns.ok()) return columns.status();
  return UsagePlanner(rules, *columns).Plan(csv);
}

}  // namespace fleetmeter::imports
