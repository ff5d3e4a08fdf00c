#include "daemon/ctl/import/inference_reports.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/carried_rests.h"
#include "fmt/format.h"

namespace fleetmeter::imports {
namespace {

using imports::RowReader;

struct SegmentKey {
  std::string model;
  std::string customer_tier;
  std::string pool;
  std::string workload;

  friend auto operator<=>(const SegmentKey&, const SegmentKey&) = default;
};

struct Amounts {
  int64_t requests = 0;
  int64_t input_tokens = 0;
  int64_t cached_input_tokens = 0;
  int64_t output_tokens = 0;
  RoundedSum revenue_micro_usd;
};

struct Part {
  Amounts amounts;
  LineSet lines;
};

struct SegmentRows {
  Part with_revenue;
  Part without;
};

struct Window {
  std::optional<int64_t> end;
  int64_t end_line = 0;  // which said so
  std::map<SegmentKey, SegmentRows> segments;
};

struct Row {
  int64_t start = 0;
  std::optional<int64_t> end;
  SegmentKey segment;
  Amounts amounts;
  bool has_revenue = false;
};

absl::Status CheckColumns(const CsvReader& csv) {
  if (csv.Column("cost_usd") != CsvReader::kAbsent && !csv.form().ignore_unknown_columns) {
    return csv.WrongHeader(
        "column cost_usd is there; expected none: what serving cost is worked out from the "
        "chip-time of usage reports and the catalog's prices");
  }
  const std::vector<std::string_view> known = {
      "start",       "end",          "model",         "customer_tier",
      "requests",    "input_tokens", "output_tokens", "cached_input_tokens",
      "revenue_usd", "pool",         "workload"};
  absl::Status columns = csv.CheckRenamed(known);
  if (columns.ok()) {
    columns = csv.RequireColumns({"start", "model", "requests", "input_tokens", "output_tokens"});
  }
  return columns.ok() ? csv.RefuseOtherColumns(known) : columns;
}

Row ReadRow(RowReader& reader, bool has_tiers) {
  Row row;
  row.start = reader.Nanos("start");
  row.end = ReadEnd(reader, row.start);
  row.segment.model = reader.Label("model");
  // Not silently "all" where a file tells tiers apart.
  row.segment.customer_tier = has_tiers ? reader.Label("customer_tier") : "all";
  row.segment.pool = reader.OptionalLabel("pool");
  row.segment.workload = reader.OptionalLabel("workload");
  if (!row.segment.workload.empty() && row.segment.pool.empty()) {
    reader.Refuse("workload", "expected a pool beside it");
  }
  row.amounts.requests = reader.Count("requests");
  row.amounts.input_tokens = reader.Count("input_tokens");
  row.amounts.output_tokens = reader.Count("output_tokens");
  row.amounts.cached_input_tokens = reader.OptionalCount("cached_input_tokens");
  if (row.amounts.cached_input_tokens > row.amounts.input_tokens) {
    reader.Refuse("cached_input_tokens", "expected at most input_tokens, of which they are a part");
  }
  const auto revenue = reader.OptionalMicroUsd("revenue_usd");
  row.has_revenue = revenue.has_value();
  if (revenue) row.amounts.revenue_micro_usd = {revenue->whole, revenue->rest};
  return row;
}

// False: the sum would leave -10^15 to 10^15, and nothing is added.
bool AddTo(const Amounts& row, Amounts& sum) {
  const std::pair<int64_t, int64_t*> parts[] = {
      {row.requests, &sum.requests},
      {row.input_tokens, &sum.input_tokens},
      {row.cached_input_tokens, &sum.cached_input_tokens},
      {row.output_tokens, &sum.output_tokens},
      {row.revenue_micro_usd.whole, &sum.revenue_micro_usd.whole}};
  for (const auto& [value, total] : parts) {
    int64_t added = 0;
    if (__builtin_add_overflow(*total, value, &added) || added > kMostAmount ||
        added < -kMostAmount) {
      return false;
    }
  }
  for (const auto& [value, total] : parts) *total += value;
  sum.revenue_micro_usd.rest += row.revenue_micro_usd.rest;
  return true;
}

// Windows that begin at midnight are told in days and months of the calendar: those are not all as
// long where clocks change.
class Calendar {
 public:
  explicit Calendar(const absl::TimeZone& zone) : zone_(zone) {}

  bool StartsDay(int64_t unix_nanos) const { return NanosOf(DayOf(unix_nanos)) == unix_nanos; }
  bool StartsMonth(int64_t unix_nanos) const {
    return StartsDay(unix_nanos) && DayOf(unix_nanos).day() == 1;
  }
  // From the day of one time to that of the other.
  int64_t DaysBetween(int64_t from, int64_t to) const { return DayOf(to) - DayOf(from); }
  int64_t AddDays(int64_t unix_nanos, int64_t days) const {
    return NanosOf(DayOf(unix_nanos) + days);
  }
  int64_t NextMonth(int64_t unix_nanos) const {
    return NanosOf(absl::CivilDay(absl::CivilMonth(DayOf(unix_nanos)) + 1));
  }

 private:
  absl::CivilDay DayOf(int64_t unix_nanos) const {
    return absl::ToCivilDay(absl::FromUnixNanos(unix_nanos), zone_);
  }
  int64_t NanosOf(absl::CivilDay day) const {
    return absl::ToUnixNanos(absl::FromCivil(day, zone_));
  }

  absl::TimeZone zone_;
};

class Planner {
 public:
  Planner(const InferenceRules& rules, const absl::TimeZone& zone)
      : rules_(rules), calendar_(zone) {}

  absl::StatusOr<ImportBatch> Plan(CsvReader& csv) {
    if (absl::Status status = CheckColumns(csv); !status.ok()) return status;
    const bool has_tiers = csv.Column("customer_tier") != CsvReader::kAbsent;
    ReadInto(csv, plan_, [&](RowReader& reader, int64_t line) {
      const Row row = ReadRow(reader, has_tiers);
      // A row that is refused for something else still says that a window begins there: the one
      // before must not reach into it, so that the row can be imported once it is mended.
      if (row.start != 0) starts_.insert(StartOf(row));
      if (reader.ok()) Take(reader, row, line);
    });
    if (absl::Status status = SettleEnds(csv); !status.ok()) return status;
    int64_t end_before = 0;
    for (const auto& [start, window] : windows_) MakeReport(start, window, end_before);
    plan_.Finish();
    return std::move(plan_);
  }

 private:
  int64_t StartOf(const Row& row) const {
    return rules_.every_nanos ? row.start - row.start % *rules_.every_nanos : row.start;
  }

  void Take(RowReader& reader, const Row& row, int64_t line) {
    const int64_t start = StartOf(row);
    Window& window = windows_[start];
    if (rules_.every_nanos) {
      window.end = start + *rules_.every_nanos;
      if (row.end && *row.end > *window.end) {
        reader.Refuse("end", "expected a time within the window that the row starts in");
        return;
      }
    } else if (row.end) {
      if (window.end && *window.end != *row.end) {
        reader.Refuse("end", fmt::format("line {} has another end for this start; expected one",
                                         window.end_line));
        return;
      }
      window.end = row.end;
      window.end_line = line;
    }
    SegmentRows& rows = window.segments[row.segment];
    Part& part = row.has_revenue ? rows.with_revenue : rows.without;
    if (!AddTo(row.amounts, part.amounts)) {
      reader.Refuse("requests",
                    "expected that the amounts of a window, model and customer tier add up to at "
                    "most 10^15, revenue in micro-dollars");
      return;
    }
    part.lines.Add(line);
  }

  bool All(bool (Calendar::*what)(int64_t) const) const {
    return std::all_of(starts_.begin(), starts_.end(),
                       [&](int64_t start) { return (calendar_.*what)(start); });
  }

  // Rows count for the day on which their window starts; how long it is says only which time has
  // been told. So windows without an end are as short as any of the file: a file that has grown
  // then brings no window that reaches into a longer one of before.
  absl::Status SettleEnds(const CsvReader& csv) {
    const std::optional<int64_t> length =
        rules_.window_nanos ? rules_.window_nanos : ShortestBetweenStarts();
    const bool days = All(&Calendar::StartsDay);
    const bool months = !rules_.window_nanos && starts_.size() > 1 && All(&Calendar::StartsMonth);
    for (auto& [start, window] : windows_) {
      if (window.end) continue;
      if (!length) {
        return csv.WrongRecord(
            "all rows start at one time; expected a column end, or the windows' length: "
            "--window 1d");
      }
      window.end = months                        ? calendar_.NextMonth(start)
                   : days && *length % kDay == 0 ? calendar_.AddDays(start, *length / kDay)
                                                 : start + *length;
    }
    return absl::OkStatus();
  }

  // Of midnights in days, whatever the clocks did between them. Nothing unless there are two.
  std::optional<int64_t> ShortestBetweenStarts() const {
    if (starts_.size() < 2) return std::nullopt;
    const bool days = All(&Calendar::StartsDay);
    int64_t shortest = kLongestOutcomeWindow;  // starts may be centuries apart
    for (auto it = std::next(starts_.begin()); it != starts_.end(); ++it) {
      const int64_t before = *std::prev(it);
      const int64_t length = *it - before;
      shortest = std::min(shortest, days && length < kLongestOutcomeWindow
                                        ? calendar_.DaysBetween(before, *it) * kDay
                                        : length);
    }
    return shortest;
  }

  // `end_before`: where the last report's window ends.
  void MakeReport(int64_t start, const Window& window, int64_t& end_before) {
    LineSet lines;
    std::vector<InferenceRow> rows;
    for (const auto& [key, segment] : window.segments) AddRow(key, segment, rows, lines);
    if (rows.empty()) return;
    const int64_t length = *window.end - start;
    if (start < end_before) {
      return plan_.Refuse(lines,
                          "start: lies within an earlier window of the file; expected windows that "
                          "do not overlap");
    }
    if (length > kLongestOutcomeWindow) {
      return plan_.Refuse(lines,
                          fmt::format("start: the window is {} days long; expected at most 366. An "
                                      "end, or --window, says where it ends",
                                      length / kDay));
    }
    if (rows.size() > kMostRows) {
      return plan_.Refuse(lines,
                          fmt::format("start: the window has {} models, customer tiers, pools and "
                                      "workloads; expected at most {}, or shorter windows",
                                      rows.size(), kMostRows));
    }
    end_before = *window.end;
    RoundRevenue(start, window, rows);
    OutcomeReport report;
    report.kind = OutcomeKind::kInference;
    report.source = rules_.source;
    report.window_start_unix_nanos = start;
    report.window_length_nanos = length;
    report.inference = std::move(rows);
    plan_.reports.push_back({std::move(report), std::move(lines)});
  }

  // Only for a window that is reported. The books keep a segment by the day.
  void RoundRevenue(int64_t start, const Window& window, std::vector<InferenceRow>& rows) {
    for (InferenceRow& row : rows) {
      if (!row.revenue_micro_usd) continue;
      const SegmentKey key{row.model, row.customer_tier, row.pool, row.workload};
      const Part& part = window.segments.at(key).with_revenue;
      row.revenue_micro_usd =
          rests_[{start / kDay, key}].Take(part.amounts.revenue_micro_usd, kMostAmount);
    }
  }

  void AddRow(const SegmentKey& key, const SegmentRows& segment, std::vector<InferenceRow>& rows,
              LineSet& lines) {
    const bool known = !segment.with_revenue.lines.empty();
    const Part& part = known ? segment.with_revenue : segment.without;
    if (part.lines.empty()) return;  // what was there was refused
    if (known && !segment.without.lines.empty()) {
      plan_.Refuse(segment.without.lines,
                   fmt::format("revenue_usd: is \"\"; expected one as on line {} of the same "
                               "window, model and customer tier, or none on any",
                               segment.with_revenue.lines.Lines().front()));
    }
    if (known && part.amounts.revenue_micro_usd.whole < 0) {
      return plan_.Refuse(part.lines,
                          "revenue_usd: the rows of this window, model and customer tier add up to "
                          "less than 0; expected 0 or more: a refund of what was reported before "
                          "is a correction");
    }
    InferenceRow row;
    row.model = key.model;
    row.customer_tier = key.customer_tier;
    row.requests = part.amounts.requests;
    row.input_tokens = part.amounts.input_tokens;
    row.cached_input_tokens = part.amounts.cached_input_tokens;
    row.output_tokens = part.amounts.output_tokens;
    if (known) row.revenue_micro_usd = part.amounts.revenue_micro_usd.whole;
    row.pool = key.pool;
    row.workload = key.workload;
    rows.push_back(std::move(row));
    lines.Add(part.lines);
  }

  const InferenceRules& rules_;
  const Calendar calendar_;
  ImportBatch plan_;
  std::set<int64_t> starts_;
  std::map<int64_t, Window> windows_;
  std::map<std::pair<int64_t, SegmentKey>, CarriedRests> rests_;  // by day
};

}  // namespace

absl::StatusOr<ImportBatch> MakeInferenceReports(CsvReader& csv, const InferenceRules& rules) {
  return Planner(rules, csv.form().time_zone.value_or(absl::UTCTimeZone())).Plan(csv);
}

}  // namespace fleetmeter::imports
