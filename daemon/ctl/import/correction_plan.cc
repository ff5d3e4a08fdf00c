#include "daemon/ctl/import/correction_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "daemon/base/units.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/told_rows.h"
#include "daemon/ledger/postings.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;
using imports::ImportReport;

constexpr char kOverflow[] = "overflow";

struct ToldCell {
  CellAmounts amounts{};
  bool by_price_book = true;  // which says the revenue of all of it
};

// A day of a source of which the file tells.
struct ToldDay {
  std::map<std::array<std::string, 5>, ToldCell> cells;
  std::vector<size_t> reports;
  TimeSpan window;  // of the first of them, as far as it lies in the day
};

// One source of a file beside its books.
class SourceComparison {
 public:
  SourceComparison(const ImportBatch& file, const Books& books, const CorrectionRules& rules,
                   std::string source, CorrectionPlan* plan)
      : file_(file), books_(books), rules_(rules), source_(std::move(source)), plan_(plan) {
    const auto found = books.sources.find(source_);
    if (found != books.sources.end()) booked_ = found->second;
  }

  absl::Status Compare(const std::vector<size_t>& reports) {
    kind_ = OutcomeOf(file_.reports[reports.front()]).kind;
    hull_ = SpanOf(OutcomeOf(file_.reports[reports.front()]));
    WindowSet counted = booked_.counted;
    for (const size_t index : reports) {
      const OutcomeReport& report = OutcomeOf(file_.reports[index]);
      const TimeSpan span = SpanOf(report);
      hull_.start_unix_nanos = std::min(hull_.start_unix_nanos, span.start_unix_nanos);
      hull_.end_unix_nanos = std::max(hull_.end_unix_nanos, span.end_unix_nanos);
      if (booked_.counted.empty() || !booked_.counted.Overlaps(span)) {
        plan_->standings[index] = Standing::kNew;
        plan_->batch.reports.push_back(file_.reports[index]);
        continue;
      }
      AddEmptyTime(report, &counted, &plan_->batch);
      if (absl::Status told = Tell(report, index); !told.ok()) return told;
    }
    AddDaysWithoutRows();
    for (const auto& [day, told] : days_) {
      if (absl::Status compared = CompareDay(day, told); !compared.ok()) return compared;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Tell(const OutcomeReport& report, size_t index) {
    const auto slices =
        SliceByDay(report.window_start_unix_nanos, report.window_length_nanos, rules_.zone);
    if (!slices.ok()) return slices.status();
    for (const HourSlice& slice : *slices) {
      ToldDay& day = days_[slice.hour_start];
      if (day.reports.empty()) {
        day.window = {report.window_start_unix_nanos + slice.from_nanos,
                      report.window_start_unix_nanos + slice.to_nanos};
      }
      day.reports.push_back(index);
      for (const ToldRow& row : ToldRows(report, index, slice, books_)) {
        ToldCell& cell = day.cells[row.names];
        cell.by_price_book = cell.by_price_book && row.by_price_book;
        for (size_t i = 0; i < cell.amounts.size(); ++i) cell.amounts[i] += row.amounts[i];
      }
    }
    return absl::OkStatus();
  }

  // Days that the books have, and of which the file says by its silence that nothing was.
  void AddDaysWithoutRows() {
    if (!rules_.covers) return;
    for (const auto& [key, cell] : booked_.cells) {
      if (!IsCovered(key.day) || days_.contains(key.day)) continue;
      const auto pieces = PiecesOf(DaySpanOf(key.day), booked_.counted, true);
      if (!pieces.empty()) days_[key.day].window = pieces.front();
    }
  }

  TimeSpan DaySpanOf(int64_t day) const {
    return {rules_.zone.BeginOf(day) * kNanosPerSecond,
            rules_.zone.BeginOf(day + kSecondsPerDay) * kNanosPerSecond};
  }

  bool IsCovered(int64_t day) const {
    const TimeSpan span = DaySpanOf(day);
    return rules_.covers && rules_.covers->start_unix_nanos <= span.start_unix_nanos &&
           span.end_unix_nanos <= rules_.covers->end_unix_nanos;
  }

  // Whether the books have some of the day that lies before or behind the file.
  bool IsPartial(int64_t day) const {
    if (IsCovered(day)) return false;
    const TimeSpan span = DaySpanOf(day);
    const auto has = [&](int64_t from, int64_t to) {
      return from < to && !PiecesOf({from, to}, booked_.counted, true).empty();
    };
    return has(span.start_unix_nanos, std::min(hull_.start_unix_nanos, span.end_unix_nanos)) ||
           has(std::max(hull_.end_unix_nanos, span.start_unix_nanos), span.end_unix_nanos);
  }

  void Mark(const ToldDay& told, Standing standing) {
    for (const size_t index : told.reports) {
      Standing& now = plan_->standings[index];
      if (now != Standing::kChanged) now = standing;
    }
  }

  absl::Status CompareDay(int64_t day, const ToldDay& told) {
    if (IsPartial(day)) {
      plan_->partial.push_back({source_, day});
      Mark(told, Standing::kPartial);
      return absl::OkStatus();
    }
    const std::vector<CellChange> changes = ChangesOf(day, told);
    if (changes.empty()) return absl::OkStatus();
    for (const CellChange& change : changes) {
      if (change.key.names[0] != kOverflow && change.key.names[1] != kOverflow) continue;
      return absl::FailedPreconditionError(fmt::format(
          "the books have more models and customer tiers of source '{}' than "
          "outcomes.segments allows, and have merged some as '{}'; what was merged cannot be "
          "corrected by a file",
          source_, kOverflow));
    }
    Mark(told, Standing::kChanged);
    plan_->changes.insert(plan_->changes.end(), changes.begin(), changes.end());
    Correct(changes, told);
    return absl::OkStatus();
  }

  std::vector<CellChange> ChangesOf(int64_t day, const ToldDay& told) const {
    std::vector<CellChange> changes;
    for (auto cell = booked_.cells.lower_bound({day, {}});
         cell != booked_.cells.end() && cell->first.day == day; ++cell) {
      const auto now = told.cells.find(cell->first.names);
      const ToldCell after = now == told.cells.end() ? ToldCell() : now->second;
      AddChange(cell->first, cell->second, after, &changes);
    }
    // Of what the books do not have yet, the price book may say all.
    const BookedCell none{.amounts = {}, .price_book_version = books_.price_book_version};
    for (const auto& [names, after] : told.cells) {
      if (booked_.cells.contains({day, names})) continue;
      AddChange({day, names}, none, after, &changes);
    }
    return changes;
  }

  // What the price book in force said and would say is the same where the tokens are: revenue was
  // rounded with that of other rows of the segment, so that it may differ by some micro-dollars.
  void AddChange(const CellKey& key, const BookedCell& before, const ToldCell& after,
                 std::vector<CellChange>* changes) const {
    const bool by_price_book = books_.price_book_version != 0 && after.by_price_book &&
                               before.price_book_version == books_.price_book_version;
    CellAmounts expected = after.amounts;
    if (by_price_book) expected[kRevenueAmount] = before.amounts[kRevenueAmount];
    if (expected == before.amounts) return;
    changes->push_back({source_, key, before.amounts, after.amounts, by_price_book});
  }

  int64_t CorrectionsOf(const CellKey& key) const {
    const auto found = booked_.cells.find(key);
    return found == booked_.cells.end() ? 0 : found->second.corrections;
  }

  // Of the lines that a day's reports have, those of reports that no earlier correction told.
  ImportReport WithLines(OutcomeReport report, const ToldDay& told) {
    ImportReport planned{.report = std::move(report), .lines = {}};
    for (const size_t index : told.reports) {
      if (has_lines_.insert(index).second) planned.lines.Add(file_.reports[index].lines);
    }
    return planned;
  }

  void Correct(const std::vector<CellChange>& changes, const ToldDay& told) {
    const size_t most = kind_ == OutcomeKind::kTraining ? 1 : imports::kMostRows;
    for (size_t first = 0; first < changes.size(); first += most) {
      OutcomeReport report = ReportOf(kind_, source_, told.window);
      std::vector<std::string> texts = {"compared", source_, std::string(Name(kind_))};
      for (size_t i = first; i < std::min(changes.size(), first + most); ++i) {
        const CellChange& change = changes[i];
        CellAmounts difference{};
        for (size_t a = 0; a < difference.size(); ++a) {
          difference[a] = change.after[a] - change.before[a];
        }
        if (change.by_price_book) {
          AddPriced(change.key.names, difference, books_.price_book_version, &report);
          difference[kRevenueAmount] = 0;  // it is not ours to say
        } else {
          AddTo(change.key.names, difference, &report);
        }
        texts.push_back(
            fmt::format("{} {} {}", change.key.day, CorrectionsOf(change.key), TextOf(difference)));
        texts.insert(texts.end(), change.key.names.begin(), change.key.names.end());
      }
      report.correction = CorrectionNote{"compared-" + DigestOfTexts(texts), rules_.reason};
      plan_->batch.reports.push_back(WithLines(std::move(report), told));
    }
  }

  const ImportBatch& file_;
  const Books& books_;
  const CorrectionRules& rules_;
  const std::string source_;
  CorrectionPlan* const plan_;
  BookedSource booked_;
  OutcomeKind kind_ = OutcomeKind::kInference;
  TimeSpan hull_;  // from the file's first moment of the source to its last
  std::map<int64_t, ToldDay> days_;
  std::set<size_t> has_lines_;  // reports whose lines a correction has
};

void CompareResult(const ImportReport& planned, const Books& books, const CorrectionRules& rules,
                   size_t index, CorrectionPlan* plan) {
  OutcomeReport report = OutcomeOf(planned);
  const BenchmarkRow& row = report.benchmarks.front();
  const auto found = books.results.find(KeyOfResult(row));
  if (found == books.results.end()) {
    plan->standings[index] = Standing::kNew;
    plan->batch.reports.push_back(planned);
    return;
  }
  const StandingResult& standing = found->second;
  if (standing.row.score == row.score && standing.row.family == row.family) return;
  plan->standings[index] = Standing::kChanged;
  plan->results.push_back({standing.row, row});
  report.correction = CorrectionNote{
      "compared-" + DigestOfTexts({"result", row.model, row.family, row.benchmark, row.version,
                                   fmt::format("{} {} {}", row.date_unix_seconds,
                                               standing.corrections, row.score.value_or(0)),
                                   row.source}),
      rules.reason};
  plan->batch.reports.push_back({.report = std::move(report), .lines = planned.lines});
}

}  // namespace

bool LeavesLessThanNothing(const CorrectionPlan& plan) {
  const auto is_less = [](const CellChange& change) {
    for (size_t a = 0; a < change.after.size(); ++a) {
      if (a != kRevenueAmount && change.after[a] < 0) return true;
    }
    return false;
  };
  const auto takes_back = [](const ImportReport& planned) {
    return !OutcomeOf(planned).correction && TakesBack(OutcomeOf(planned));
  };
  return std::any_of(plan.changes.begin(), plan.changes.end(), is_less) ||
         std::any_of(plan.batch.reports.begin(), plan.batch.reports.end(), takes_back);
}

ResultKey KeyOfResult(const BenchmarkRow& row) {
  return {row.model, row.benchmark, row.version, row.date_unix_seconds, row.source};
}

absl::StatusOr<CorrectionPlan> PlanCorrection(const ImportBatch& file, const Books& books,
                                              const CorrectionRules& rules) {
  CorrectionPlan plan;
  plan.standings.assign(file.reports.size(), Standing::kUnchanged);
  plan.batch.rows = file.rows;
  plan.batch.time_zone = file.time_zone;
  plan.batch.passed_over = file.passed_over;
  plan.batch.refused = file.refused;
  std::map<std::string, std::vector<size_t>> by_source;
  for (size_t i = 0; i < file.reports.size(); ++i) {
    const OutcomeReport& report = OutcomeOf(file.reports[i]);
    if (report.kind == OutcomeKind::kBenchmarks) {
      CompareResult(file.reports[i], books, rules, i, &plan);
    } else if (!report.correction) {
      by_source[report.source].push_back(i);
    }
  }
  for (const auto& [source, reports] : by_source) {
    const absl::Status status =
        SourceComparison(file, books, rules, source, &plan).Compare(reports);
    if (!status.ok()) return status;
  }
  // New time first: what a correction of the same day leaves is then never less than nothing.
  std::stable_partition(plan.batch.reports.begin(), plan.batch.reports.end(),
                        [](const ImportReport& r) { return !OutcomeOf(r).correction; });
  return plan;
}

}  // namespace fleetmeter::ctl
