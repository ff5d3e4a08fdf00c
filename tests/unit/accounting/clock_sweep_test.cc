// Wall clocks that are set by a second to ten years: at the daemon, at the collectors or at both,
// at a start and while they run. When they are right again, the books are what they would have
// been: everything that was acknowledged, once, in its own hours, and nothing closed or forgotten.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/core/window_clock.h"
#include "daemon/ledger/tools/verify.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/accounting/writer_fixture.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

// The ledger of a daemon, which says when the writer has looked after it.
class TendedLedger final : public Ledger {
 public:
  explicit TendedLedger(std::unique_ptr<SqliteLedger> ledger) : ledger_(std::move(ledger)) {}

  absl::StatusOr<RestoredBooks> Restore() override { return ledger_->Restore(); }
  absl::Status Commit(const LedgerTransaction& transaction) override {
    return ledger_->Commit(transaction);
  }
  absl::Status RecordReferenceData(const ReferenceData& reference, int64_t now) override {
    return ledger_->RecordReferenceData(reference, now);
  }
  // As often as there is something to do.
  absl::Status Maintain(int64_t now) override {
    absl::Status status;
    for (int i = 0; i < 12 && status.ok(); ++i) status = ledger_->Maintain(now);
    MutexLock lock(mutex_);
    ++tended_;
    changed_.NotifyAll();
    return status;
  }
  LedgerIdentity Identity() const override { return ledger_->Identity(); }
  std::string Describe() const override { return ledger_->Describe(); }

  int tended() const {
    MutexLock lock(mutex_);
    return tended_;
  }
  void AwaitTended(int times) {
    MutexLock lock(mutex_);
    while (tended_ < times) changed_.Wait(mutex_);
  }

 private:
  std::unique_ptr<SqliteLedger> ledger_;
  mutable Mutex mutex_;
  CondVar changed_;
  int tended_ ABSL_GUARDED_BY(mutex_) = 0;
};

constexpr int64_t kChips = 10;

// A host with a collector: what it measures, and what the daemon has not acknowledged yet.
class SweptHost {
 public:
  SweptHost(std::string name, const Clock& clock)
      : name_(std::move(name)), clock_(clock), windows_(clock, 0, 1) {}

  // Measures up to now, unless it has to hold.
  void Measure() {
    while (const auto window = windows_.Next(INT64_MAX, /*last=*/false)) Take(*window);
  }
  std::future<SubmitResult> Send(Writer& writer) {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {"collector", name_ + std::string(16 - name_.size(), '.')};
    submission.sent_unix_nanos = clock_.UnixNanos();
    submission.reports.assign(waiting_.begin(), waiting_.end());
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer.TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future();
  }

  // Drops what was settled, and calls `accepted` with what was not rejected of it.
  template <class Accepted>
  void Settle(const SubmitResult& result, const Accepted& accepted) {
    EXPECT_TRUE(result.status.ok()) << result.status;
    std::map<uint64_t, bool> rejected;
    for (const ReportDisposition& disposition : result.dispositions) {
      if (disposition.code == Code::kRejected) rejected[disposition.sequence] = true;
    }
    while (!waiting_.empty() && waiting_.front().sequence <= result.acknowledged_through) {
      if (rejected.contains(waiting_.front().sequence)) {
        ++rejected_;
      } else {
        accepted(waiting_.front().report);
      }
      waiting_.pop_front();
    }
  }

  int rejected() const { return rejected_; }

 private:
  void Take(const collector::Window& window) {
    windows_.Advance();
    UsageReport report;
    report.source = name_;
    report.window_start_unix_nanos = window.start_unix_nanos;
    report.window_length_nanos = window.length_nanos;
    report.duration_nanos = window.duration_nanos;
    UsageGroup group = HeldOnly("half", kChips, "alpha");
    group.chip_nanos = kChips * window.duration_nanos;
    report.groups.push_back(group);
    ++sequence_;
    waiting_.push_back(
        {.sequence = sequence_, .digest = sequence_, .report = report, .rejection = {}});
  }

  const std::string name_;
  const Clock& clock_;
  collector::WindowClock windows_;
  uint64_t sequence_ = 0;
  std::deque<SequencedReport> waiting_;
  int rejected_ = 0;
};

class SweptFleet {
 public:
  SweptFleet() { Start(); }
  ~SweptFleet() { Stop(); }

  void Start() {
    auto opened = SqliteLedger::Open({.path = path_,
                                      .keep_hours_nanos = 4'000 * kDay,
                                      .keep_days_nanos = 4'000 * kDay,
                                      .max_lateness_nanos = kDay,
                                      .keep_sources_nanos = 3 * kDay,
                                      .workloads_per_pool = 100});
    ASSERT_TRUE(opened.ok()) << opened.status();
    ledger_ = std::make_unique<TendedLedger>(*std::move(opened));
    WriterSettings settings;
    settings.reference = reference_;
    settings.windows = {.max_length_nanos = kHour,
                        .max_lateness_nanos = kDay,
                        .adjust_up_to_nanos = 2 * kDay,
                        .future_tolerance_nanos = 5 * kSecond};
    settings.state = {.silent_after_nanos = kHour,
                      .forget_after_nanos = 2 * kHour,
                      .keep_windows_nanos = 3 * kDay,
                      .idle_below = 0.05};
    writer_ =
        std::make_unique<Writer>(Writer::Options{.queue_reports = 10'000, .commit_reports = 10'000},
                                 settings, daemon_, *ledger_, probe_);
    const absl::Status started = writer_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void Stop() {
    if (writer_ != nullptr) writer_->Stop();
    writer_.reset();
    ledger_.reset();
  }

  // So many times, `nanos` pass, and every host reports.
  void Live(int times, int64_t nanos) {
    for (int i = 0; i < times; ++i) {
      const int tended = ledger_->tended();  // before time passes: the writer may see it at once
      for (ManualClock* clock : {&daemon_, &collectors_}) clock->Pass(nanos);
      passed_ += nanos;
      for (SweptHost* host : {&first_, &second_}) host->Measure();
      auto first = first_.Send(*writer_);
      auto second = second_.Send(*writer_);
      first_.Settle(first.get(), [this](const UsageReport& report) { Expect(report); });
      second_.Settle(second.get(), [this](const UsageReport& report) { Expect(report); });
      ledger_->AwaitTended(tended + 1);
    }
  }

  void SetClocks(int64_t daemon, int64_t collectors) {
    daemon_.unix_nanos += daemon;
    collectors_.unix_nanos += collectors;
  }

  // The first window of all once more, by a stream that nobody knows.
  SubmitResult SendFirstAgain() {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {"another", std::string(16, 'x')};
    submission.reports = {
        {.sequence = 1, .digest = 7, .report = first_report_, .rejection = std::nullopt}};
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }

  uint64_t LiveSources() const { return TakeSnapshot(*writer_)->live_sources; }
  int rejected() const { return first_.rejected() + second_.rejected(); }

  // Of a daemon that has stopped.
  void ExpectTheBooksToBeRight() {
    const auto report = VerifyLedger(path_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_THAT(report->findings, testing::IsEmpty());
    for (const auto& [hour, chip_nanos] : expected_) {
      const std::string rows = fmt::format(
          "FROM usage_hours WHERE iif(corrects_hour = 0, hour_start, corrects_hour) = {}", hour);
      const absl::int128 booked =
          absl::int128(ReadInteger(path_, "SELECT coalesce(sum(chips_s), 0) " + rows)) *
              kNanosPerSecond +
          ReadInteger(path_, "SELECT coalesce(sum(chips_ns), 0) " + rows);
      EXPECT_EQ(booked, chip_nanos) << "in the hour " << hour;
    }
    EXPECT_EQ(ReadInteger(path_,
                          "SELECT count(DISTINCT iif(corrects_hour = 0, hour_start, "
                          "corrects_hour)) FROM usage_hours"),
              static_cast<int64_t>(expected_.size()));
    const int64_t closed = ReadInteger(path_, "SELECT closed_through FROM rollup");
    EXPECT_LE(closed * kNanosPerSecond + kDay, daemon_.UnixNanos())
        << "hours were closed while late reports might come";
    EXPECT_EQ(ReadInteger(path_, "SELECT count(*) FROM sources"), 2);
    const int64_t granted = ReadInteger(path_, "SELECT sum(nanos) FROM allocation_terms");
    EXPECT_LE(std::abs(granted - passed_), ClockWatch::kShortBreak)
        << "grants held for " << granted / kSecond << " s in " << passed_ / kSecond << " s";
  }

 private:
  void Expect(const UsageReport& report) {
    if (expected_.empty()) first_report_ = report;
    const auto slices = SliceByHour(report.window_start_unix_nanos, report.window_length_nanos);
    ASSERT_TRUE(slices.ok()) << slices.status();
    UsageAmounts all;
    all.chips = report.groups[0].chip_nanos;
    for (const HourSlice& slice : *slices) {
      expected_[slice.hour_start] += PartIn(slice, all, report.window_length_nanos).chips;
    }
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  const std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  ManualClock daemon_;
  ManualClock collectors_;
  SilentProbe probe_;
  SweptHost first_{"h1", collectors_};
  SweptHost second_{"h2", collectors_};
  std::unique_ptr<TendedLedger> ledger_;
  std::unique_ptr<Writer> writer_;
  std::map<int64_t, absl::int128> expected_;  // chip-nanoseconds that were acknowledged, by hour
  UsageReport first_report_;
  int64_t passed_ = 0;
};

enum class Where { kDaemon, kCollectors, kBoth };

const char* Name(Where where) {
  switch (where) {
    case Where::kDaemon:
      return "the daemon";
    case Where::kCollectors:
      return "the collectors";
    case Where::kBoth:
      return "both";
  }
  return "";
}

void SweepOne(int64_t jump, Where where, bool at_start) {
  SCOPED_TRACE(fmt::format("{} s at {}, {}", jump / kSecond, Name(where),
                           at_start ? "at a start" : "while running"));
  const int64_t of_daemon = where == Where::kCollectors ? 0 : jump;
  const int64_t of_collectors = where == Where::kDaemon ? 0 : jump;
  SweptFleet fleet;
  fleet.Live(12, 30 * kMinute);
  if (at_start) fleet.Stop();
  fleet.SetClocks(of_daemon, of_collectors);
  if (at_start) fleet.Start();
  fleet.Live(4, 10 * kMinute);
  fleet.SetClocks(-of_daemon, -of_collectors);
  fleet.Live(7, 30 * kMinute);
  EXPECT_EQ(fleet.LiveSources(), 2u);
  // A collector that is wrong alone may be refused; nobody else is.
  if (where != Where::kCollectors) {
    EXPECT_EQ(fleet.rejected(), 0);
  }
  const SubmitResult again = fleet.SendFirstAgain();
  ASSERT_EQ(again.dispositions.size(), 1u) << "a window was counted twice";
  EXPECT_EQ(again.dispositions[0].rejection.reason, RejectReason::kWindowOverlap);
  fleet.Stop();
  fleet.ExpectTheBooksToBeRight();
}

class ClockSweepTest : public testing::TestWithParam<int64_t> {};

TEST_P(ClockSweepTest, LeavesTheBooksAsTheyWouldHaveBeen) {
  for (const int64_t jump : {GetParam(), -GetParam()}) {
    for (const Where where : {Where::kDaemon, Where::kCollectors, Where::kBoth}) {
      for (const bool at_start : {false, true}) SweepOne(jump, where, at_start);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(ASecondToTenYears, ClockSweepTest,
                         testing::Values(kSecond, kMinute, kHour, kDay, 30 * kDay, 365 * kDay,
                                         3'650 * kDay));

}  // namespace
}  // namespace fleetmeter
