// The part of an import of usage that corrects the books.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <utility>
#include <vector>

#include "daemon/ctl/import/import_command.h"
#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/usage_correction.h"
#include "daemon/ctl/print/correction_output.h"
#include "daemon/ctl/print/text_cells.h"
#include "daemon/ctl/print/usage_correction_output.h"
#include "daemon/ctl/stop_signals.h"
#include "daemon/ctl/terminal.h"

namespace fleetmeter::ctl {
namespace {

using imports::ImportBatch;

constexpr size_t kMostUsageShown = 50;  // lines of a comparison

// The reports of a file that the books do not have.
ImportBatch NewOf(const ImportBatch& file, const std::vector<Standing>& standings) {
  ImportBatch batch = file;
  batch.reports.clear();
  for (size_t i = 0; i < standings.size(); ++i) {
    if (standings[i] == Standing::kNew) batch.reports.push_back(file.reports[i]);
  }
  return batch;
}

void AddUp(const ReportsAndRows& more, ReportsAndRows* sum) {
  sum->reports += more.reports;
  sum->rows += more.rows;
}

}  // namespace

AskUsage ImportCommand::UsageAsker() const {
  return [this](const v1::CorrectUsageRequest& request) {
    return AskCorrectUsage(connection_.ingest_address, connection_.tls, connection_.timeout,
                           request);
  };
}

// Of a plain import: reports whose time was counted before, and of which the books say the same.
std::set<size_t> ImportCommand::UnchangedUsage(const ImportBatch& file,
                                               const std::vector<Fate>& fates) const {
  std::set<size_t> unchanged;
  const auto held = file.InMemory();
  if (!held.ok()) return unchanged;
  std::vector<UsageQuestion> questions = UsageQuestionsOf(*held, {}, "");
  const auto answers = AskAll(UsageAsker(), &questions, held->reports.size());
  if (!answers.ok()) return unchanged;
  for (size_t i = 0; i < fates.size(); ++i) {
    if (fates[i] == Fate::kOverlapping && answers->standings[i] == Standing::kUnchanged) {
      unchanged.insert(i);
    }
  }
  return unchanged;
}

int ImportCommand::CorrectUsage(const ImportBatch& read, RefusedFile& refused) const {
  const auto held = read.InMemory();
  if (!held.ok()) return ExitCode(held.status());
  const ImportBatch& file = *held;
  if (file.source_of_name) {
    return ExitCode(absl::InvalidArgumentError(
        "--correct takes --source NAME, or a column source: whose history in the books the file "
        "is compared with"));
  }
  if (!file.refused.empty()) {
    Warn(fmt::format(
        "{}: nothing was compared, since the rows of a window say all of it, and a row that is "
        "refused would be taken out of the books; mend those rows first",
        Printable(file_)));
    return kExitNotAll;
  }
  BlockStopSignals();
  const auto rules = RulesOf(file);
  if (!rules.ok()) return ExitCode(rules.status());
  std::vector<UsageQuestion> questions = UsageQuestionsOf(file, *rules, source_);
  const auto answers = AskAll(UsageAsker(), &questions, file.reports.size());
  if (!answers.ok()) return ExitCode(answers.status());
  const std::string shown = FormatUsageComparison(file, *answers, kMostUsageShown);
  if (output_ == OutputFormat::kTable) {
    if (absl::Status printed = Print(shown); !printed.ok()) return ExitCode(printed);
  } else {
    fmt::print(stderr, "{}", shown);
  }
  return BookUsage(file, questions, *answers, refused);
}

int ImportCommand::BookUsage(const ImportBatch& file, const std::vector<UsageQuestion>& questions,
                             const UsageAnswers& answers, RefusedFile& refused) const {
  const ImportBatch fresh = NewOf(file, answers.standings);
  const auto sums = SumByStanding(file, answers.standings);
  ImportSummary summary = Summarize(fresh, {});
  summary.stream_id = Hex(StreamIdOf(fresh));
  summary.dry_run = dry_run_;
  absl::Status status;
  if (!dry_run_) {
    const bool changes = !answers.changed.empty();
    if (changes && !Agreed("Book these differences?")) {
      Tell(std::move(summary), absl::OkStatus());
      return kExitNotAll;
    }
    std::vector<int64_t> entries;
    status = BookAgreed(UsageAsker(), questions, answers, correction_.reason, &entries);
    if (!entries.empty()) {
      fmt::print(stderr, "the books have it as entry {}; see 'fleetmeterctl ledger entries'\n",
                 fmt::join(entries, ", "));
    }
    std::vector<size_t> overlapping;
    if (status.ok() && !fresh.reports.empty()) {
      summary = SendPlain(fresh, refused, &overlapping, &status);
    }
    const ReportsAndRows& changed = sums[static_cast<size_t>(Standing::kChanged)];
    if (status.ok()) AddUp(changed, &summary.counted);
  }
  const ImportSummary whole = Summarize(file, {});
  summary.reports = whole.reports;
  summary.totals = whole.totals;
  summary.comparison = sums;
  AddUp(sums[static_cast<size_t>(Standing::kUnchanged)], &summary.unchanged);
  const int code = Tell(std::move(summary), status);
  if (sums[static_cast<size_t>(Standing::kPartial)].reports == 0 || correction_.skip_partial_days) {
    return code;
  }
  Warn(fmt::format(
      "{}: some windows could not be compared: the books have more of their time than the file "
      "reaches over, or they have it from live reports, or from before they kept history by "
      "source. --from DAY --to DAY says that the file is all that there was; --skip-partial-days "
      "passes over such windows",
      Printable(file_)));
  return code == kExitOk ? kExitNotAll : code;
}

}  // namespace fleetmeter::ctl
