#include "daemon/accounting/transaction_draft.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/accounting/count_outcome.h"
#include "daemon/accounting/count_report.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

using Code = ReportDisposition::Code;

// Each signal is a label value of several metrics of every pool.
constexpr size_t kMaxSignals = 64;

ReportDisposition Conflict(uint64_t sequence) {
  return {sequence,
          Code::kConflict,
          {RejectReason::kMalformed, "sequence",
           fmt::format("sequence {} was settled before with other content; expected the same "
                       "content, or the next sequence",
                       sequence)}};
}

// History comes from whoever can run the import again; outcomes have no place to wait.
bool MayDefer(const Submission& submission) { return submission.can_defer && !submission.history; }
bool MayDefer(const Submission& submission, const SequencedReport& report) {
  return MayDefer(submission) && !report.outcome;
}

ReportDisposition OutOfSequence(uint64_t sequence, uint64_t expected) {
  return {sequence,
          Code::kOutOfSequence,
          {RejectReason::kMalformed, "sequence",
           fmt::format("sequence is {}; expected {}", sequence, expected)}};
}

}  // namespace

SubmitResult TransactionDraft::Settle(Submission& submission, LiveBooks& books) {
  SubmitResult result;
  if (books.streams.Fenced(submission.stream, submission.epoch)) {
    result.status = absl::AbortedError(
        fmt::format("session {} was fenced: a later session has opened this stream; expected one "
                    "process for each stream",
                    submission.epoch));
    return result;
  }
  for (SequencedReport& report : submission.reports) {
    auto disposition = SettleReport(submission, report, books);
    if (disposition) result.dispositions.push_back(*std::move(disposition));
  }
  return result;
}

std::optional<ReportDisposition> TransactionDraft::SettleReport(const Submission& submission,
                                                                SequencedReport& report,
                                                                LiveBooks& books) {
  const StreamKey& stream = submission.stream;
  if (!report.outcome) report.report.source = books.names.Of(report.report.source);
  const uint64_t sequence = report.sequence;
  switch (books.streams.Check(stream, sequence, report.digest)) {
    case SequenceCheck::kNext:
      break;
    case SequenceCheck::kDuplicate:
      return SettleAgain(submission, report, books);
    case SequenceCheck::kConflict:
      ++transaction_.conflicts;
      return Conflict(sequence);
    case SequenceCheck::kGap:
      return OutOfSequence(sequence, books.streams.Expected(stream));
  }
  books.streams.Stage(stream, sequence, report.digest);
  MaybeRejection rejection = std::move(report.rejection);
  if (!rejection) {
    rejection = report.outcome ? CountOutcome(submission, report, books)
                               : CountUsage(submission, report, books);
  }
  if (!rejection) return std::nullopt;
  if (MayDefer(submission, report) && CanBeMended(rejection->reason)) {
    return Defer(report, *std::move(rejection), false);
  }
  transaction_.rejected.push_back(
      {stream, sequence, report.report.source, *rejection, submission.history});
  return ReportDisposition{sequence, Code::kRejected, *std::move(rejection)};
}

// Its sender may not have heard that it was deferred, or offers what was rejected in an older
// version's way. What was counted overlaps itself, so nothing can be counted twice here.
std::optional<ReportDisposition> TransactionDraft::SettleAgain(const Submission& submission,
                                                               SequencedReport& report,
                                                               LiveBooks& books) {
  const uint64_t sequence = report.sequence;
  if (MayDefer(submission, report) && !report.rejection) {
    const AdmissionContext context = ContextFor(submission, report.report.source, books.fleet);
    const TimeSpan window{report.report.window_start_unix_nanos, report.report.WindowEnd()};
    const bool counted = context.windows != nullptr && context.windows->Overlaps(window);
    if (!counted) {
      MaybeRejection rejection = CountUsage(submission, report, books);
      if (!rejection) {
        ++transaction_.counted_again;
        return std::nullopt;
      }
      if (CanBeMended(rejection->reason)) return Defer(report, *std::move(rejection), true);
    }
  }
  ++transaction_.duplicates;
  return ReportDisposition{sequence, Code::kDuplicate, {}};
}

ReportDisposition TransactionDraft::Defer(const SequencedReport& report, Rejection rejection,
                                          bool again) {
  const UsageReport& usage = report.report;
  transaction_.deferred.push_back(
      {usage.source, {usage.window_start_unix_nanos, usage.WindowEnd()}, rejection, again});
  return {report.sequence, Code::kDeferred, std::move(rejection)};
}

TransactionDraft::MaybeRejection TransactionDraft::CountUsage(const Submission& submission,
                                                              SequencedReport& report,
                                                              const LiveBooks& books) {
  const AdmissionContext context = ContextFor(submission, report.report.source, books.fleet);
  if (auto rejection = CheckAdmission(report.report, context)) return rejection;
  if (auto rejection = StageSignals(report.report, books.fleet.signals())) return rejection;
  LedgerEntry entry = CountReport(submission.stream, std::move(report), context);
  windows_[entry.report.source] = entry.windows;
  if (!entry.history) live_sources_.insert(entry.report.source);
  transaction_.counted.push_back(std::move(entry));
  return std::nullopt;
}

AdmissionContext TransactionDraft::ContextFor(const Submission& submission,
                                              const std::string& source,
                                              const FleetState& fleet) const {
  const auto staged = windows_.find(source);
  return {.reference = *rules_.reference,
          .limits = rules_.windows,
          .now = rules_.now,
          .windows = staged != windows_.end() ? &staged->second : fleet.Windows(source),
          .replay_speed = submission.replay_speed,
          .history = submission.history,
          .reports_live = live_sources_.contains(source) || fleet.ReportsLive(source),
          .keep_open_from_unix_nanos =
              MayDefer(submission) ? submission.oldest_deferred_unix_nanos : 0};
}

TransactionDraft::MaybeRejection TransactionDraft::StageSignals(
    const UsageReport& report, const absl::flat_hash_set<std::string>& known) {
  absl::flat_hash_set<std::string> signals = signals_;
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const std::string& signal = report.groups[i].signal;
    if (signal.empty() || known.contains(signal)) continue;
    signals.insert(signal);
    const size_t number = known.size() + signals.size();
    if (number <= kMaxSignals) continue;
    return Rejection{RejectReason::kTooManySignals, fmt::format("groups[{}].signal", i),
                     fmt::format("{} would be signal number {}; expected at most {} different "
                                 "ones: a signal says what measures, not what is measured",
                                 Quoted(signal), number, kMaxSignals)};
  }
  signals_ = std::move(signals);
  return std::nullopt;
}

TransactionDraft::MaybeRejection TransactionDraft::CountOutcome(const Submission& submission,
                                                                const SequencedReport& report,
                                                                LiveBooks& books) {
  OutcomeEntry entry;
  entry.stream = submission.stream;
  entry.sequence = report.sequence;
  entry.digest = report.digest;
  entry.history = submission.history;
  const OutcomeContext context{.reference = *rules_.reference,
                               .books = books.outcomes,
                               .now = rules_.now,
                               .future_tolerance_nanos = rules_.windows.future_tolerance_nanos};
  if (auto rejection = ::fleetmeter::CountOutcome(*report.outcome, context, &entry)) {
    return rejection;
  }
  books.outcomes.Stage(entry);
  transaction_.outcomes.push_back(std::move(entry));
  return std::nullopt;
}

}  // namespace fleetmeter
