// A writer on a ledger that does what it is told.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/accounting/writer.h"
#include "daemon/ledger/memory_ledger.h"
#include "daemon/view/snapshot.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {

using Code = ReportDisposition::Code;

class SilentProbe : public DaemonProbe {
 public:
  void ReportAccepted(double) override { ++accepted; }
  void HistoryAccepted() override { ++accepted; }
  void CountersRestored(const std::map<std::string, uint64_t>& by_result,
                        const std::map<std::string, uint64_t>&) override {
    accepted += static_cast<int>(by_result.at("accepted"));
  }
  void ReportDuplicate() override { ++duplicates; }
  void ClockSkew(double) override {}
  void ClockStepped(double) override { ++clock_steps; }
  void ReportConflict() override { ++conflicts; }
  void SessionFenced() override {}
  void ReportOutOfSequence() override {}
  void ReportRejected(RejectReason) override { ++rejected; }
  void ReportDeferred(RejectReason) override { ++deferred; }
  void ReadingsOdd(int64_t, int64_t) override {}
  void GapsClosed(int64_t gaps, double) override { closed_gaps += static_cast<int>(gaps); }
  void SignalsOverflowed() override { ++overflowed; }
  void ReportsHeldBack(std::string_view, size_t) override {}
  void CallOverShare(std::string_view) override {}
  void StreamOpened() override {}
  void StreamClosed() override {}
  void CommitDone(double, bool) override {}
  void ReloadDone(bool, int64_t) override {}
  void Rendered(double) override {}

  std::atomic<int> accepted = 0;
  std::atomic<int> duplicates = 0;
  std::atomic<int> conflicts = 0;
  std::atomic<int> clock_steps = 0;
  std::atomic<int> rejected = 0;
  std::atomic<int> closed_gaps = 0;
  std::atomic<int> deferred = 0;
  std::atomic<int> overflowed = 0;
};

// Fails when told to, and can hold a commit until it is let go.
class FaultyLedger final : public MemoryLedger {
 public:
  absl::Status Commit(const LedgerTransaction& transaction) override {
    MutexLock lock(mutex_);
    ++commits_;
    if (next_.ok()) {
      last_ = transaction;
      reports_and_events_.emplace_back(transaction.counted.size(), transaction.capacity.size());
    }
    changed_.NotifyAll();
    while (held_) changed_.Wait(mutex_);
    return next_;
  }
  absl::StatusOr<RestoredBooks> Restore() override { return restored; }

  void Fail(absl::Status status) {
    MutexLock lock(mutex_);
    next_ = std::move(status);
  }
  void Hold(bool held) {
    MutexLock lock(mutex_);
    held_ = held;
    changed_.NotifyAll();
  }
  void AwaitCommit() {
    MutexLock lock(mutex_);
    while (commits_ == 0) changed_.Wait(mutex_);
  }

  LedgerTransaction last() const {
    MutexLock lock(mutex_);
    return last_;
  }

  // Of each transaction that was committed, in order: reports that counted, events of requests.
  std::vector<std::pair<size_t, size_t>> reports_and_events() const {
    MutexLock lock(mutex_);
    return reports_and_events_;
  }

  RestoredBooks restored;

 private:
  mutable Mutex mutex_;
  CondVar changed_;
  LedgerTransaction last_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::pair<size_t, size_t>> reports_and_events_ ABSL_GUARDED_BY(mutex_);
  absl::Status next_ ABSL_GUARDED_BY(mutex_);
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int commits_ ABSL_GUARDED_BY(mutex_) = 0;
};

class WriterTest : public testing::Test {
 protected:
  void StartWriter(size_t queue_reports = 100) {
    WriterSettings settings;
    settings.reference = MakeReferenceData();
    settings.windows = limits_;
    settings.state = {.silent_after_nanos = 3'600 * kNanosPerSecond,
                      .forget_after_nanos = 7'200 * kNanosPerSecond,
                      .keep_windows_nanos = 9'000 * kNanosPerSecond,
                      .idle_below = 0.05};
    writer_ = std::make_unique<Writer>(
        Writer::Options{.queue_reports = queue_reports,
                        .commit_reports = 10,
                        .tick_nanos = kNanosPerSecond,
                        .on_broken_ledger = [this](const absl::Status&) { ++broken_; }},
        settings, clock_, ledger_, probe_);
    ASSERT_TRUE(writer_->Start().ok());
  }

  static SequencedReport Numbered(uint64_t sequence, UsageReport report) {
    return {.sequence = sequence,
            .digest = sequence * 1'000,
            .report = std::move(report),
            .rejection = std::nullopt};
  }

  SequencedReport Good(uint64_t sequence) {
    return Numbered(
        sequence, Report("h1", static_cast<int64_t>(sequence), {Assigned("half", 10, "alpha", 1)}));
  }

  std::future<SubmitResult> Submit(std::vector<SequencedReport> reports,
                                   const std::string& id = "stream") {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {"me", id};
    submission.reports = std::move(reports);
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future();
  }

  absl::int128 Booked() {
    const auto snapshot = TakeSnapshot(*writer_);
    const PoolUse& use = snapshot->uses.at("alpha");
    return use.uses.empty() ? 0 : use.uses[0].booked.chips;
  }

  WindowLimits limits_ = {.max_length_nanos = 3'600 * kNanosPerSecond,
                          .max_lateness_nanos = 86'400 * kNanosPerSecond,
                          .adjust_up_to_nanos = 0,
                          .future_tolerance_nanos = 3'600 * kNanosPerSecond};
  ManualClock clock_;
  FaultyLedger ledger_;
  SilentProbe probe_;
  std::atomic<int> broken_ = 0;
  std::unique_ptr<Writer> writer_;
};

}  // namespace fleetmeter
