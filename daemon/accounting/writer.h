// The one writer: the only thread that changes streams, books and live numbers.
//
// Handlers submit reports to a bounded queue and are called back when the reports are committed.
// Thread-safe. A callback runs on the writer's thread, with no lock held; it must be quick.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "daemon/accounting/admission.h"
#include "daemon/accounting/clock_watch.h"
#include "daemon/accounting/daemon_probe.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/accounting/outcome_admission.h"
#include "daemon/accounting/outcome_state.h"
#include "daemon/accounting/stream_table.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
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
};

// The fleet as of a commit, and what it is to be judged by.
struct LiveFacts {
  FleetFacts fleet;
  std::shared_ptr<const ReferenceData> reference;
  KnownThresholds thresholds;
};

struct ReportDisposition {
  enum class Code { kDuplicate, kRejected, kOutOfSequence, kConflict };
  uint64_t sequence = 0;
  Code code = Code::kRejected;
  Rejection rejection;  // with kRejected; its detail only with kOutOfSequence and kConflict
};

struct SubmitResult {
  // Not OK: nothing was settled. Aborted: a later session has fenced this one; anything else: send
  // again.
  absl::Status status;
  uint64_t acknowledged_through = 0;
  std::vector<ReportDisposition> dispositions;
};

struct Submission {
  StreamKey stream;
  uint64_t epoch = 0;  // of the session that it came by; 0: of none
  double replay_speed = 1;
  bool history = false;  // of any age, and never live (ReportRequest.history)
  std::vector<SequencedReport> reports;
  std::function<void(const SubmitResult&)> done;
};

class Writer {
 public:
  struct Options {
    size_t queue_reports = 0;   // most reports waiting
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

  // Restores from the ledger and starts the thread.
  absl::Status Start();

  // Refuses new submissions, settles what is queued, and ends the thread.
  void Stop();

  enum class Submitted { kYes, kFull, kStopping };
  // Unless kYes, `submission` is untouched.
  [[nodiscard]] Submitted TrySubmit(Submission& submission);

  // The sequence that a stream is to send next, as committed.
  uint64_t NextSequence(const StreamKey& stream) const;

  // Begins a session of a stream; the sessions before it are fenced from now on.
  SessionStart OpenSession(const StreamKey& stream);
  void CloseSession(const StreamKey& stream, uint64_t epoch);
  // The ledger that all this ends up in.
  LedgerIdentity ledger_identity() const { return ledger_identity_; }

  // Why nothing can be committed at present; empty while all is well.
  std::string LedgerTrouble() const;

  // A copy of what is known as of the latest commit. Never waits for the ledger.
  LiveFacts TakeFacts() const;

  // What was served since the books began, by segment, as of the latest commit; in the order in
  // which segments were first seen.
  std::vector<SegmentTotal> TakeSegmentTotals() const;
  // The reference data in force.
  std::shared_ptr<const ReferenceData> reference() const;
  // How many commits changed what outcomes are worked out of. While the number stays the same, so
  // do the answers.
  uint64_t outcome_commits() const { return outcome_commits_; }

  void Replace(WriterSettings settings);

  size_t queued_reports() const;
  size_t queue_limit_reports() const { return options_.queue_reports; }
  // Since the writer's thread last finished a transaction or looked at the clock: a few ticks at
  // most, unless the ledger hangs.
  int64_t NanosSinceProgress() const { return clock_.MonotonicNanos() - progress_at_monotonic_; }
  // For how long submissions have been refused for want of room; 0 while there is some.
  int64_t FullForNanos() const;

 private:
  // A transaction being put together.
  struct Draft {
    ClockReading now;
    LedgerTransaction transaction;
    absl::flat_hash_map<std::string, WindowSet> windows;  // of sources in it
    absl::flat_hash_set<std::string> live_sources;        // those that report themselves
    absl::flat_hash_set<std::string> signals;             // in it, and never counted before
  };

  void Run();
  std::vector<Submission> TakeBatch() ABSL_LOCKS_EXCLUDED(queue_mutex_);
  void Process(std::vector<Submission> batch);
  void Settle(Submission& submission, const WriterSettings& settings, Draft& draft,
              SubmitResult& result) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Whether the report is not the next of its stream: then its disposition is in `result`.
  bool SettledBefore(const StreamKey& stream, const SequencedReport& report, Draft& draft,
                     SubmitResult& result) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  AdmissionContext ContextFor(const Submission& submission, const SequencedReport& report,
                              const WriterSettings& settings, const Draft& draft) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  // Each counts a report that is next of its stream in the draft, or says why it cannot be.
  std::optional<Rejection> SettleUsage(const Submission& submission, SequencedReport& report,
                                       const WriterSettings& settings, Draft& draft)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  std::optional<Rejection> SettleOutcome(const Submission& submission,
                                         const SequencedReport& report,
                                         const WriterSettings& settings, Draft& draft)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  // Remembers in the draft the signals that are new.
  std::optional<Rejection> CheckSignals(const UsageReport& report, Draft& draft)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mutex_);
  // Adds what every transaction carries, and gives it to the ledger.
  absl::Status Commit(LedgerTransaction& transaction) ABSL_LOCKS_EXCLUDED(state_mutex_);
  // Runs one step of the ledger's, unless it is broken, and remembers how it went.
  absl::Status Ask(absl::FunctionRef<absl::Status()> step);
  void Publish(const LedgerTransaction& transaction) ABSL_LOCKS_EXCLUDED(state_mutex_);
  void Answer(Submission& submission, SubmitResult result, const absl::Status& committed);
  // What is done once a tick: time passes, the ledger is looked after.
  void Tick();
  void KeepHouse();

  const Options options_;
  const Clock& clock_;
  Ledger& ledger_;
  DaemonProbe& probe_;
  ClockWatch clock_watch_;  // the writer thread's own

  mutable Mutex queue_mutex_;
  CondVar queue_changed_;
  std::deque<Submission> queue_ ABSL_GUARDED_BY(queue_mutex_);
  size_t queued_reports_ ABSL_GUARDED_BY(queue_mutex_) = 0;
  int64_t full_since_monotonic_ ABSL_GUARDED_BY(queue_mutex_) = 0;  // 0: there is room
  bool stopping_ ABSL_GUARDED_BY(queue_mutex_) = false;

  // Held for moments only: never while the ledger works, never while a scrape is rendered.
  mutable Mutex state_mutex_;
  WriterSettings settings_ ABSL_GUARDED_BY(state_mutex_);
  StreamTable streams_ ABSL_GUARDED_BY(state_mutex_);
  FleetState state_ ABSL_GUARDED_BY(state_mutex_);
  OutcomeState outcomes_ ABSL_GUARDED_BY(state_mutex_);
  absl::Status ledger_status_ ABSL_GUARDED_BY(state_mutex_);
  bool reference_recorded_ ABSL_GUARDED_BY(state_mutex_) = false;

  // The writer thread's own.
  std::optional<int64_t> ticked_at_monotonic_;
  int64_t committed_at_monotonic_ = 0;
  size_t first_term_ = 0;           // allocation terms before it are in the ledger for good
  bool broken_ = false;             // the ledger; for good
  LedgerIdentity ledger_identity_;  // set by Start
  std::atomic<int64_t> progress_at_monotonic_ = 0;
  std::atomic<uint64_t> outcome_commits_ = 0;
  std::thread thread_;
};

}  // namespace fleetmeter
