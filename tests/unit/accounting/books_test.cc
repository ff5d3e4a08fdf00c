// What the writer gives to the books, and how it goes on from them.
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

TEST_F(WriterTest, SaysWhenASequenceComesAgainWithOtherContent) {
  StartWriter();
  Submit({Good(1)}).get();
  SequencedReport other = Good(1);
  other.digest = 77;
  const SubmitResult result = Submit({other}).get();
  EXPECT_EQ(result.acknowledged_through, 1u);
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].code, Code::kConflict);
  EXPECT_EQ(probe_.conflicts, 1);
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
}

TEST_F(WriterTest, RefusesAFencedSessionWhole) {
  StartWriter();
  const StreamKey stream{"me", "stream"};
  const SessionStart first = writer_->OpenSession(stream);
  const SessionStart second = writer_->OpenSession(stream);
  const auto send = [&](uint64_t epoch) {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = stream;
    submission.epoch = epoch;
    submission.reports = {Good(1)};
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  };
  EXPECT_TRUE(absl::IsAborted(send(first.epoch).status));
  EXPECT_EQ(Booked(), 0);
  EXPECT_TRUE(send(second.epoch).status.ok());
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
}

TEST_F(WriterTest, TellsTheLedgerWhatWasInForce) {
  StartWriter();
  UsageReport report = Report("h1", 1, {Assigned("triple", 4, "alpha", 0.5)});
  report.groups[0].workload_type = "decode";
  SequencedReport numbered = Numbered(1, report);
  numbered.digest = 5;
  Submit({numbered}).get();
  const LedgerTransaction transaction = ledger_.last();
  ASSERT_EQ(transaction.counted.size(), 1u);
  const LedgerEntry& entry = transaction.counted[0];
  EXPECT_EQ(entry.conversions.at(0), (BookConversion{"triple", {1, 2}, 1}));
  EXPECT_EQ(entry.plan, "test");
  EXPECT_EQ(entry.plan_version, 1u);
  EXPECT_EQ(entry.digest, 5u);
  EXPECT_FALSE(entry.adjustment);
  EXPECT_TRUE(entry.latest);
  EXPECT_EQ(entry.windows.counted(), (TimeSpan{kStart + kWindow, kStart + 2 * kWindow}));
  ASSERT_EQ(transaction.streams.size(), 1u);
  EXPECT_EQ(transaction.streams[0].sequence, 1u);
  EXPECT_EQ(transaction.streams[0].digests.Get(1), 5u);
  ASSERT_EQ(transaction.terms.size(), 1u);
  EXPECT_EQ(transaction.terms[0].grants.at(0), (Grant{"alpha", 100}));
}

TEST_F(WriterTest, BooksUsageOfClosedHoursAsAnAdjustment) {
  limits_.max_lateness_nanos = 100 * kNanosPerSecond;
  limits_.adjust_up_to_nanos = 1'000 * kNanosPerSecond;
  StartWriter();
  clock_.Pass(500 * kNanosPerSecond);
  Submit({Good(1)}).get();
  EXPECT_TRUE(ledger_.last().counted.at(0).adjustment);
  clock_.Pass(1'000 * kNanosPerSecond);
  EXPECT_EQ(Submit({Good(2)}).get().dispositions.at(0).rejection.reason,
            RejectReason::kWindowTooOld);
}

TEST_F(WriterTest, LateUsageIsCountedAndDoesNotBecomeThePresent) {
  StartWriter();
  Submit({Numbered(1, Report("h1", 5, {Assigned("half", 10, "alpha", 1)}))}).get();
  Submit({Numbered(2, Report("h1", 2, {Assigned("half", 90, "alpha", 1)}))}).get();
  EXPECT_FALSE(ledger_.last().counted.at(0).latest);
  EXPECT_EQ(Booked(), 100 * absl::int128(kWindow));
  EXPECT_DOUBLE_EQ(TakeSnapshot(*writer_)->FindPool("alpha")->use->assigned_h100e, 5);
  // The same time once more.
  EXPECT_EQ(Submit({Numbered(3, Report("h1", 2, {}))}).get().dispositions.at(0).rejection.reason,
            RejectReason::kWindowOverlap);
}

// A panel once showed a year's cost as that of the day on which the year was imported.
TEST_F(WriterTest, HistoryIsBookedAndEntersNoCounter) {
  StartWriter();
  Submit({Good(1)}).get();
  const absl::int128 before = Booked();
  const auto observed = [&] {
    return TakeSnapshot(*writer_)->uses.at("alpha").activity.histogram.count;
  };
  const uint64_t observed_before = observed();
  UsageReport old = Report("h9", -1'000, {Assigned("half", 90, "alpha", 1)});
  old.groups[0].samples = {{kMicroChipsPerChip, 0.5}};
  auto promise = std::make_shared<std::promise<SubmitResult>>();
  Submission submission;
  submission.stream = {"me", "import"};
  submission.history = true;
  submission.reports = {Numbered(1, old)};
  submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
  ASSERT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
  const SubmitResult result = promise->get_future().get();
  EXPECT_THAT(result.dispositions, testing::IsEmpty());
  ASSERT_EQ(ledger_.last().counted.size(), 1u);
  EXPECT_TRUE(ledger_.last().counted[0].history);
  EXPECT_EQ(Booked(), before);
  EXPECT_EQ(observed(), observed_before);
}

TEST_F(WriterTest, ARestartContinuesCountersAndExpectsWhatItKnew) {
  const BookConversion conversion{"half", {2, 1}, 1};
  RestoredBooks& books = ledger_.restored;
  books.totals.push_back({.state = ChipState::kAssigned,
                          .pool = "alpha",
                          .team = "red",
                          .signal = "gr_engine_active",
                          .conversion = conversion,
                          .amounts = {.chips = 7, .busy = 5, .productive = 0}});
  WindowSet windows;
  windows.Add({kStart - kWindow, kStart});
  books.sources.push_back({.source = "h9",
                           .windows = windows,
                           .holdings = {{.state = ChipState::kAssigned,
                                         .pool = "alpha",
                                         .team = "red",
                                         .signal = "gr_engine_active",
                                         .conversion = conversion,
                                         .micro_chips = 40 * kMicroChipsPerChip}}});
  books.terms.push_back({.plan = "test",
                         .plan_version = 1,
                         .grants = {{"alpha", 100}, {"beta", 50}, {"gamma", 10}},
                         .nanos = 60 * kNanosPerSecond,
                         .as_of_unix_nanos = kStart - 30 * kNanosPerSecond});
  books.counters.accepted = 12;
  StartWriter();
  EXPECT_EQ(probe_.accepted, 12);
  const auto snapshot = TakeSnapshot(*writer_);
  EXPECT_EQ(Booked(), 7);
  EXPECT_EQ(snapshot->silent_sources, 1u) << "what it does is not known until it reports";
  const PoolView& alpha = *snapshot->FindPool("alpha");
  EXPECT_DOUBLE_EQ(alpha.use->unheard_h100e, 20);
  EXPECT_EQ(alpha.headroom_h100e, std::nullopt) << "nothing of the pool is heard";
  EXPECT_DOUBLE_EQ(snapshot->allocated_h100e_seconds.at("alpha"), 100 * 90)
      << "grants hold while nobody meters them";
  const SubmitResult again =
      Submit({Numbered(1, Report("h9", -1, {Assigned("half", 1, "alpha", 1)}))}).get();
  EXPECT_EQ(again.dispositions.at(0).rejection.reason, RejectReason::kWindowOverlap);
  Submit({Numbered(2, Report("h9", 0, {Assigned("half", 40, "alpha", 1)}))}).get();
  EXPECT_DOUBLE_EQ(TakeSnapshot(*writer_)->FindPool("alpha")->use->unheard_h100e, 0);
}

TEST_F(WriterTest, AClockThatWasSetGrantsNothing) {
  RestoredBooks& books = ledger_.restored;
  books.terms.push_back({.plan = "test",
                         .plan_version = 1,
                         .grants = {{"alpha", 100}, {"beta", 50}, {"gamma", 10}},
                         .nanos = 60 * kNanosPerSecond,
                         .as_of_unix_nanos = kStart - int64_t{3'650} * 86'400 * kNanosPerSecond});
  StartWriter();
  EXPECT_DOUBLE_EQ(TakeSnapshot(*writer_)->allocated_h100e_seconds.at("alpha"), 100 * 60);
}

TEST_F(WriterTest, TroubleWithTheLedgerIsSaidAndEnds) {
  StartWriter();
  ledger_.Fail(absl::ResourceExhaustedError("the disk is full"));
  EXPECT_FALSE(Submit({Good(1)}).get().status.ok());
  EXPECT_EQ(writer_->LedgerTrouble(), "the disk is full");
  EXPECT_EQ(broken_, 0);
  ledger_.Fail(absl::OkStatus());
  EXPECT_TRUE(Submit({Good(1)}).get().status.ok());
  EXPECT_EQ(writer_->LedgerTrouble(), "");
}

TEST_F(WriterTest, ABrokenLedgerIsNeverAskedAgain) {
  StartWriter();
  ledger_.Fail(absl::DataLossError("input/output error"));
  EXPECT_FALSE(Submit({Good(1)}).get().status.ok());
  EXPECT_EQ(broken_, 1);
  ledger_.Fail(absl::OkStatus());
  EXPECT_FALSE(Submit({Good(1)}).get().status.ok());
  EXPECT_EQ(broken_, 1);
  EXPECT_EQ(Booked(), 0);
}

// However the clock is set while the daemon runs, nothing is refused for its time.
TEST_F(WriterTest, AClockThatIsSetLosesNothing) {
  constexpr int64_t kHour = 3'600 * kNanosPerSecond;
  constexpr int64_t kTenYears = int64_t{3'650} * 86'400 * kNanosPerSecond;
  StartWriter();
  uint64_t sequence = 0;
  const auto report = [&] {
    clock_.Pass(kWindow);
    ++sequence;
    const SubmitResult result = Submit({Good(sequence)}).get();
    EXPECT_TRUE(result.dispositions.empty());
    EXPECT_EQ(result.acknowledged_through, sequence);
  };
  clock_.Pass(kWindow);
  report();
  for (const int64_t step : {kHour, -2 * kHour, kTenYears, -2 * kTenYears}) {
    clock_.unix_nanos += step;
    report();
    report();
  }
  for (int i = 0; i < 3; ++i) {  // it stands still
    const int64_t frozen = clock_.unix_nanos;
    report();
    clock_.unix_nanos = frozen;
  }
  EXPECT_EQ(Booked(), sequence * 10 * absl::int128(kWindow));
  EXPECT_GE(probe_.clock_steps, 4);
}

// A source that was heard far in the future, by clocks that were all wrong, is live by what it says
// of the present, and falls silent when it says nothing.
TEST_F(WriterTest, AWindowFarAheadIsNoSignOfLife) {
  constexpr int64_t kTenYears = int64_t{3'650} * kDay;
  StartWriter();
  clock_.Pass(kWindow);
  Submit({Good(1)}).get();
  clock_.unix_nanos += kTenYears;
  clock_.Pass(kWindow);
  UsageReport far = Report("h1", 0, {Assigned("half", 20, "alpha", 1)});
  far.window_start_unix_nanos += kTenYears + kWindow;
  EXPECT_TRUE(Submit({Numbered(2, far)}).get().dispositions.empty());
  clock_.unix_nanos -= kTenYears;
  clock_.Pass(kWindow);
  EXPECT_TRUE(Submit({Good(3)}).get().dispositions.empty());
  const auto live = TakeSnapshot(*writer_);
  EXPECT_EQ(live->live_sources, 1u);
  EXPECT_DOUBLE_EQ(live->FindPool("alpha")->use->assigned_h100e, 5) << "what it said last";
  clock_.Pass(2 * kHour);
  Submit({Numbered(4, Report("h2", 700, {Assigned("half", 1, "alpha", 1)}))}).get();
  Submit({Numbered(5, Report("h2", 701, {Assigned("half", 1, "alpha", 1)}))}).get();
  EXPECT_EQ(TakeSnapshot(*writer_)->silent_sources, 1u);
}

// Nothing is final by a wall clock alone, and the books are told what is certain.
TEST_F(WriterTest, TheBooksAreToldATimeThatHasReallyPassed) {
  StartWriter();
  clock_.Pass(kWindow);
  Submit({Good(1)}).get();
  clock_.unix_nanos += int64_t{1'095} * kDay;
  clock_.Pass(kWindow);
  Submit({Good(2)}).get();
  EXPECT_EQ(ledger_.last().confirmed_unix_nanos, kStart + 2 * kWindow);
  EXPECT_EQ(ledger_.last().now_unix_nanos, kStart + 2 * kWindow) << "the hour of an adjustment";
  EXPECT_FALSE(writer_->clock_state().confirmed);
  EXPECT_THAT(writer_->clock_state().Trouble(), testing::HasSubstr("is not confirmed"));
}

}  // namespace
}  // namespace fleetmeter
