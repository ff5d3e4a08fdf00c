#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

TEST_F(WriterTest, AcknowledgesWhatItHasCounted) {
  StartWriter();
  const SubmitResult result = Submit({Good(1), Good(2)}).get();
  EXPECT_TRUE(result.status.ok());
  EXPECT_EQ(result.acknowledged_through, 2u);
  EXPECT_TRUE(result.dispositions.empty());
  EXPECT_EQ(Booked(), 20 * absl::int128(kWindow));
}

TEST_F(WriterTest, CountsADuplicateOnce) {
  StartWriter();
  Submit({Good(1)}).get();
  const SubmitResult again = Submit({Good(1), Good(2)}).get();
  EXPECT_EQ(again.acknowledged_through, 2u);
  ASSERT_EQ(again.dispositions.size(), 1u);
  EXPECT_EQ(again.dispositions[0].code, Code::kDuplicate);
  EXPECT_EQ(Booked(), 20 * absl::int128(kWindow));
}

TEST_F(WriterTest, RefusesAGapAndSaysWhatItExpected) {
  StartWriter();
  const SubmitResult result = Submit({Good(1), Good(3)}).get();
  EXPECT_EQ(result.acknowledged_through, 1u);
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].code, Code::kOutOfSequence);
  EXPECT_EQ(result.dispositions[0].rejection.detail, "sequence is 3; expected 2");
}

TEST_F(WriterTest, CountsNothingOfACommitThatFailed) {
  StartWriter();
  ledger_.Fail(absl::UnavailableError("disk full"));
  const SubmitResult failed = Submit({Good(1), Good(2)}).get();
  EXPECT_EQ(failed.status.message(), "disk full");
  EXPECT_EQ(failed.acknowledged_through, 0u);
  EXPECT_EQ(Booked(), 0);
  EXPECT_EQ(probe_.accepted, 0);
  ledger_.Fail(absl::OkStatus());
  EXPECT_EQ(Submit({Good(1), Good(2)}).get().acknowledged_through, 2u);
  EXPECT_EQ(Booked(), 20 * absl::int128(kWindow));
}

TEST_F(WriterTest, AFailedCommitLeavesEarlierPositionsWhereTheyWere) {
  StartWriter();
  Submit({Good(1)}).get();
  ledger_.Fail(absl::UnavailableError("disk full"));
  EXPECT_EQ(Submit({Good(2)}).get().acknowledged_through, 1u);
  EXPECT_EQ(writer_->NextSequence({"me", "stream"}), 2u);
}

TEST_F(WriterTest, SettlesAPoisonReportAndGoesOn) {
  StartWriter();
  SequencedReport poison = Good(1);
  poison.rejection = Rejection{RejectReason::kBadActivity, "activity", "NaN"};
  const SubmitResult result = Submit({poison, Good(2)}).get();
  EXPECT_EQ(result.acknowledged_through, 2u);
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].code, Code::kRejected);
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
}

TEST_F(WriterTest, SeesAnOverlapWithinOneTransaction) {
  StartWriter();
  UsageReport same = Good(1).report;
  const SubmitResult result = Submit({Good(1), Numbered(2, same)}).get();
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].rejection.reason, RejectReason::kWindowOverlap);
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
}

TEST_F(WriterTest, RefusesAnOverlapFromAnotherStream) {
  StartWriter();
  Submit({Good(1)}).get();
  const SubmitResult result = Submit({Good(1)}, "other").get();
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].rejection.reason, RejectReason::kWindowOverlap);
  EXPECT_EQ(result.acknowledged_through, 1u);
}

TEST_F(WriterTest, RefusesWhatTheQueueCannotHoldAndSaysSince) {
  StartWriter(/*queue_reports=*/2);
  ledger_.Hold(true);
  auto first = Submit({Good(1)});
  ledger_.AwaitCommit();
  auto second = Submit({Good(2), Good(3)});
  Submission third;
  third.stream = {"me", "stream"};
  third.reports = {Good(4)};
  EXPECT_EQ(writer_->TrySubmit(third), Writer::Submitted::kFull);
  EXPECT_EQ(third.reports.size(), 1u) << "the refused submission is the caller's still";
  clock_.Pass(3 * kNanosPerSecond);
  EXPECT_EQ(writer_->FullForNanos(), 3 * kNanosPerSecond);
  EXPECT_EQ(TakeSnapshot(*writer_)->live_sources, 0u) << "questions do not wait for the ledger";
  ledger_.Hold(false);
  EXPECT_EQ(second.get().acknowledged_through, 3u);
  EXPECT_EQ(writer_->FullForNanos(), 0);
}

TEST_F(WriterTest, SettlesWhatIsQueuedBeforeItStops) {
  StartWriter();
  ledger_.Hold(true);
  auto first = Submit({Good(1)});
  auto second = Submit({Good(2)});
  std::thread release([this] {
    ledger_.AwaitCommit();
    ledger_.Hold(false);
  });
  writer_->Stop();
  release.join();
  EXPECT_GE(first.get().acknowledged_through, 1u);
  EXPECT_EQ(second.get().acknowledged_through, 2u);
  Submission late;
  late.reports = {Good(3)};
  EXPECT_EQ(writer_->TrySubmit(late), Writer::Submitted::kStopping);
}

TEST_F(WriterTest, GoesOnWhereTheLedgerSaysItWas) {
  StreamPosition position{.stream = {"me", "stream"}, .sequence = 41, .epoch = 0, .digests = {}};
  position.digests.Put(41, Good(41).digest);
  ledger_.restored.streams = {position};
  StartWriter();
  EXPECT_EQ(writer_->NextSequence({"me", "stream"}), 42u);
  const SubmitResult result = Submit({Good(41), Good(42)}).get();
  EXPECT_EQ(result.acknowledged_through, 42u);
  EXPECT_EQ(result.dispositions.at(0).code, Code::kDuplicate);
}

TEST_F(WriterTest, ASourceWhoseReportsAreRejectedKeepsItsChips) {
  StartWriter();
  Submit({Good(1)}).get();
  clock_.Pass(7'300 * kNanosPerSecond);  // longer than forget_after
  UsageReport unknown_team = Report("h1", 730, {Assigned("half", 10, "alpha", 1, "green")});
  EXPECT_EQ(Submit({Numbered(2, unknown_team)}).get().dispositions.at(0).rejection.reason,
            RejectReason::kUnknownTeam);
  const auto snapshot = TakeSnapshot(*writer_);
  EXPECT_EQ(snapshot->rejected_sources, 1u);
  EXPECT_DOUBLE_EQ(snapshot->FindPool("alpha")->use->unaccounted_h100e, 5);
}

TEST_F(WriterTest, RejectedHistorySaysNothingOfThePresent) {
  StartWriter();
  Submission submission;
  submission.stream = {"me", "history"};
  submission.history = true;
  submission.reports = {
      Numbered(1, Report("old", -100, {Assigned("half", 10, "alpha", 1, "green")}))};
  std::promise<SubmitResult> promise;
  submission.done = [&promise](const SubmitResult& result) { promise.set_value(result); };
  ASSERT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
  EXPECT_EQ(promise.get_future().get().dispositions.size(), 1u);
  EXPECT_EQ(TakeSnapshot(*writer_)->rejected_sources, 0u);
}

TEST_F(WriterTest, AReloadTakesEffectForTheNextReport) {
  StartWriter();
  UsageReport unknown = Report("h2", 1, {Assigned("half", 10, "alpha", 1)});
  unknown.groups[0].pool = "delta";
  EXPECT_EQ(Submit({Numbered(1, unknown)}).get().dispositions.at(0).rejection.reason,
            RejectReason::kUnknownPool);
  auto model = std::make_shared<ReferenceData>(*MakeReferenceData());
  model->plans[0].pools[0].name = "delta";
  model->plans[0].pool_index.clear();  // it is of the old names
  WriterSettings settings;
  settings.reference = model;
  settings.windows = {.max_length_nanos = 3'600 * kNanosPerSecond,
                      .max_lateness_nanos = 86'400 * kNanosPerSecond,
                      .future_tolerance_nanos = 3'600 * kNanosPerSecond};
  settings.state = {.silent_after_nanos = kNanosPerSecond * 3'600,
                    .forget_after_nanos = kNanosPerSecond * 7'200,
                    .keep_windows_nanos = kNanosPerSecond * 9'000,
                    .idle_below = 0};
  writer_->Replace(settings);
  EXPECT_TRUE(Submit({Numbered(2, unknown)}).get().dispositions.empty());
}

std::shared_ptr<ReferenceData> WithPlan(uint32_t version, uint64_t digest) {
  auto reference = std::make_shared<ReferenceData>(*MakeReferenceData());
  reference->plans[0].version = version;
  reference->plans[0].content_digest = digest;
  return reference;
}

TEST_F(WriterTest, RefusesAPlanThatSaysSomethingElseUnderTheSameVersion) {
  StartWriter();
  const uint64_t digest = MakeReferenceData()->plans[0].content_digest;
  EXPECT_TRUE(writer_->CheckPlans(*WithPlan(1, digest)).ok());
  EXPECT_TRUE(writer_->CheckPlans(*WithPlan(2, digest + 1)).ok());
  const absl::Status refused = writer_->CheckPlans(*WithPlan(1, digest + 1));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("raise the version to 2"));
}

std::shared_ptr<ReferenceData> WithPrice(uint32_t version, int64_t input) {
  auto reference = std::make_shared<ReferenceData>(*MakeReferenceData());
  reference->outcomes.prices = outcomes::PriceBook(version);
  reference->outcomes.prices.Add("opus", "", {.input = input, .output = 15'000'000});
  return reference;
}

TEST_F(WriterTest, RefusesAPriceBookThatSaysSomethingElseUnderTheSameVersion) {
  StartWriter();
  WriterSettings settings;
  settings.reference = WithPrice(3, 3'000'000);
  EXPECT_TRUE(writer_->CheckPlans(*settings.reference).ok());
  writer_->Replace(settings);
  EXPECT_TRUE(writer_->CheckPlans(*WithPrice(3, 3'000'000)).ok());
  EXPECT_TRUE(writer_->CheckPlans(*WithPrice(4, 5'000'000)).ok());
  const absl::Status refused = writer_->CheckPlans(*WithPrice(3, 5'000'000));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), testing::HasSubstr("raise the version to 4"));
}

TEST_F(WriterTest, StartsOnlyWithAPriceBookThatAgreesWithTheBooks) {
  const auto known = outcomes::ContentsOf(WithPrice(3, 3'000'000)->outcomes);
  ASSERT_EQ(known.size(), 1u);
  ledger_.restored.outcome_rules = known;
  for (const int64_t price : {3'000'000, 5'000'000}) {
    WriterSettings settings;
    settings.reference = WithPrice(3, price);
    Writer writer({.queue_reports = 1, .commit_reports = 1}, settings, clock_, ledger_, probe_);
    const absl::Status started = writer.Start();
    EXPECT_EQ(started.ok(), price == 3'000'000) << started;
  }
}

TEST_F(WriterTest, StartsOnlyWithPlansThatAgreeWithTheBooks) {
  const uint64_t digest = MakeReferenceData()->plans[0].content_digest;
  ledger_.restored.plans = {{"test", 1, digest, kNanosPerSecond}};
  StartWriter();
  writer_.reset();
  const auto start = [this] {
    WriterSettings settings;
    settings.reference = MakeReferenceData();
    writer_ = std::make_unique<Writer>(Writer::Options{.queue_reports = 1, .commit_reports = 1},
                                       settings, clock_, ledger_, probe_);
    return writer_->Start();
  };
  ledger_.restored.plans = {{"test", 1, digest + 1, kNanosPerSecond}};
  EXPECT_TRUE(absl::IsFailedPrecondition(start()));
  // Version 2 was in force when the books were left.
  ledger_.restored.plans = {{"test", 1, digest, kNanosPerSecond}};
  AllocationTerm term;
  term.plan = "test";
  term.plan_version = 2;
  ledger_.restored.terms = {term};
  const absl::Status lower = start();
  EXPECT_TRUE(absl::IsFailedPrecondition(lower)) << lower;
  EXPECT_THAT(std::string(lower.message()), testing::HasSubstr("would follow version 2"));
}

}  // namespace
}  // namespace fleetmeter
