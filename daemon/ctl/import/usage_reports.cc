#include "daemon/ctl/import/usage_reports.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using imports::RowReader;

constexpr int64_t kMostChips = 10'000'000;  // of a report, as the daemon takes it
constexpr char kHoursExpected[] = "expected hours from 0 to 2562047, with a decimal point if any";

struct Row {
  int64_t start = 0;
  int64_t end = 0;
  std::string source;
  UsageGroup group;
};

struct Window {
  int64_t end = 0;
  std::vector<UsageGroup> groups;
  absl::int128 chip_nanos = 0;
  LineSet lines;
};

absl::Status CheckColumns(const CsvReader& csv, const UsageRules& rules) {
  absl::Status columns = csv.RequireColumns({"start", "chip", "chip_hours"});
  if (!columns.ok()) return columns;
  columns = csv.RefuseOtherColumns({"start", "end", "length", "source", "chip", "state", "pool",
                                    "team", "workload", "workload_type", "model", "run", "signal",
                                    "chip_hours", "busy_chip_hours", "productive_chip_hours"});
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

void ReadWindow(RowReader& reader, Row& row) {
  row.start = reader.Nanos("start");
  if (!reader.Field("end").empty()) {
    row.end = ReadEnd(reader, row.start).value_or(0);
    if (reader.ok() && row.end - row.start > kDay) {
      reader.Refuse("end", "expected a time at most a day after the row's start");
    }
    return;
  }
  const auto length = ParseDuration(reader.Field("length"));
  if (!length || *length <= 0 || *length > kDay) {
    reader.Refuse(reader.Field("length").empty() ? "end" : "length",
                  "expected an end, or a length such as 1h, at most a day");
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
void CheckAssignment(RowReader& reader, const UsageGroup& group) {
  if (group.state == ChipState::kAssigned) {
    if (group.pool.empty()) reader.Refuse("pool", "expected a pool of assigned chips");
    if (group.team.empty()) reader.Refuse("team", "expected a team of assigned chips");
    return;
  }
  for (const char* column : {"team", "workload", "workload_type", "model", "run", "signal",
                             "busy_chip_hours", "productive_chip_hours"}) {
    if (!reader.Field(column).empty()) {
      reader.Refuse(column, "expected nothing: only assigned chips have it");
    }
  }
}

void ReadHours(RowReader& reader, UsageGroup& group) {
  const auto hours = [&](const char* column) {
    return reader.OptionalScaled(column, kNanosPerHour, kHoursExpected);
  };
  if (reader.Field("chip_hours").empty()) reader.Refuse("chip_hours", kHoursExpected);
  group.chip_nanos = hours("chip_hours").value_or(0);
  group.busy_chip_nanos = hours("busy_chip_hours");
  group.productive_chip_nanos = hours("productive_chip_hours");
  if (group.state != ChipState::kAssigned) return;
  const bool measured = !group.signal.empty() && group.signal != kAllocatedOnly;
  if (!measured && (group.busy_chip_nanos || group.productive_chip_nanos)) {
    reader.Refuse("signal", "expected the name of what measured the busy hours");
  }
  if (measured && !group.busy_chip_nanos) {
    reader.Refuse("busy_chip_hours", "expected what the signal measured");
  }
  if (group.signal.empty()) group.signal = kAllocatedOnly;
  if (group.busy_chip_nanos.value_or(0) > group.chip_nanos) {
    reader.Refuse("busy_chip_hours", "expected at most chip_hours");
  }
  if (group.productive_chip_nanos.value_or(0) > group.chip_nanos) {
    reader.Refuse("productive_chip_hours", "expected at most chip_hours");
  }
}

class Planner {
 public:
  explicit Planner(const UsageRules& rules) : rules_(rules) {}

  absl::StatusOr<ImportBatch> Plan(CsvReader& csv) {
    if (absl::Status status = CheckColumns(csv, rules_); !status.ok()) return status;
    has_source_ = csv.Column("source") != CsvReader::kAbsent;
    ReadInto(csv, plan_, [&](RowReader& reader, int64_t line) {
      Row row = ReadRow(reader);
      if (reader.ok()) Take(reader, std::move(row), line);
    });
    for (auto& [place, window] : windows_) MakeReport(place.first, place.second, window);
    plan_.Finish();
    return std::move(plan_);
  }

 private:
  Row ReadRow(RowReader& reader) {
    Row row;
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
    CheckAssignment(reader, group);
    ReadHours(reader, group);
    return row;
  }

  void Take(RowReader& reader, Row row, int64_t line) {
    Window& window = windows_[{row.start, row.source}];
    if (window.lines.empty()) window.end = row.end;
    if (window.end != row.end) {
      reader.Refuse("start",
                    fmt::format("line {} has another end for this source from then on; expected "
                                "the same",
                                window.lines.Lines().front()));
      return;
    }
    window.chip_nanos += row.group.chip_nanos;
    window.groups.push_back(std::move(row.group));
    window.lines.Add(line);
  }

  void MakeReport(int64_t start, const std::string& source, Window& window) {
    int64_t& end_before = ends_[source];
    if (start < end_before) {
      return plan_.Refuse(window.lines,
                          "start: lies within an earlier window of this source in the file; "
                          "expected windows that do not overlap");
    }
    if (window.groups.size() > kMostGroups) {
      return plan_.Refuse(window.lines, fmt::format("start: this source has {} rows from then on; "
                                                    "expected at most {}",
                                                    window.groups.size(), kMostGroups));
    }
    if (window.chip_nanos > absl::int128(window.end - start) * kMostChips) {
      return plan_.Refuse(window.lines,
                          fmt::format("chip_hours: the rows of this source and window come to more "
                                      "than {} chips; expected at most that",
                                      kMostChips));
    }
    end_before = window.end;
    UsageReport report;
    report.source = source;
    report.window_start_unix_nanos = start;
    report.window_length_nanos = window.end - start;
    report.duration_nanos = report.window_length_nanos;
    report.groups = std::move(window.groups);
    plan_.reports.push_back({std::move(report), std::move(window.lines)});
  }

  const UsageRules& rules_;
  bool has_source_ = false;
  ImportBatch plan_;
  std::map<std::pair<int64_t, std::string>, Window> windows_;  // by start and source
  std::map<std::string, int64_t> ends_;                        // of the last report, by source
};

}  // namespace

absl::StatusOr<ImportBatch> MakeUsageReports(CsvReader& csv, const UsageRules& rules) {
  return Planner(rules).Plan(csv);
}

}  // namespace fleetmeter::imports
