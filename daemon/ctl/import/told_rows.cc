#include "daemon/ctl/import/told_rows.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <tuple>

namespace fleetmeter::ctl {

using imports::ImportBatch;
using imports::ImportReport;

namespace {

constexpr size_t kTraining = 6;

std::array<std::string, 5> NamesOf(const InferenceRow& row) {
  return {row.model, row.customer_tier, row.pool, row.workload, ""};
}

std::array<std::string, 5> NamesOf(const TrainingRow& row) {
  return {row.model, row.family, row.run, std::string(Name(row.phase)), row.pool};
}

// `part`: what cuts an amount. `place`: report, row and day, by which its price is found.
template <class Part>
ToldRow ToldOf(const InferenceRow& row, const std::tuple<size_t, size_t, int64_t>& place,
               const Books& books, const Part& part) {
  ToldRow told{.names = NamesOf(row), .amounts = {}};
  std::optional<int64_t> revenue;
  if (row.revenue_micro_usd) revenue = part(*row.revenue_micro_usd);
  const auto priced = books.prices.find(place);
  if (!revenue && priced != books.prices.end()) {
    revenue = priced->second;
    told.by_price_book = revenue.has_value();
  }
  const int64_t requests = part(row.requests);
  told.amounts = {requests,
                  revenue ? 0 : requests,
                  part(row.input_tokens),
                  part(row.cached_input_tokens),
                  part(row.output_tokens),
                  revenue.value_or(0),
                  0};
  return told;
}

}  // namespace

const OutcomeReport& OutcomeOf(const ImportReport& planned) {
  return std::get<OutcomeReport>(planned.report);
}

TimeSpan SpanOf(const OutcomeReport& report) {
  return {report.window_start_unix_nanos, report.WindowEnd()};
}

std::vector<TimeSpan> PiecesOf(TimeSpan span, const WindowSet& counted, bool that_are_counted) {
  std::vector<TimeSpan> free;
  const TimeSpan& all = counted.counted();
  if (counted.empty()) {
    free.push_back(span);
  } else {
    free.push_back({span.start_unix_nanos, all.start_unix_nanos});
    for (const TimeSpan& gap : counted.gaps()) free.push_back(gap);
    free.push_back({all.end_unix_nanos, span.end_unix_nanos});
  }
  std::vector<TimeSpan> pieces;
  int64_t at = span.start_unix_nanos;
  const auto add = [&pieces](int64_t from, int64_t to) {
    if (from < to) pieces.push_back({from, to});
  };
  for (const TimeSpan& one : free) {
    const int64_t from = std::clamp(one.start_unix_nanos, at, span.end_unix_nanos);
    const int64_t to = std::clamp(one.end_unix_nanos, from, span.end_unix_nanos);
    if (that_are_counted) {
      if (from < to || &one == &free.back()) add(at, from);
    } else {
      add(from, to);
    }
    if (from < to) at = to;
  }
  return pieces;
}

std::vector<ToldRow> ToldRows(const OutcomeReport& report, size_t index, const HourSlice& day,
                              const Books& books) {
  const auto part = [&](int64_t amount) { return PartIn(day, amount, report.window_length_nanos); };
  std::vector<ToldRow> rows;
  for (size_t i = 0; i < report.inference.size(); ++i) {
    rows.push_back(ToldOf(report.inference[i], {index, i, day.hour_start}, books, part));
  }
  for (const TrainingRow& row : report.training) {
    ToldRow& told = rows.emplace_back();
    told.names = NamesOf(row);
    told.amounts[kTraining] = part(row.h100e_seconds);
  }
  return rows;
}

void AddTo(const std::array<std::string, 5>& names, const CellAmounts& a, OutcomeReport* report) {
  if (report->kind == OutcomeKind::kTraining) {
    report->training.push_back({.model = names[0],
                                .family = names[1],
                                .run = names[2],
                                .phase = names[3] == Name(TrainingPhase::kPost)
                                             ? TrainingPhase::kPost
                                             : TrainingPhase::kPre,
                                .h100e_seconds = a[kTraining],
                                .pool = names[4]});
    return;
  }
  report->inference.push_back({.model = names[0],
                               .customer_tier = names[1],
                               .requests = a[0],
                               .input_tokens = a[2],
                               .cached_input_tokens = a[3],
                               .output_tokens = a[4],
                               .revenue_micro_usd = a[kRevenueAmount],
                               .pool = names[2],
                               .workload = names[3],
                               .unpriced_requests = a[1]});
}

void AddPriced(const std::array<std::string, 5>& names, const CellAmounts& a,
               uint32_t price_book_version, OutcomeReport* report) {
  AddTo(names, a, report);
  InferenceRow& row = report->inference.back();
  row.revenue_micro_usd.reset();
  row.unpriced_requests = 0;
  row.price_book_version = price_book_version;
}

bool TakesBack(const OutcomeReport& report) {
  const auto less = [](const InferenceRow& row) {
    return std::min({row.requests, row.input_tokens, row.cached_input_tokens, row.output_tokens}) <
           0;
  };
  return std::any_of(report.inference.begin(), report.inference.end(), less) ||
         std::any_of(report.training.begin(), report.training.end(),
                     [](const TrainingRow& row) { return row.h100e_seconds < 0; });
}

std::string TextOf(const CellAmounts& amounts) {
  return fmt::format("{}", fmt::join(amounts, ","));
}

OutcomeReport ReportOf(OutcomeKind kind, const std::string& source, TimeSpan window) {
  OutcomeReport report;
  report.kind = kind;
  report.source = source;
  report.window_start_unix_nanos = window.start_unix_nanos;
  report.window_length_nanos = window.end_unix_nanos - window.start_unix_nanos;
  return report;
}

// What is not counted yet of a report's time, as time in which nothing was: so that a correction
// may name it.
void AddEmptyTime(const OutcomeReport& report, WindowSet* counted, ImportBatch* batch) {
  const std::array<std::string, 5> names = report.kind == OutcomeKind::kTraining
                                               ? NamesOf(report.training.front())
                                               : NamesOf(report.inference.front());
  for (const TimeSpan& piece : PiecesOf(SpanOf(report), *counted, false)) {
    OutcomeReport empty = ReportOf(report.kind, report.source, piece);
    AddTo(names, {}, &empty);
    counted->Add(piece);
    batch->reports.push_back({.report = std::move(empty), .lines = {}});
  }
}

}  // namespace fleetmeter::ctl
