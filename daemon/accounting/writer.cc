#include "daemon/accounting/writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/accounting/count_report.h"
#include "daemon/base/failpoint.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

// Each signal is a label value of several metrics of every pool.
constexpr size_t kMaxSignals = 64;

constexpr int64_t kLongestWithoutCommit = 60 * kNanosPerSecond;

}  // namespace

Writer::Writer(Options options, WriterSettings settings, const Clock& clock, Ledger& ledger,
               DaemonProbe& probe)
    : options_(std::move(options)),
      clock_(clock),
      ledger_(ledger),
      probe_(probe),
      clock_watch_(clock),
      settings_(std::move(settings)),
      state_(settings_.state) {}

Writer::~Writer() { Stop(); }

absl::Status Writer::Start() {
  auto books = ledger_.Restore();
  if (!books.ok()) return books.status();
  ledger_identity_ = ledger_.Identity();
  {
    MutexLock lock(state_mutex_);
    for (const StreamPosition& position : books->streams) streams_.Restore(position);
    state_.Restore(*books, clock_.UnixNanos());
    outcomes_.Restore(books->outcomes);
    // The last term was kept, and goes on; those before it do not change any more.
    if (!books->terms.empty()) first_term_ = books->terms.size() - 1;
  }
  probe_.CountersRestored({{"accepted", books->counters.accepted},
                           {"duplicate", books->counters.duplicate},
                           {"conflict", books->counters.conflicting}},
                          books->counters.rejected);
  committed_at_monotonic_ = clock_.MonotonicNanos();
  Tick();
  if (broken_) return absl::DataLossError(LedgerTrouble());
  progress_at_monotonic_ = clock_.MonotonicNanos();
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Writer::Stop() {
  {
    MutexLock lock(queue_mutex_);
    stopping_ = true;
    queue_changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

Writer::Submitted Writer::TrySubmit(Submission& submission) {
  MutexLock lock(queue_mutex_);
  if (stopping_) return Submitted::kStopping;
  if (queued_reports_ + submission.reports.size() > options_.queue_reports) {
    if (full_since_monotonic_ == 0) full_since_monotonic_ = clock_.MonotonicNanos();
    return Submitted::kFull;
  }
  full_since_monotonic_ = 0;
  queued_reports_ += submission.reports.size();
  queue_.push_back(std::move(submission));
  queue_changed_.NotifyAll();
  return Submitted::kYes;
}

uint64_t Writer::NextSequence(const StreamKey& stream) const {
  MutexLock lock(state_mutex_);
  return streams_.Committed(stream) + 1;
}

LiveFacts Writer::TakeFacts() const {
  MutexLock lock(state_mutex_);
  return {state_.Copy(clock_.UnixNanos()), settings_.reference, settings_.thresholds};
}

std::vector<SegmentTotal> Writer::TakeSegmentTotals() const {
  MutexLock lock(state_mutex_);
  return outcomes_.SegmentTotals();
}

std::shared_ptr<const ReferenceData> Writer::reference() const {
  MutexLock lock(state_mutex_);
  return settings_.reference;
}

SessionStart Writer::OpenSession(const StreamKey& stream) {
  MutexLock lock(state_mutex_);
  return streams_.OpenSession(stream);
}

void Writer::CloseSession(const StreamKey& stream, uint64_t epoch) {
  MutexLock lock(state_mutex_);
  streams_.CloseSession(stream, epoch);
}

std::string Writer::LedgerTrouble() const {
  MutexLock lock(state_mutex_);
  return std::string(ledger_status_.message());
}

void Writer::Replace(WriterSettings settings) {
  MutexLock lock(state_mutex_);
  settings_ = std::move(settings);
  reference_recorded_ = false;
  state_.set_options(settings_.state);
  // Allocations up to now were granted by the old plan.
  state_.Advance(settings_.reference, clock_.UnixNanos(), clock_.MonotonicNanos());
}

size_t Writer::queued_reports() const {
  MutexLock lock(queue_mutex_);
  return queued_reports_;
}

int64_t Writer::FullForNanos() const {
  MutexLock lock(queue_mutex_);
  return full_since_monotonic_ == 0 ? 0 : clock_.MonotonicNanos() - full_since_monotonic_;
}

void Writer::Run() {
  while (true) {
    progress_at_monotonic_ = clock_.MonotonicNanos();
    std::vector<Submission> batch = TakeBatch();
    if (!batch.empty()) Process(std::move(batch));
    Tick();
    MutexLock lock(queue_mutex_);
    if (stopping_ && queue_.empty()) break;
  }
  // How long the grants have been in force, up to now.
  LedgerTransaction last;
  if (absl::Status kept = Commit(last); !kept.ok()) {
    spdlog::error("the last commit failed: {}", std::string(kept.message()));
  }
}

std::vector<Submission> Writer::TakeBatch() {
  const auto deadline =
      std::chrono::steady_clock::now() + std::chrono::nanoseconds(options_.tick_nanos);
  std::vector<Submission> batch;
  MutexLock lock(queue_mutex_);
  while (queue_.empty() && !stopping_) {
    if (!queue_changed_.WaitUntil(queue_mutex_, deadline)) return batch;
  }
  size_t reports = 0;
  while (!queue_.empty()) {
    const size_t size = queue_.front().reports.size();
    if (!batch.empty() && reports + size > options_.commit_reports) break;
    reports += size;
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  queued_reports_ -= reports;
  full_since_monotonic_ = 0;
  return batch;
}

void Writer::Process(std::vector<Submission> batch) {
  // One state of the reference data for the whole transaction: a reload must not fall between check
  // and count.
  const WriterSettings settings = [this] {
    MutexLock lock(state_mutex_);
    return settings_;
  }();
  Draft draft;
  draft.now = clock_watch_.Read();
  if (draft.now.stepped) {
    spdlog::warn(
        "the wall clock was set: it is {} s ahead of what has passed; windows are "
        "taken by either",
        clock_watch_.deviation_nanos() / kNanosPerSecond);
    probe_.ClockStepped(static_cast<double>(clock_watch_.deviation_nanos()) / kNanosPerSecond);
  }
  std::vector<SubmitResult> results(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) Settle(batch[i], settings, draft, results[i]);
  absl::Status committed;
  if (!draft.transaction.empty()) committed = Commit(draft.transaction);
  if (committed.ok()) {
    FAILPOINT("writer_before_publish").IgnoreError();
    Publish(draft.transaction);
    FAILPOINT("writer_before_answer").IgnoreError();
  } else {
    MutexLock lock(state_mutex_);
    streams_.RollBackPending();
    outcomes_.DropStaged();
  }
  for (size_t i = 0; i < batch.size(); ++i) Answer(batch[i], std::move(results[i]), committed);
}

AdmissionContext Writer::ContextFor(const Submission& submission, const SequencedReport& report,
                                    const WriterSettings& settings, const Draft& draft) const {
  const std::string& source = report.report.source;
  const auto pending = draft.windows.find(source);
  return {.reference = *settings.reference,
          .limits = settings.windows,
          .now = draft.now,
          .windows = pending != draft.windows.end() ? &pending->second : state_.Windows(source),
          .replay_speed = submission.replay_speed,
          .history = submission.history,
          .reports_live = draft.live_sources.contains(source) || state_.ReportsLive(source)};
}

std::optional<Rejection> Writer::SettleUsage(const Submission& submission, SequencedReport& report,
                                             const WriterSettings& settings, Draft& draft) {
  const AdmissionContext context = ContextFor(submission, report, settings, draft);
  if (auto rejection = CheckAdmission(report.report, context)) return rejection;
  if (auto rejection = CheckSignals(report.report, draft)) return rejection;
  LedgerEntry entry = CountReport(submission.stream, std::move(report), context);
  draft.windows[entry.report.source] = entry.windows;
  if (!entry.history) draft.live_sources.insert(entry.report.source);
  draft.transaction.counted.push_back(std::move(entry));
  return std::nullopt;
}

std::optional<Rejection> Writer::SettleOutcome(const Submission& submission,
                                               const SequencedReport& report,
                                               const WriterSettings& settings, Draft& draft) {
  OutcomeEntry entry;
  entry.stream = submission.stream;
  entry.sequence = report.sequence;
  entry.digest = report.digest;
  const OutcomeContext context{.reference = *settings.reference,
                               .books = outcomes_,
                               .now = draft.now,
                               .future_tolerance_nanos = settings.windows.future_tolerance_nanos};
  if (auto rejection = CountOutcome(*report.outcome, context, &entry)) return rejection;
  outcomes_.Stage(entry);
  draft.transaction.outcomes.push_back(std::move(entry));
  return std::nullopt;
}

std::optional<Rejection> Writer::CheckSignals(const UsageReport& report, Draft& draft) {
  absl::flat_hash_set<std::string> signals = draft.signals;
  for (size_t i = 0; i < report.groups.size(); ++i) {
    const std::string& signal = report.groups[i].signal;
    if (signal.empty() || state_.signals().contains(signal)) continue;
    signals.insert(signal);
    if (state_.signals().size() + signals.size() <= kMaxSignals) continue;
    return Rejection{
        RejectReason::kTooManySignals, fmt::format("groups[{}].signal", i),
        fmt::format("{} would be signal number {}; expected at most {} different "
                    "ones: a signal says what measures, not what is measured",
                    Quoted(signal), state_.signals().size() + signals.size(), kMaxSignals)};
  }
  draft.signals = std::move(signals);
  return std::nullopt;
}

bool Writer::SettledBefore(const StreamKey& stream, const SequencedReport& report, Draft& draft,
                           SubmitResult& result) {
  using Code = ReportDisposition::Code;
  const uint64_t sequence = report.sequence;
  switch (streams_.Check(stream, sequence, report.digest)) {
    case SequenceCheck::kNext:
      return false;
    case SequenceCheck::kDuplicate:
      ++draft.transaction.duplicates;
      result.dispositions.push_back({sequence, Code::kDuplicate, {}});
      return true;
    case SequenceCheck::kConflict:
      ++draft.transaction.conflicts;
      result.dispositions.push_back(
          {sequence,
           Code::kConflict,
           {RejectReason::kMalformed, "sequence",
            fmt::format("sequence {} was settled before with other content; expected the same "
                        "content, or the next sequence",
                        sequence)}});
      return true;
    case SequenceCheck::kGap:
      break;
  }
  result.dispositions.push_back(
      {sequence,
       Code::kOutOfSequence,
       {RejectReason::kMalformed, "sequence",
        fmt::format("sequence is {}; expected {}", sequence, streams_.Expected(stream))}});
  return true;
}

void Writer::Settle(Submission& submission, const WriterSettings& settings, Draft& draft,
                    SubmitResult& result) {
  MutexLock lock(state_mutex_);
  if (streams_.Fenced(submission.stream, submission.epoch)) {
    result.status = absl::AbortedError(
        fmt::format("session {} was fenced: a later session has opened this stream; expected one "
                    "process for each stream",
                    submission.epoch));
    return;
  }
  for (SequencedReport& report : submission.reports) {
    if (SettledBefore(submission.stream, report, draft, result)) continue;
    streams_.Advance(submission.stream, report.sequence, report.digest);
    std::optional<Rejection> rejection = std::move(report.rejection);
    if (!rejection) {
      rejection = report.outcome ? SettleOutcome(submission, report, settings, draft)
                                 : SettleUsage(submission, report, settings, draft);
    }
    if (!rejection) continue;
    draft.transaction.rejected.push_back(
        {submission.stream, report.sequence, report.report.source, *rejection});
    result.dispositions.push_back(
        {report.sequence, ReportDisposition::Code::kRejected, *std::move(rejection)});
  }
}

absl::Status Writer::Ask(absl::FunctionRef<absl::Status()> step) {
  if (broken_) return absl::UnavailableError("the ledger failed; the daemon is ending");
  const absl::Status status = step();
  {
    MutexLock lock(state_mutex_);
    if (!status.ok() && ledger_status_.ok()) {
      spdlog::error("the ledger refuses: {}", std::string(status.message()));
    }
    if (status.ok() && !ledger_status_.ok()) spdlog::info("the ledger takes commits again");
    ledger_status_ = status;
  }
  if (status.ok() || absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
      absl::IsInvalidArgument(status)) {
    return status;
  }
  broken_ = true;
  if (options_.on_broken_ledger) options_.on_broken_ledger(status);
  return status;
}

absl::Status Writer::Commit(LedgerTransaction& transaction) {
  transaction.now_unix_nanos = clock_.UnixNanos();
  {
    MutexLock lock(state_mutex_);
    transaction.streams = streams_.Pending();
    const std::vector<AllocationTerm>& terms = state_.allocations();
    transaction.first_term = first_term_;
    transaction.terms.assign(terms.begin() + static_cast<int64_t>(first_term_), terms.end());
  }
  const int64_t start = clock_.MonotonicNanos();
  const absl::Status status = Ask([&] { return ledger_.Commit(transaction); });
  const int64_t now = clock_.MonotonicNanos();
  probe_.CommitDone(static_cast<double>(now - start) / kNanosPerSecond, status.ok());
  if (!status.ok()) return status;
  committed_at_monotonic_ = now;
  if (!transaction.terms.empty()) first_term_ += transaction.terms.size() - 1;
  return status;
}

void Writer::Publish(const LedgerTransaction& transaction) {
  MutexLock lock(state_mutex_);
  streams_.CommitPending();
  const int64_t now = clock_.UnixNanos();
  for (const LedgerEntry& entry : transaction.counted) {
    state_.Apply(entry, now);
    if (entry.history) {
      probe_.HistoryAccepted();
    } else {
      probe_.ReportAccepted(static_cast<double>(now - entry.report.WindowEnd()) / kNanosPerSecond);
    }
  }
  outcomes_.KeepStaged();
  for (size_t i = 0; i < transaction.outcomes.size(); ++i) probe_.HistoryAccepted();
  if (!transaction.counted.empty() || !transaction.outcomes.empty()) ++outcome_commits_;
  for (const RejectedEntry& entry : transaction.rejected) {
    probe_.ReportRejected(entry.rejection.reason);
  }
  for (uint64_t i = 0; i < transaction.duplicates; ++i) probe_.ReportDuplicate();
  for (uint64_t i = 0; i < transaction.conflicts; ++i) probe_.ReportConflict();
}

void Writer::Answer(Submission& submission, SubmitResult result, const absl::Status& committed) {
  if (result.status.ok()) result.status = committed;
  result.acknowledged_through = NextSequence(submission.stream) - 1;
  if (!result.status.ok()) result.dispositions.clear();
  size_t conflicts = 0;
  for (const ReportDisposition& disposition : result.dispositions) {
    if (disposition.code == ReportDisposition::Code::kOutOfSequence) probe_.ReportOutOfSequence();
    if (disposition.code == ReportDisposition::Code::kConflict) ++conflicts;
  }
  if (conflicts > 0) {
    spdlog::warn(
        "{} sent {} reports again with other content than was counted: is its spool rolled back "
        "or its host cloned?",
        Quoted(submission.stream.identity), conflicts);
  }
  submission.done(result);
}

void Writer::Tick() {
  const int64_t now = clock_.MonotonicNanos();
  if (ticked_at_monotonic_ && now - *ticked_at_monotonic_ < options_.tick_nanos) return;
  ticked_at_monotonic_ = now;
  {
    MutexLock lock(state_mutex_);
    // Read under the lock: a reload lets time pass as well, and time must not run backwards.
    state_.Advance(settings_.reference, clock_.UnixNanos(), clock_.MonotonicNanos());
  }
  KeepHouse();
}

void Writer::KeepHouse() {
  std::shared_ptr<const ReferenceData> reference;
  bool trouble = false;
  {
    MutexLock lock(state_mutex_);
    if (!reference_recorded_) reference = settings_.reference;
    trouble = !ledger_status_.ok();
  }
  // When nobody reports, the books still say now and then how long the grants have been in force;
  // and after trouble somebody has to try whether it is over.
  if (trouble || clock_.MonotonicNanos() - committed_at_monotonic_ > kLongestWithoutCommit) {
    LedgerTransaction idle;
    if (!Commit(idle).ok()) return;
  }
  const int64_t now = clock_.UnixNanos();
  if (reference != nullptr &&
      Ask([&] { return ledger_.RecordReferenceData(*reference, now); }).ok()) {
    MutexLock lock(state_mutex_);
    if (settings_.reference == reference) reference_recorded_ = true;
  }
  if (absl::Status kept = Ask([&] { return ledger_.Maintain(now); }); !kept.ok()) {
    spdlog::warn("housekeeping of the ledger failed: {}", std::string(kept.message()));
  }
}

}  // namespace fleetmeter
