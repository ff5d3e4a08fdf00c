#include "daemon/ctl/import/training_reports.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/named_days.h"
#include "daemon/domain/framework/economics.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using imports::RowReader;

constexpr char kHours[] = "h100e_hours";
constexpr char kAmountExpected[] = "expected 0 to 10^15 H100e-seconds of training";

struct Row {
  int64_t start = 0;
  int64_t end = 0;
  TrainingRow row;
};

struct TrainingWindow {
  int64_t end = 0;
  TrainingRow row;
  LineSet lines;
};

// The first midnight after it that begins a quarter.
int64_t NextQuarter(int64_t unix_nanos) {
  using namespace std::chrono;
  const year_month_day date{sys_days(days(unix_nanos / kDay))};
  const unsigned month = (static_cast<unsigned>(date.month()) - 1) / 3 * 3 + 1;
  const year_month_day next = date.year() / std::chrono::month(month) / 1 + months(3);
  return int64_t{sys_days(next).time_since_epoch().count()} * kDay;
}

std::optional<int64_t> ToSeconds(RowReader& reader, std::string_view column, double hours) {
  const double seconds = std::round(hours * kSecondsPerHour);
  if (!(hours >= 0) || seconds > static_cast<double>(kMostAmount)) {
    reader.Refuse(column, kAmountExpected);
    return std::nullopt;
  }
  return static_cast<int64_t>(seconds);
}

class TrainingPlanner {
 public:
  explicit TrainingPlanner(const TrainingRules& rules) : rules_(rules) {}

  absl::StatusOr<ImportBatch> Plan(CsvReader& csv) {
    if (absl::Status status = ChooseColumns(csv); !status.ok()) return status;
    ReadInto(csv, plan_, [&](RowReader& reader, int64_t line) {
      const std::optional<Row> row = ReadRow(reader);
      if (!reader.ok()) return;
      if (row) {
        Take(reader, *row, line);
      } else {
        ++plan_.passed_over;
      }
    });
    std::map<std::string, int64_t> ends;  // of the last window, by source
    for (auto& [place, window] : windows_) {
      const auto& [start, source] = place;
      int64_t& end_before = ends[source];
      if (start < end_before) {
        plan_.Refuse(window.lines, fmt::format("{}: lies within an earlier window of this run and "
                                               "phase; expected windows that do not overlap",
                                               start_));
        continue;
      }
      end_before = window.end;
      MakeReports(start, source, window);
    }
    plan_.Finish();
    return std::move(plan_);
  }

 private:
  // A report counts where it starts: a window is cut where quarters begin, its hours in proportion
  // to time, by integers that add up.
  void MakeReports(int64_t start, const std::string& source, const TrainingWindow& window) {
    const absl::int128 total = window.row.h100e_seconds;
    const int64_t length = window.end - start;
    int64_t told = 0;
    for (int64_t from = start; from < window.end;) {
      const int64_t to = std::min(NextQuarter(from), window.end);
      const auto until = static_cast<int64_t>(total * (to - start) / length);
      OutcomeReport report;
      report.kind = OutcomeKind::kTraining;
      report.source = source;
      report.window_start_unix_nanos = from;
      report.window_length_nanos = to - from;
      report.training.push_back(window.row);
      report.training.back().h100e_seconds = until - told;
      plan_.reports.push_back(
          {std::move(report), window.lines, from == start ? 0 : window.lines.count()});
      told = until;
      from = to;
    }
  }

  absl::Status ChooseColumns(const CsvReader& csv) {
    start_ = csv.Column("start") == CsvReader::kAbsent ? rules_.columns.date : "start";
    absl::Status status = csv.CheckRenamed({rules_.columns.model, rules_.columns.date, "start",
                                            "end", rules_.columns.family, "run", "phase", "pool",
                                            kHours, rules_.flop_column});
    if (status.ok()) status = csv.RequireColumns({rules_.columns.model, start_});
    if (!status.ok()) return status;
    if (csv.Column(kHours) == CsvReader::kAbsent &&
        csv.Column(rules_.flop_column) == CsvReader::kAbsent) {
      return csv.WrongHeader(
          fmt::format("neither column {} nor column \"{}\" is there; expected one", kHours,
                      rules_.flop_column));
    }
    return absl::OkStatus();
  }

  std::optional<int64_t> ReadSeconds(RowReader& reader) {
    const bool has_hours = !reader.Field(kHours).empty();
    const bool has_flop = !reader.Field(rules_.flop_column).empty();
    if (has_hours && has_flop) reader.Refuse(kHours, "expected either hours or FLOP");
    if (has_hours) {
      const auto seconds = reader.OptionalScaled(kHours, kSecondsPerHour, kAmountExpected);
      if (seconds && *seconds > kMostAmount) reader.Refuse(kHours, kAmountExpected);
      return seconds;
    }
    if (!has_flop) return std::nullopt;
    const auto flop = reader.OptionalNumber(rules_.flop_column);
    if (!flop) return std::nullopt;
    if (!rules_.rule) {
      reader.Refuse(rules_.flop_column,
                    "expected h100e_hours, or --framework FILE, which says how FLOP become hours");
      return std::nullopt;
    }
    return ToSeconds(reader, rules_.flop_column,
                     framework::TrainingHours(*flop, rules_.rule->peak_flops, rules_.rule->mfu));
  }

  std::optional<Row> ReadRow(RowReader& reader) {
    const auto seconds = ReadSeconds(reader);
    if (!seconds) return std::nullopt;
    Row row;
    row.start = reader.Nanos(start_);
    if (const auto end = ReadEnd(reader, row.start)) {
      row.end = *end;
      if (row.end - row.start > kLongestOutcomeWindow) {
        reader.Refuse("end", "expected a time at most 366 days after the row's start");
      }
      const auto start_day = reader.BegunDay(start_);
      const auto end_day = reader.BegunDay("end");
      if (start_day && end_day && *end_day > *start_day) {
        row.start = MomentOf(rules_.zone, *start_day);
        row.end = MomentOf(rules_.zone, *end_day);
      }
    } else {
      const int64_t day = reader.BegunDay(start_).value_or(reader.Day(start_) * kNanosPerSecond);
      row.start = MomentOf(rules_.zone, day);
      row.end = MomentOf(rules_.zone, day + kDay);
    }
    row.row.model = reader.Label(rules_.columns.model);
    row.row.family = reader.OptionalLabel(rules_.columns.family);
    row.row.run = reader.OptionalLabel("run");
    if (row.row.run.empty()) row.row.run = row.row.model;
    const std::string_view phase = reader.Field("phase");
    if (phase == Name(TrainingPhase::kPost)) {
      row.row.phase = TrainingPhase::kPost;
    } else if (!phase.empty() && phase != Name(TrainingPhase::kPre)) {
      reader.Refuse("phase", "expected pre or post");
    }
    row.row.pool = reader.OptionalLabel("pool");
    row.row.h100e_seconds = *seconds;
    return row;
  }

  void Take(RowReader& reader, const Row& row, int64_t line) {
    const std::string source =
        fmt::format("{}/{}/{}", rules_.source, row.row.run, Name(row.row.phase));
    if (source.size() > kMostLabelBytes) {
      reader.Refuse("run", fmt::format("expected that SOURCE/RUN/PHASE has at most {} bytes",
                                       kMostLabelBytes));
      return;
    }
    const auto [it, is_new] =
        windows_.try_emplace({row.start, source}, TrainingWindow{row.end, row.row, LineSet(line)});
    if (is_new) return;
    TrainingWindow& window = it->second;
    TrainingRow same = row.row;
    same.h100e_seconds = window.row.h100e_seconds;
    if (window.end != row.end || same != window.row) {
      reader.Refuse(start_, fmt::format("line {} has another end, model, family or pool for this "
                                        "run, phase and start; expected the same",
                                        window.lines.Lines().front()));
    } else if (window.row.h100e_seconds + row.row.h100e_seconds > kMostAmount) {
      reader.Refuse(start_,
                    "expected that the rows of a window add up to at most 10^15 H100e-seconds");
    } else {
      window.row.h100e_seconds += row.row.h100e_seconds;
      window.lines.Add(line);
    }
  }

  const TrainingRules& rules_;
  std::string start_;  // the column
  ImportBatch plan_;
  std::map<std::pair<int64_t, std::string>, TrainingWindow> windows_;  // by start and source
};

}  // namespace

absl::StatusOr<ImportBatch> MakeTrainingReports(CsvReader& csv, const TrainingRules& rules) {
  return TrainingPlanner(rules).Plan(csv);
}

}  // namespace fleetmeter::imports
