#include "daemon/accounting/transaction_draft.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/accounting/book_room.h"
#include "daemon/accounting/count_outcome.h"
#include "daemon/accounting/count_report.h"
#include "daemon/accounting/usage_room.h"

namespace fleetmeter {
namespace {

using Code = ReportDisposition::Code;

ReportDisposition Conflict(uint64_t sequence) {
  return {sequence,
          Code::kConflict,
          {RejectReason::kMalformed, "sequence",
           fmt::format("sequence {} was settled before with other content; expected the same "
                       "content, or the next sequence",
                       sequence)}};
}

// History comes from whoever can run the import again.
bool MayDefer(const Submission& submission) { return submission.can_defer && !submission.history; }

ReportDisposition OutOfSequence(uint64_t sequence, uint64_t expected) {
  return {sequence,
          Code::kOutOfSequence,
          {RejectReason::kMalformed, "sequence",
           fmt::format("sequence is {}; expected {}", sequence, expected)}};
}

const std::string& SourceOf(const SequencedReport& report) {
  return report.outcome ? report.outcome->source : report.report.source;
}

TimeSpan WindowOf(const SequencedReport& report) {
  if (report.outcome) return {report.outcome->window_start_unix_nanos, report.outcome->WindowEnd()};
  return {report.report.window_start_unix_nanos, report.report.WindowEnd()};
}

// The name of today. A rule that gives a name of before gives nothing of the source of today.
SourceClaim ResolveSource(const SourceNames& names, SourceClaim claim, std::string* source) {
  std::string name = names.Of(*source);
  const bool renamed = name != *source;
  *source = std::move(name);
  return renamed && claim == SourceClaim::kByRule ? SourceClaim::kFirstUse : claim;
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
  for (size_t i = 0; i < submission.reports.size(); ++i) {
    auto disposition =
        SettleReport(submission, submission.reports[i], submission.claims.Of(i), books);
    if (disposition) result.dispositions.push_back(*std::move(disposition));
  }
  return result;
}

std::optional<ReportDisposition> TransactionDraft::SettleReport(const Submission& submission,
                                                                SequencedReport& report,
                                                                SourceClaim claim,
                                                                LiveBooks& books) {
  const StreamKey& stream = submission.stream;
  if (!report.outcome) claim = ResolveSource(books.names, claim, &report.report.source);
  const uint64_t sequence = report.sequence;
  switch (books.streams.Check(stream, sequence, report.digest)) {
    case SequenceCheck::kNext:
      break;
    case SequenceCheck::kDuplicate:
      return SettleAgain(submission, report, claim, books);
    case SequenceCheck::kConflict:
      ++transaction_.conflicts;
      return Conflict(sequence);
    case SequenceCheck::kGap:
      return OutOfSequence(sequence, books.streams.Expected(stream));
  }
  books.streams.Stage(stream, sequence, report.digest);
  MaybeRejection rejection = Count(submission, report, claim, books);
  if (!rejection) {
    books.streams.NoteCounted(stream);
    return std::nullopt;
  }
  if (MayDefer(submission) && CanBeMended(rejection->reason)) {
    return Defer(stream, report, *std::move(rejection), false);
  }
  transaction_.rejected.push_back({.stream = stream,
                                   .sequence = sequence,
                                   .source = SourceOf(report),
                                   .rejection = *rejection,
                                   .history = submission.history,
                                   .outcome = report.outcome.has_value()});
  return ReportDisposition{sequence, Code::kRejected, *std::move(rejection)};
}

// Its sender may not have heard that it was deferred, or offers what was rejected in an older
// version's way. What was counted overlaps itself, so nothing can be counted twice here.
std::optional<ReportDisposition> TransactionDraft::SettleAgain(const Submission& submission,
                                                               SequencedReport& report,
                                                               SourceClaim claim,
                                                               LiveBooks& books) {
  const uint64_t sequence = report.sequence;
  if (MayDefer(submission) && !report.rejection && !WasCounted(submission, report, books)) {
    MaybeRejection rejection = Count(submission, report, claim, books);
    if (!rejection) {
      ++transaction_.counted_again;
      return std::nullopt;
    }
    if (CanBeMended(rejection->reason)) {
      return Defer(submission.stream, report, *std::move(rejection), true);
    }
  }
  ++transaction_.duplicates;
  return ReportDisposition{sequence, Code::kDuplicate, {}};
}

bool TransactionDraft::WasCounted(const Submission& submission, const SequencedReport& report,
                                  const LiveBooks& books) const {
  if (report.outcome) return IsBooked(*report.outcome, books.outcomes);
  const AdmissionContext context = ContextFor(submission, report.report.source, books.fleet);
  return context.windows != nullptr && context.windows->Overlaps(WindowOf(report));
}

ReportDisposition TransactionDraft::Defer(const StreamKey& stream, const SequencedReport& report,
                                          Rejection rejection, bool again) {
  transaction_.deferred.push_back({.source = SourceOf(report),
                                   .window = WindowOf(report),
                                   .rejection = rejection,
                                   .again = again,
                                   .outcome = report.outcome.has_value(),
                                   .identity = stream.identity});
  return {report.sequence, Code::kDeferred, std::move(rejection)};
}

TransactionDraft::MaybeRejection TransactionDraft::Count(const Submission& submission,
                                                         SequencedReport& report, SourceClaim claim,
                                                         LiveBooks& books) {
  if (auto foreign = CheckOwner(submission, report, claim, books)) return foreign;
  if (report.rejection) return std::move(report.rejection);
  return report.outcome ? CountOutcome(submission, report, claim, books)
                        : CountUsage(submission, report, claim, books);
}

TransactionDraft::MaybeRejection TransactionDraft::CheckOwner(const Submission& submission,
                                                              const SequencedReport& report,
                                                              SourceClaim claim,
                                                              const LiveBooks& books) const {
  const SourceAdmission::Speaker speaker{.identity = submission.stream.identity, .claim = claim};
  const std::string& source = SourceOf(report);
  if (!report.outcome) return sources_.CheckOwner(speaker, source, books.fleet);
  return SourceAdmission::CheckOwnedBy(books.outcomes.OwnerOf(source), speaker, source);
}

TransactionDraft::MaybeRejection TransactionDraft::CountUsage(const Submission& submission,
                                                              SequencedReport& report,
                                                              SourceClaim claim, LiveBooks& books) {
  const std::string sender = SenderOf(submission.stream, report.report.source);
  const AdmissionContext context = ContextFor(submission, report.report.source, books.fleet);
  if (auto rejection = CheckAdmission(report.report, context)) return rejection;
  const SourceAdmission::Speaker speaker{.identity = submission.stream.identity, .claim = claim};
  const Plan& plan = rules_.reference->PlanAt(report.report.window_start_unix_nanos);
  if (!submission.history) {
    auto rejection = sources_.CheckHoldings(speaker, report.report, plan, books.fleet);
    if (rejection) return rejection;
  }
  if (auto rejection = CheckUsageRoom(report.report, sender, books.usage)) return rejection;
  if (auto rejection =
          books.signals.Stage(sender, rules_.now.earliest, books.fleet.signals(), report.report)) {
    return rejection;
  }
  books.usage.Stage(sender, ChipNanosOf(report.report));
  std::string new_owner = sources_.Count(speaker, report.report, books.fleet);
  LedgerEntry entry = CountReport(submission.stream, std::move(report), context);
  entry.new_owner = std::move(new_owner);
  windows_[entry.report.source] = entry.windows;
  durations_[entry.report.source] = entry.durations;
  if (!entry.history) live_sources_.insert(entry.report.source);
  transaction_.counted.push_back(std::move(entry));
  return std::nullopt;
}

AdmissionContext TransactionDraft::ContextFor(const Submission& submission,
                                              const std::string& source,
                                              const FleetState& fleet) const {
  const auto staged = windows_.find(source);
  const auto durations = durations_.find(source);
  return {.reference = *rules_.reference,
          .limits = rules_.windows,
          .now = rules_.now,
          .windows = staged != windows_.end() ? &staged->second : fleet.Windows(source),
          .durations = durations != durations_.end() ? durations->second : fleet.Durations(source),
          .replay_speed = submission.replay_speed,
          .history = submission.history,
          .reports_live = live_sources_.contains(source) || fleet.ReportsLive(source),
          .keep_open_from_unix_nanos =
              MayDefer(submission) ? submission.oldest_deferred_unix_nanos : 0};
}

TransactionDraft::MaybeRejection TransactionDraft::CountOutcome(const Submission& submission,
                                                                const SequencedReport& report,
                                                                SourceClaim claim,
                                                                LiveBooks& books) {
  OutcomeEntry entry;
  entry.stream = submission.stream;
  entry.sequence = report.sequence;
  entry.digest = report.digest;
  entry.history = submission.history;
  const OutcomeContext context{.reference = *rules_.reference,
                               .books = books.outcomes,
                               .now = rules_.now,
                               .sender = SenderOf(submission.stream, report.outcome->source),
                               .future_tolerance_nanos = rules_.windows.future_tolerance_nanos};
  if (auto rejection = ::fleetmeter::CountOutcome(*report.outcome, context, &entry)) {
    return rejection;
  }
  const std::string& identity = submission.stream.identity;
  const bool owned = claim == SourceClaim::kUnchecked ||
                     books.outcomes.OwnerOf(report.outcome->source) == identity;
  if (!owned) entry.new_owner = identity;
  books.outcomes.Stage(entry);
  transaction_.outcomes.push_back(std::move(entry));
  return std::nullopt;
}

}  // namespace fleetmeter
