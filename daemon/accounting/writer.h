// The one writer: the only thread that changes streams, books and live numbers.
//
// Handlers submit reports to a bounded queue (SubmissionQueue) and are called back when the reports
// are committed. The writer's thread takes what is waiting as one transaction: it settles each
// report (TransactionDraft), commits the transaction (LedgerKeeper), publishes what has changed
// (LiveBooks), and answers. Thread-safe. A callback runs on the writer's thread, with no lock held;
// it must be quick.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "daemon/accounting/admission.h"
#include "daemon/accounting/capacity_limits.h"
#include "daemon/accounting/daemon_probe.h"
#include "daemon/accounting/deferred_sources.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/accounting/ledger_keeper.h"
#include "daemon/accounting/live_books.h"
#include "daemon/accounting/source_overlap.h"
#include "daemon/accounting/submission.h"
#include "daemon/accounting/submission_queue.h"
#include "daemon/accounting/time_keeper.h"
#include "daemon/accounting/transaction_draft.h"
#include "daemon/base/clock.h"
#include "daemon/base/log_throttle.h"
#include "daemon/base/mutex.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/fleet/plan_identity.h"
#include "daemon/ledger/ledger.h"

namespace fleetmeter {

// Where less is covered or measured than this, what follows from it is not known.
struct KnownThresholds {
  double coverage = 0;
  double measured = 0;
};

// What a reload may change.
struct WriterSettings {
  std::shared_ptr<const ReferenceData> reference;
  WindowLimits windows;
  FleetStateOptions state;
  KnownThresholds thresholds;
  SourceLimits sources = {};
};

// The fleet as of a commit, and what it is to be judged by.
struct LiveFacts {
  FleetFacts fleet;
  std::shared_ptr<const ReferenceData> reference;
  KnownThresholds thresholds;
};

class Writer {
 public:
  struct Options {
    size_t queue_reports = 0;  // most reports waiting
    // Whether senders are told apart, so that none may take all of the queue.
    FairShare::Sharing queue_sharing = FairShare::Sharing::kAll;
    size_t commit_reports = 0;  // most reports in a commit
    // How often time is let pass when nothing is submitted.
    int64_t tick_nanos = kNanosPerSecond;
    // Told once, on the writer's thread, when the ledger can no longer be trusted: the process has
    // to end, and a new one to recover. May be empty.
    std::function<void(const absl::Status&)> on_broken_ledger = nullptr;
  };

  // `clock`, `ledger` and `probe` outlive the writer.
  Writer(Options options, WriterSettings settings, const Clock& clock, Ledger& ledger,
         DaemonProbe& probe);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Restores from the ledger and starts the thread. FailedPrecondition: the books know the plans
  // otherwise (CheckPlans).
  absl::Status Start();

  // Refuses new submissions, settles what is queued, and ends the thread.
  void Stop();

  using Submitted = SubmissionQueue::Submitted;
  // Unless kYes, `submission` is untouched.
  [[nodiscard]] Submitted TrySubmit(Submission& submission) { return queue_.TryPush(submission); }
  // See SubmissionQueue::HasRoomFor.
  [[nodiscard]] bool HasRoomFor(const std::string& identity, size_t weight) {
    return queue_.HasRoomFor(identity, weight);
  }

  // The sequence that a stream is to send next, as committed.
  uint64_t NextSequence(const StreamKey& stream) const;

  // What was rejected of a stream that has no sessions, as committed: the latest of it (see
  // RejectedReports::kMost), ascending by sequence.
  std::vector<ReportDisposition> RejectedOf(const StreamKey& stream) const;

  // Whether another source has booked some of the time, as committed.
  std::optional<SourceOverlap> FindOverlap(const OverlapQuestion& question) const;

  // Begins a session of a stream; the sessions before it are fenced from now on.
  SessionStart OpenSession(const StreamKey& stream);
  void CloseSession(const StreamKey& stream, uint64_t epoch);
  // The ledger that all this ends up in.
  LedgerIdentity ledger_identity() const { return ledger_.identity(); }

  // Why nothing can be committed at present; empty while all is well.
  std::string LedgerTrouble() const { return ledger_.Trouble(); }

  // Whether the wall clock can be trusted, as of the latest look at the clocks: once a tick, and
  // with each transaction.
  ClockState clock_state() const;
  // The present, by the clock that is to be believed.
  int64_t PresentNow() const ABSL_LOCKS_EXCLUDED(state_mutex_);

  // A copy of what is known as of the latest commit. Never waits for the ledger.
  LiveFacts TakeFacts() const;

  // What was served since the books began, by segment, as of the latest commit; in the order in
  // which segments were first seen.
  std::vector<SegmentTotal> TakeSegmentTotals() const;
  // Of each amount with a limit on all of the books, the part that is taken, from 0 to 1, as of the
  // latest commit.
  std::vector<std::pair<std::string, double>> BooksUsed() const;
  // How many sources have deferred reports, by reason and pool, as of the latest commit.
  std::vector<DeferredCount> Deferred() const;
  // Every source that is known, ascending by name, and its other names; after those of usage those
  // of outcomes.
  struct NamedSource {
    SourceFacts facts;
    std::vector<std::string> other_names;
    std::optional<ForeignReports> foreign = {};
  };
  std::vector<NamedSource> Sources() const;
  // What people have decided about the books, oldest first.
  std::vector<AdminEntry> Entries() const;
  // Every request for capacity and what became of it, as of the latest commit.
  std::shared_ptr<const capacity::CapacityBook> capacity() const;
  // The reference data in force.
  std::shared_ptr<const ReferenceData> reference() const;
  // How many commits changed what outcomes are worked out of. While the number stays the same, so
  // do the answers.
  uint64_t outcome_commits() const { return outcome_commits_; }

  // Changes whenever what TakeFacts gives has changed: with each commit, reload and tick.
  uint64_t version() const { return version_; }

  // Whether `reference` may come into force: no version of a plan, a catalog, a price book or a
  // benchmark suite that was taken before says something else now, and no plan's is lower than one
  // that was in force. FailedPrecondition says what to do.
  absl::Status CheckPlans(const ReferenceData& reference) const;
  // Without that check.
  void Replace(WriterSettings settings);

  size_t queued_reports() const { return queue_.waiting_reports(); }
  size_t queue_limit_reports() const { return queue_.limit_reports(); }
  // Since the writer's thread last finished a transaction or looked at the clock: a few ticks at
  // most, unless the ledger hangs.
  int64_t NanosSinceProgress() const { return clock_.MonotonicNanos() - progress_at_monotonic_; }
  // For how long submissions have been refused for want of room; 0 while there is some.
  int64_t FullForNanos() const { return queue_.FullForNanos(); }

 private:
  void Run();
  // In no order.
  std::vector<NamedSource> CopySources() const ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Asks all clocks what time it is, and says so to the other threads and in the log.
  KeptTime LookAtClocks() ABSL_LOCKS_EXCLUDED(state_mutex_);
  void SayWhatChanged(const KeptTime& before, const KeptTime& now);
  // The present, by the clock that is to be believed.
  int64_t Present() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_) {
    return kept_.present.UnixNanos(clock_);
  }
  // What was restored, and that the plans of the start agree with it.
  absl::Status Restore(const RestoredBooks& books) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Plans are known from now on, and say since when they are.
  void LearnReference() ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  absl::Status CheckPlansLocked(const ReferenceData& reference) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  // Settles, commits and answers a batch.
  void Process(std::vector<Submission> batch) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // The same of reports, as one transaction.
  void SettleReports(std::vector<Submission> batch) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Decides what a person asks, as a transaction of its own.
  AdminAnswer Decide(const AdminOrder& order) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // The same of requests for capacity.
  capacity::CapacityAnswer DecideCapacity(const capacity::CapacityOrder& order)
      ABSL_LOCKS_EXCLUDED(state_mutex_);
  // If the limits allow it.
  absl::Status CommitCapacity(const capacity::CapacityBook& book,
                              const std::vector<capacity::CapacityEvent>& events)
      ABSL_LOCKS_EXCLUDED(state_mutex_);
  void PublishCapacity(const std::vector<capacity::CapacityEvent>& events)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  AdminAnswer Prepare(const AdminOrder& order) ABSL_LOCKS_EXCLUDED(state_mutex_);
  AdminAnswer PrepareUsage(const AdminOrder& order) ABSL_LOCKS_EXCLUDED(state_mutex_);
  TransactionDraft BeginDraft() ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Adds what every transaction carries and gives it to the ledger; then publishes what it has
  // changed, or rolls back what was staged.
  absl::Status Commit(LedgerTransaction& transaction) ABSL_LOCKS_EXCLUDED(state_mutex_);
  void NoteClosed(const ClosedGaps& closed);
  void Publish(const LedgerTransaction& transaction) ABSL_LOCKS_EXCLUDED(state_mutex_);
  void PublishRejected(const RejectedEntry& entry, int64_t now_unix_nanos)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  void PublishDeferred(const DeferredEntry& entry, int64_t now_unix_nanos)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  void Answer(const Submission& submission, SubmitResult result, const absl::Status& committed);
  // What is done once a tick: time passes, the ledger is looked after.
  void Tick() ABSL_LOCKS_EXCLUDED(state_mutex_);

  const Options options_;
  const Clock& clock_;
  DaemonProbe& probe_;

  // Self-synchronised.
  SubmissionQueue queue_;
  LedgerKeeper ledger_;  // as its header says; the rest of it is the writer thread's own
  std::atomic<int64_t> progress_at_monotonic_ = 0;
  std::atomic<uint64_t> outcome_commits_ = 0;
  std::atomic<uint64_t> version_ = 1;  // counted on under state_mutex_

  // Held for moments only: never while the ledger works, never while a scrape is rendered.
  mutable Mutex state_mutex_;
  WriterSettings settings_ ABSL_GUARDED_BY(state_mutex_);
  LiveBooks books_ ABSL_GUARDED_BY(state_mutex_);
  std::shared_ptr<const capacity::CapacityBook> capacity_ ABSL_GUARDED_BY(state_mutex_) =
      std::make_shared<capacity::CapacityBook>();
  KnownPlans known_plans_ ABSL_GUARDED_BY(state_mutex_);
  KnownCatalogs known_catalogs_ ABSL_GUARDED_BY(state_mutex_);
  outcomes::KnownRules known_rules_ ABSL_GUARDED_BY(state_mutex_);
  KeptTime kept_ ABSL_GUARDED_BY(state_mutex_);

  // The writer thread's own.
  TimeKeeper time_;
  CapacityLimits capacity_limits_;
  LogThrottle conflict_lines_;  // a sender can cause as many as it likes
  std::optional<int64_t> ticked_at_monotonic_;
  std::thread thread_;
};

}  // namespace fleetmeter
