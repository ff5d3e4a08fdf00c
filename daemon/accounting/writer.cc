#include "daemon/accounting/writer.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

// Each signal is a label value of several metrics of every pool.
constexpr size_t kMaxSignals = 64;

}  // namespace

Writer::Writer(Options options, WriterSettings settings, const Clock& clock, Ledger& ledger,
               DaemonProbe& probe)
    : options_(options),
      clock_(clock),
      ledger_(ledger),
      probe_(probe),
      settings_(std::move(settings)),
      state_(settings_.state) {}

Writer::~Writer() { Stop(); }

absl::Status Writer::Start() {
  auto books = ledger_.Restore();
  if (!books.ok()) return books.status();
  {
    MutexLock lock(state_mutex_);
    for (const StreamPosition& p : books->streams) streams_.Restore(p.stream, p.sequence);
  }
  AdvanceIfDue();
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

std::shared_ptr<const Snapshot> Writer::TakeSnapshot() const {
  FleetFacts facts;
  std::shared_ptr<const FleetModel> model;
  SnapshotThresholds thresholds;
  {
    MutexLock lock(state_mutex_);
    facts = state_.Copy(clock_.UnixNanos());
    model = settings_.model;
    thresholds = settings_.thresholds;
  }
  return MakeSnapshot(facts, std::move(model), thresholds);
}

void Writer::Replace(WriterSettings settings) {
  MutexLock lock(state_mutex_);
  settings_ = std::move(settings);
  state_.set_options(settings_.state);
  // Allocations up to now were granted by the old plan.
  state_.Advance(settings_.model, clock_.UnixNanos(), clock_.MonotonicNanos());
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
    std::vector<Submission> batch = TakeBatch();
    if (!batch.empty()) Process(std::move(batch));
    AdvanceIfDue();
    MutexLock lock(queue_mutex_);
    if (stopping_ && queue_.empty()) return;
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
  // One model for the whole transaction: a reload must not fall between check and count.
  const WriterSettings settings = [this] {
    MutexLock lock(state_mutex_);
    return settings_;
  }();
  Draft draft;
  std::vector<SubmitResult> results(batch.size());
  for (size_t i = 0; i < batch.size(); ++i) Settle(batch[i], settings, draft, results[i]);
  const absl::Status committed = Commit(draft.transaction);
  if (committed.ok()) {
    Publish(draft.transaction, settings.model->catalog);
  } else {
    MutexLock lock(state_mutex_);
    streams_.RollBackPending();
  }
  for (size_t i = 0; i < batch.size(); ++i) Answer(batch[i], std::move(results[i]), committed);
}

std::optional<Rejection> Writer::Check(const Submission& submission, const SequencedReport& report,
                                       const WriterSettings& settings, const Draft& draft) {
  if (report.rejection) return report.rejection;
  const std::string& source = report.report.source;
  const auto pending = draft.window_ends.find(source);
  return CheckAdmission(report.report,
                        {.model = *settings.model,
                         .limits = settings.windows,
                         .now_unix_nanos = clock_.UnixNanos(),
                         .last_window_end_unix_nanos = pending != draft.window_ends.end()
                                                           ? std::optional(pending->second)
                                                           : state_.LastWindowEnd(source),
                         .replay_speed = submission.replay_speed});
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

void Writer::Settle(Submission& submission, const WriterSettings& settings, Draft& draft,
                    SubmitResult& result) {
  using Code = ReportDisposition::Code;
  MutexLock lock(state_mutex_);
  for (SequencedReport& report : submission.reports) {
    const uint64_t expected = streams_.Expected(submission.stream);
    switch (streams_.Check(submission.stream, report.sequence)) {
      case SequenceCheck::kDuplicate:
        result.dispositions.push_back({report.sequence, Code::kDuplicate, {}});
        continue;
      case SequenceCheck::kGap:
        result.dispositions.push_back(
            {report.sequence,
             Code::kOutOfSequence,
             {RejectReason::kMalformed, "sequence",
              fmt::format("sequence is {}; expected {}", report.sequence, expected)}});
        continue;
      case SequenceCheck::kNext:
        break;
    }
    streams_.Advance(submission.stream, report.sequence);
    LedgerTransaction& transaction = draft.transaction;
    auto rejection = Check(submission, report, settings, draft);
    if (!rejection) rejection = CheckSignals(report.report, draft);
    if (rejection) {
      transaction.rejected.push_back(
          {submission.stream, report.sequence, report.report.source, *rejection});
      result.dispositions.push_back({report.sequence, Code::kRejected, *std::move(rejection)});
      continue;
    }
    draft.window_ends[report.report.source] = report.report.WindowEnd();
    LedgerEntry entry;
    entry.stream = submission.stream;
    entry.sequence = report.sequence;
    entry.report = std::move(report.report);
    transaction.counted.push_back(std::move(entry));
  }
}

absl::Status Writer::Commit(const LedgerTransaction& transaction) {
  if (transaction.empty()) return absl::OkStatus();
  const int64_t start = clock_.MonotonicNanos();
  const absl::Status status = ledger_.Commit(transaction);
  probe_.CommitDone(static_cast<double>(clock_.MonotonicNanos() - start) / kNanosPerSecond,
                    status.ok());
  return status;
}

void Writer::Publish(const LedgerTransaction& transaction, const Catalog& catalog) {
  MutexLock lock(state_mutex_);
  streams_.CommitPending();
  const int64_t now = clock_.UnixNanos();
  for (const LedgerEntry& entry : transaction.counted) {
    state_.Apply(entry.report, catalog, now);
    probe_.ReportAccepted(static_cast<double>(now - entry.report.WindowEnd()) / kNanosPerSecond);
  }
  for (const RejectedEntry& entry : transaction.rejected) {
    probe_.ReportRejected(Name(entry.rejection.reason));
  }
}

void Writer::Answer(Submission& submission, SubmitResult result, const absl::Status& committed) {
  result.status = committed;
  result.acknowledged_through = NextSequence(submission.stream) - 1;
  if (!committed.ok()) result.dispositions.clear();
  for (const ReportDisposition& disposition : result.dispositions) {
    if (disposition.code == ReportDisposition::Code::kDuplicate) probe_.ReportDuplicate();
    if (disposition.code == ReportDisposition::Code::kOutOfSequence) probe_.ReportOutOfSequence();
  }
  submission.done(result);
}

void Writer::AdvanceIfDue() {
  MutexLock lock(state_mutex_);
  // Read under the lock: a reload lets time pass as well, and time must not run backwards.
  const int64_t now = clock_.MonotonicNanos();
  if (advanced_at_monotonic_ && now - *advanced_at_monotonic_ < options_.tick_nanos) return;
  advanced_at_monotonic_ = now;
  state_.Advance(settings_.model, clock_.UnixNanos(), now);
}

}  // namespace fleetmeter
