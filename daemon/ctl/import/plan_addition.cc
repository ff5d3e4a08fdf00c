#include "daemon/ctl/import/plan_addition.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/told_rows.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter::ctl {

using imports::ImportBatch;

namespace {

// The rows of a report over all of its days. Where the price book has a price of one of them, the
// daemon prices the row.
absl::StatusOr<std::vector<ToldRow>> WholeRows(const OutcomeReport& report, size_t index,
                                               const Books& books, const DayZone& zone) {
  const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone);
  if (!days.ok()) return days.status();
  std::vector<ToldRow> whole = ToldRows(report, index, days->front(), books);
  for (size_t day = 1; day < days->size(); ++day) {
    const std::vector<ToldRow> rows = ToldRows(report, index, (*days)[day], books);
    for (size_t i = 0; i < rows.size(); ++i) {
      whole[i].by_price_book = whole[i].by_price_book || rows[i].by_price_book;
      for (size_t a = 0; a < rows[i].amounts.size(); ++a) {
        whole[i].amounts[a] += rows[i].amounts[a];
      }
    }
  }
  return whole;
}

// Requests, input tokens, output tokens and training; what a row earned may be restated.
constexpr size_t kCountedAmounts[] = {0, 2, 4, 6};

// What a file says, by source and by cell of the books.
using ToldCells = std::map<std::string, std::map<CellKey, CellAmounts>>;

ToldCells CellsOf(const ImportBatch& file, const Books& books, const DayZone& zone) {
  ToldCells cells;
  for (size_t i = 0; i < file.reports.size(); ++i) {
    const OutcomeReport& report = OutcomeOf(file.reports[i]);
    if (report.kind == OutcomeKind::kBenchmarks || TakesBack(report)) continue;
    const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone);
    if (!days.ok()) continue;
    for (const HourSlice& day : *days) {
      for (const ToldRow& row : ToldRows(report, i, day, books)) {
        CellAmounts& sum = cells[report.source][{day.hour_start, row.names}];
        for (const size_t a : kCountedAmounts) sum[a] += row.amounts[a];
      }
    }
  }
  return cells;
}

// Whether the books have something of the day, and the file at least as much of all of it.
bool SaysAllOf(int64_t day, const BookedSource& booked,
               const std::map<CellKey, CellAmounts>& told) {
  bool any = false;
  for (auto cell = booked.cells.lower_bound({day, {}});
       cell != booked.cells.end() && cell->first.day == day; ++cell) {
    const auto found = told.find(cell->first);
    const CellAmounts amounts = found == told.end() ? CellAmounts{} : found->second;
    for (const size_t a : kCountedAmounts) {
      if (amounts[a] < cell->second.amounts[a]) return false;
      any = any || cell->second.amounts[a] > 0;
    }
  }
  return any;
}

}  // namespace

std::set<int64_t> DaysLikelyThere(const ImportBatch& file, const std::vector<size_t>& late,
                                  const Books& books, const DayZone& zone) {
  const ToldCells told = CellsOf(file, books, zone);
  std::set<int64_t> there;
  for (const size_t index : late) {
    const OutcomeReport& report = OutcomeOf(file.reports[index]);
    const auto booked = books.sources.find(report.source);
    const auto cells = told.find(report.source);
    if (booked == books.sources.end() || cells == told.end()) continue;
    const auto days = SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, zone);
    if (!days.ok()) continue;
    for (const HourSlice& day : *days) {
      if (SaysAllOf(day.hour_start, booked->second, cells->second)) there.insert(day.hour_start);
    }
  }
  return there;
}

WithoutReversals::WithoutReversals(const ImportBatch& file) : batch(file) {
  batch.reports.clear();
  for (size_t i = 0; i < file.reports.size(); ++i) {
    if (TakesBack(OutcomeOf(file.reports[i]))) {
      reversals.push_back(i);
    } else {
      batch.reports.push_back(file.reports[i]);
      places.push_back(i);
    }
  }
}

absl::StatusOr<ImportBatch> PlanAddition(const ImportBatch& file,
                                         const std::vector<size_t>& indices, const Books& books,
                                         const CorrectionRules& rules) {
  ImportBatch batch;
  batch.rows = file.rows;
  batch.time_zone = file.time_zone;
  std::map<std::string, WindowSet> counted;
  for (const auto& [source, booked] : books.sources) counted[source] = booked.counted;
  for (const size_t index : indices) {
    const OutcomeReport& report = OutcomeOf(file.reports[index]);
    if (report.kind == OutcomeKind::kBenchmarks) continue;  // a result is there once
    auto rows = WholeRows(report, index, books, rules.zone);
    if (!rows.ok()) return rows.status();
    AddEmptyTime(report, &counted[report.source], &batch);
    OutcomeReport added = ReportOf(report.kind, report.source, SpanOf(report));
    std::vector<std::string> texts = {
        "added", report.source, std::string(Name(report.kind)),
        fmt::format("{} {}", report.window_start_unix_nanos, report.window_length_nanos)};
    for (ToldRow& row : *rows) {
      if (row.by_price_book) {
        AddPriced(row.names, row.amounts, books.price_book_version, &added);
      } else {
        AddTo(row.names, row.amounts, &added);
      }
      // Without what the price book says now: a row is the same whatever its price.
      row.amounts[1] = row.amounts[kRevenueAmount] = 0;
      texts.push_back(TextOf(row.amounts));
      texts.insert(texts.end(), row.names.begin(), row.names.end());
    }
    for (const InferenceRow& row : report.inference) {
      texts.push_back(row.revenue_micro_usd ? fmt::format("{}", *row.revenue_micro_usd) : "");
    }
    added.correction = CorrectionNote{"added-" + DigestOfTexts(texts), rules.reason};
    batch.reports.push_back({.report = std::move(added), .lines = file.reports[index].lines});
  }
  return batch;
}

Addition AdditionOf(const ImportBatch& file, const Books& books) {
  Addition addition;
  for (size_t i = 0; i < file.reports.size(); ++i) {
    const OutcomeReport& report = OutcomeOf(file.reports[i]);
    if (report.kind == OutcomeKind::kBenchmarks) {
      const bool known = books.results.contains(KeyOfResult(report.benchmarks.front()));
      (known ? addition.results : addition.fresh).push_back(i);
      continue;
    }
    const auto source = books.sources.find(report.source);
    const bool counted = source != books.sources.end() && !source->second.counted.empty() &&
                         source->second.counted.Overlaps(SpanOf(report));
    if (TakesBack(report)) {
      addition.reversals.push_back(i);
    } else {
      (counted ? addition.late : addition.fresh).push_back(i);
    }
  }
  return addition;
}

}  // namespace fleetmeter::ctl
