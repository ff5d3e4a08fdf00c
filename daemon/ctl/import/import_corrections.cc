// The parts of an import that correct the books, and that add to what they have.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "daemon/ctl/confirm.h"
#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/plan_addition.h"
#include "daemon/ctl/print/correction_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;

constexpr size_t kMostShown = 50;  // lines of a comparison

}  // namespace

bool ImportCommand::Agreed(const std::string& question) const {
  if (correction_.yes) return true;
  const absl::Status agreed = Confirm(question);
  if (!agreed.ok()) Warn(std::string(agreed.message()));
  return agreed.ok();
}

int ImportCommand::Correct(const ImportBatch& file, RefusedFile& refused) const {
  BlockStopSignals();
  const auto rules = RulesOf(file);
  if (!rules.ok()) return ExitCode(rules.status());
  const auto books = AskBooks(file, *rules);
  if (!books.ok()) return ExitCode(books.status());
  const auto plan = PlanCorrection(file, *books, *rules);
  if (!plan.ok()) return ExitCode(plan.status());
  const std::string shown = FormatComparison(file, *plan, kMostShown);
  if (output_ == OutputFormat::kTable) {
    if (absl::Status printed = Print(shown); !printed.ok()) return ExitCode(printed);
  } else {
    fmt::print(stderr, "{}", shown);
  }
  if (LeavesLessThanNothing(*plan)) {
    return ExitCode(absl::FailedPreconditionError(fmt::format(
        "{}: by this file there would be less than nothing of something, such as -400 requests of "
        "a day, and nothing was booked. A file that takes back what the books have, such as a "
        "credit note, is added to them: run the command with --correct --add --reason TEXT",
        Printable(file_))));
  }
  ImportSummary summary = Summarize(plan->batch, {});
  const bool changes = !plan->changes.empty() || !plan->results.empty();
  absl::Status status;
  std::vector<size_t> overlapping;
  if (dry_run_) {
    summary.dry_run = true;
    summary.stream_id = Hex(StreamIdOf(plan->batch));
  } else if (changes && !Agreed("Book these differences?")) {
    Tell(std::move(summary), absl::OkStatus());
    return kExitNotAll;
  } else if (!plan->batch.reports.empty()) {
    summary = SendPlain(plan->batch, refused, &overlapping, &status);
  }
  summary.comparison = SumByStanding(file, plan->standings);
  const ReportsAndRows& unchanged =
      (*summary.comparison)[static_cast<size_t>(Standing::kUnchanged)];
  summary.unchanged.reports += unchanged.reports;
  summary.unchanged.rows += unchanged.rows;
  const bool partial = !plan->partial.empty() && !correction_.skip_partial_days;
  const int code = Tell(std::move(summary), status);
  if (partial) {
    Warn(fmt::format(
        "{}: the days named above were not compared, since the file has only a part of them. If "
        "the file has all that there was, say so with --from DAY --to DAY. If it has rows that the "
        "books do not have yet, add them with --add. If these days may stay as they are, give "
        "--skip-partial-days",
        Printable(file_)));
  }
  return code == kExitOk && partial ? kExitNotAll : code;
}

// What --add would do, and with which lines. Nothing is sent.
int ImportCommand::ShowAddition(const ImportBatch& file, ImportSummary summary) const {
  const auto rules = RulesOf(file);
  if (!rules.ok()) return ExitCode(rules.status());
  const auto books = AskBooks(file, *rules);
  if (!books.ok()) return ExitCode(books.status());
  const Addition addition = AdditionOf(file, *books);
  const std::string shown =
      FormatAddition(file, addition) +
      FormatLikelyThere(DaysLikelyThere(file, addition.late, *books, rules->zone));
  if (output_ == OutputFormat::kTable) {
    if (absl::Status printed = Print(shown); !printed.ok()) return ExitCode(printed);
  } else {
    fmt::print(stderr, "{}", shown);
  }
  return Tell(std::move(summary), absl::OkStatus());
}

// First as any import does, so that what is new is counted once, whatever was imported before. What
// overlaps then is added.
int ImportCommand::Add(const ImportBatch& file, RefusedFile& refused) const {
  std::vector<size_t> overlapping;
  absl::Status status;
  const WithoutReversals first(file);
  ImportSummary summary = Summarize(first.batch, {});
  if (!first.batch.reports.empty()) {
    summary = SendPlain(first.batch, refused, &overlapping, &status);
  }
  const ImportSummary whole = Summarize(file, {});
  summary.reports = whole.reports;
  summary.totals = whole.totals;
  Addition addition{.fresh = {}, .late = {}, .reversals = first.reversals, .results = {}};
  for (const size_t place : overlapping) {
    auto& known = kind_ == ImportKind::kBenchmarks ? addition.results : addition.late;
    known.push_back(first.places[place]);
  }
  std::vector<size_t> additions = addition.late;
  additions.insert(additions.end(), first.reversals.begin(), first.reversals.end());
  std::sort(additions.begin(), additions.end());
  if (!status.ok() || additions.empty()) return Tell(std::move(summary), status);
  const auto rules = RulesOf(file);
  if (!rules.ok()) return ExitCode(rules.status());
  const auto books = AskBooks(file, *rules);
  if (!books.ok()) return Tell(std::move(summary), books.status());
  const auto planned = PlanAddition(file, additions, *books, *rules);
  if (!planned.ok()) return Tell(std::move(summary), planned.status());
  const ImportBatch& added = *planned;
  fmt::print(stderr, "{}{}", FormatAddition(file, addition),
             FormatLikelyThere(DaysLikelyThere(file, addition.late, *books, rules->zone)));
  if (!Agreed("Add them to what the books have?")) {
    Tell(std::move(summary), absl::OkStatus());
    return kExitNotAll;
  }
  std::vector<size_t> before;
  const ImportSummary sums = SendPlain(added, refused, &before, &status);
  // By its id, what was added before is not added again.
  summary.counted.reports += sums.counted.reports;
  summary.counted.rows += sums.counted.rows;
  summary.before.reports += sums.before.reports + sums.overlapping.reports;
  summary.before.rows += sums.before.rows + sums.overlapping.rows;
  summary.rejected.reports += sums.rejected.reports;
  summary.rejected.rows += sums.rejected.rows;
  summary.unheard.reports += sums.unheard.reports;
  summary.unsent.reports += sums.unsent.reports;
  summary.unsent.rows += sums.unsent.rows;
  summary.overlapping = {};
  return Tell(std::move(summary), status);
}

}  // namespace fleetmeter::ctl
