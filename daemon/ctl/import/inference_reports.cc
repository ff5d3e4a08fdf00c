#include "daemon/ctl/import/inference_reports.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/units.h"
#include "daemon/ctl/import/carried_rests.h"
#include "daemon/ctl/import/named_days.h"
#include "daemon/ctl/import/window_ends.h"
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

struct InferenceWindow {
  std::optional<int64_t> end;
  std::optional<int64_t> end_day;  // the day that begins with the end, by the clock that it goes by
  int64_t end_line = 0;            // which said so
  std::map<SegmentKey, SegmentRows> segments;
};

struct Row {
  int64_t start = 0;
  std::optional<int64_t> end;
  // The days that begin with them, by the clocks that they go by.
  std::optional<int64_t> start_day;
  std::optional<int64_t> end_day;
  SegmentKey segment;
  Amounts amounts;
  bool has_revenue = false;
};

absl::Status CheckColumns(const CsvReader& csv) {
  if (csv.Column("cost_usd") != CsvReader::kAbsent && !csv.form().ignore_unknown_columns) {
    return csv.WrongHeader(
        "there is a column cost_usd; expected none. The cost of serving is worked out from the "
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
  if (!reader.ok()) row.end.reset();  // an end that is wrong says nothing
  row.start_day = reader.BegunDay("start");
  if (row.end) row.end_day = reader.BegunDay("end");
  row.segment.model = reader.Label("model");
  // Not silently "all" where a file tells tiers apart.
  row.segment.customer_tier = has_tiers ? reader.Label("customer_tier") : "all";
  row.segment.pool = reader.OptionalLabel("pool");
  row.segment.workload = reader.OptionalLabel("workload");
  if (!row.segment.workload.empty() && row.segment.pool.empty()) {
    reader.Refuse("workload", "expected a pool too, since workloads are told apart within a pool");
  }
  row.amounts.requests = reader.SignedCount("requests");
  row.amounts.input_tokens = reader.SignedCount("input_tokens");
  row.amounts.output_tokens = reader.SignedCount("output_tokens");
  row.amounts.cached_input_tokens = reader.OptionalSignedCount("cached_input_tokens");
  const int64_t input = row.amounts.input_tokens;
  const int64_t cached = row.amounts.cached_input_tokens;
  if (input < 0 ? cached < input : cached > input) {
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

bool TakesBack(const Amounts& sum) {
  return sum.requests < 0 || sum.input_tokens < 0 || sum.cached_input_tokens < 0 ||
         sum.output_tokens < 0;
}

class InferencePlanner {
 public:
  explicit InferencePlanner(const InferenceRules& rules) : rules_(rules) {}

  absl::StatusOr<ImportBatch> Plan(CsvReader& csv) {
    if (absl::Status status = CheckColumns(csv); !status.ok()) return status;
    const bool has_tiers = csv.Column("customer_tier") != CsvReader::kAbsent;
    ReadInto(csv, plan_, [&](RowReader& reader, int64_t line) {
      const Row row = ReadRow(reader, has_tiers);
      // A row that is refused for something else still says that a window begins there: the one
      // before must not reach into it, so that the row can be imported once it is mended.
      if (row.start != 0) Note(row);
      if (reader.ok()) Take(reader, row, line);
    });
    if (days_are_named_) MoveToNamedDays();
    if (absl::Status status = SettleEnds(csv); !status.ok()) return status;
    if (are_named_) MoveToMoments();
    int64_t end_before = 0;
    for (const auto& [start, window] : windows_) MakeReport(start, window, end_before);
    plan_.Finish();
    return std::move(plan_);
  }

 private:
  int64_t StartOf(const Row& row) const {
    return rules_.every_nanos ? row.start - row.start % *rules_.every_nanos : row.start;
  }

  // That a window begins with the row, and what day its source says it is.
  void Note(const Row& row) {
    starts_.insert(StartOf(row));
    begun_days_[row.start] = row.start_day.value_or(row.start);
    days_are_named_ = days_are_named_ && !rules_.every_nanos && row.start_day.has_value() &&
                      row.end.has_value() == row.end_day.has_value();
  }

  // A file of whole days by its own clock names days: those of an invoice of April are April's,
  // wherever it was written. So every window goes to the days that it names. Where two name one
  // day, written by two clocks, or one would be empty, all stay where they are.
  void MoveToNamedDays() {
    std::set<int64_t> starts;
    for (const int64_t start : starts_) {
      if (!starts.insert(begun_days_[start]).second) return;
    }
    for (const auto& [start, window] : windows_) {
      if (window.end && *window.end_day <= begun_days_[start]) return;
    }
    std::map<int64_t, InferenceWindow> windows;
    for (auto& [start, window] : windows_) {
      window.end = window.end_day;
      windows[begun_days_[start]] = std::move(window);
    }
    starts_ = std::move(starts);
    windows_ = std::move(windows);
    are_named_ = true;
  }

  // From names of days to when those days begin, as the books have them.
  void MoveToMoments() {
    std::map<int64_t, InferenceWindow> windows;
    for (auto& [start, window] : windows_) {
      window.end = MomentOf(rules_.zone, *window.end);
      windows[MomentOf(rules_.zone, start)] = std::move(window);
    }
    windows_ = std::move(windows);
  }

  void Take(RowReader& reader, const Row& row, int64_t line) {
    const int64_t start = StartOf(row);
    InferenceWindow& window = windows_[start];
    if (rules_.every_nanos) {
      window.end = start + *rules_.every_nanos;
      if (row.end && *row.end > *window.end) {
        reader.Refuse("end", "expected a time within the window that the row starts in");
        return;
      }
    } else if (row.end) {
      if (window.end && *window.end != *row.end) {
        reader.Refuse(
            "end", fmt::format("line {} has the same start and another end; expected the same end",
                               window.end_line));
        return;
      }
      window.end = row.end;
      window.end_day = row.end_day;
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

  absl::Status SettleEnds(const CsvReader& csv) {
    const WindowEnds ends(starts_, rules_.window_nanos);
    for (auto& [start, window] : windows_) {
      if (window.end) continue;
      window.end = ends.EndOf(start);
      if (!window.end) {
        return csv.WrongRecord(
            "all rows start at one time; expected a column end, or the windows' length: "
            "--window 1d");
      }
    }
    return absl::OkStatus();
  }

  // `end_before`: where the last report's window ends.
  void MakeReport(int64_t start, const InferenceWindow& window, int64_t& end_before) {
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
  void RoundRevenue(int64_t start, const InferenceWindow& window, std::vector<InferenceRow>& rows) {
    for (InferenceRow& row : rows) {
      if (!row.revenue_micro_usd) continue;
      const SegmentKey key{row.model, row.customer_tier, row.pool, row.workload};
      const Part& part = window.segments.at(key).with_revenue;
      row.revenue_micro_usd = rests_[{DayOf(rules_.zone.Local(start / kNanosPerSecond)), key}].Take(
          part.amounts.revenue_micro_usd, kMostAmount);
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
    if (!rules_.corrects && TakesBack(part.amounts)) {
      return plan_.Refuse(part.lines,
                          "requests: the rows of this window, model and customer tier add up to "
                          "less than 0 requests or tokens; expected 0 or more. A file that takes "
                          "back what is in the books already, such as a credit note, is imported "
                          "with --correct --add");
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
  ImportBatch plan_;
  std::set<int64_t> starts_;
  std::map<int64_t, InferenceWindow> windows_;
  std::map<int64_t, int64_t> begun_days_;  // by start
  bool are_named_ = false;                 // windows were moved to the days that they name
  bool days_are_named_ = true;             // every window is whole days by the clock of its row
  std::map<std::pair<int64_t, SegmentKey>, CarriedRests> rests_;  // by day
};

}  // namespace

absl::StatusOr<ImportBatch> MakeInferenceReports(CsvReader& csv, const InferenceRules& rules) {
  return InferencePlanner(rules).Plan(csv);
}

}  // namespace fleetmeter::imports
