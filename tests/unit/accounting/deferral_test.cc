// Reports that somebody else can mend: they are deferred where the sender can keep them, and
// counted once when it is mended.
#include "tests/unit/accounting/writer_fixture.h"

namespace fleetmeter {
namespace {

class DeferralTest : public WriterTest {
 protected:
  static SequencedReport OfPool(uint64_t sequence, int64_t window, const std::string& pool,
                                const std::string& team = "red") {
    return Numbered(sequence, Report("h1", window, {Assigned("half", 10, pool, 1, team)}));
  }

  SubmitResult Offer(std::vector<SequencedReport> reports, int64_t oldest_deferred = 0,
                     bool can_defer = true) {
    auto promise = std::make_shared<std::promise<SubmitResult>>();
    Submission submission;
    submission.stream = {"me", "stream"};
    submission.can_defer = can_defer;
    submission.oldest_deferred_unix_nanos = oldest_deferred;
    submission.reports = std::move(reports);
    submission.done = [promise](const SubmitResult& result) { promise->set_value(result); };
    EXPECT_EQ(writer_->TrySubmit(submission), Writer::Submitted::kYes);
    return promise->get_future().get();
  }

  // The plan knows the pool "delta" from now on.
  void Mend() {
    auto reference = std::make_shared<ReferenceData>(*MakeReferenceData());
    Pool delta = reference->plans[0].pools[0];
    delta.name = "delta";
    reference->plans[0].pools.push_back(delta);
    reference->plans[0].version = 2;
    WriterSettings settings;
    settings.reference = reference;
    settings.windows = limits_;
    settings.state = {.silent_after_nanos = 3'600 * kNanosPerSecond,
                      .forget_after_nanos = 7'200 * kNanosPerSecond,
                      .keep_windows_nanos = 9'000 * kNanosPerSecond,
                      .idle_below = 0.05};
    writer_->Replace(settings);
  }
};

TEST_F(DeferralTest, AnUnknownPoolIsDeferredAndTheStreamGoesOn) {
  StartWriter();
  const SubmitResult result = Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha")});
  EXPECT_EQ(result.acknowledged_through, 2u);
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].code, Code::kDeferred);
  EXPECT_EQ(result.dispositions[0].rejection.reason, RejectReason::kUnknownPool);
  EXPECT_EQ(result.dispositions[0].rejection.subject, "pool 'delta' in plan 'test' version 1");
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
  EXPECT_EQ(probe_.deferred, 1);
  EXPECT_EQ(probe_.rejected, 0);
  EXPECT_TRUE(ledger_.last().rejected.empty());
}

TEST_F(DeferralTest, ATransactionThatOnlyDefersMovesItsStreamForGood) {
  StartWriter();
  EXPECT_EQ(Offer({OfPool(1, 1, "delta")}).acknowledged_through, 1u);
  ASSERT_EQ(ledger_.last().streams.size(), 1u);
  EXPECT_EQ(ledger_.last().streams[0].sequence, 1u);
  ASSERT_EQ(ledger_.last().deferred.size(), 1u);
  EXPECT_FALSE(ledger_.last().deferred[0].again);
}

TEST_F(DeferralTest, ASenderThatCannotDeferIsToldThatItIsRejected) {
  StartWriter();
  const SubmitResult result = Offer({OfPool(1, 1, "delta")}, 0, false);
  ASSERT_EQ(result.dispositions.size(), 1u);
  EXPECT_EQ(result.dispositions[0].code, Code::kRejected);
}

TEST_F(DeferralTest, WhatNobodyElseCanMendIsRejected) {
  StartWriter();
  SequencedReport poison = Good(1);
  poison.rejection = Rejection{RejectReason::kBadActivity, "activity", "NaN"};
  EXPECT_EQ(Offer({poison}).dispositions[0].code, Code::kRejected);
  EXPECT_EQ(Offer({OfPool(2, 1, "alpha"), OfPool(3, 1, "alpha")}).dispositions[0].code,
            Code::kRejected)
      << "an overlap";
}

TEST_F(DeferralTest, ItIsCountedOnceUnderANewSequenceWhenThePlanIsMended) {
  StartWriter();
  Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha"), OfPool(3, 3, "alpha")});
  EXPECT_EQ(Offer({OfPool(4, 1, "delta")}).dispositions[0].code, Code::kDeferred);
  Mend();
  EXPECT_TRUE(Offer({OfPool(5, 1, "delta")}).dispositions.empty());
  EXPECT_EQ(Offer({OfPool(6, 1, "delta")}).dispositions[0].rejection.reason,
            RejectReason::kWindowOverlap)
      << "and not twice";
  EXPECT_EQ(probe_.accepted, 3);
}

TEST_F(DeferralTest, AnAnswerThatWasLostIsGivenAgain) {
  StartWriter();
  Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha")});
  const SubmitResult again = Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha")});
  ASSERT_EQ(again.dispositions.size(), 2u);
  EXPECT_EQ(again.dispositions[0].code, Code::kDeferred);
  EXPECT_EQ(again.dispositions[1].code, Code::kDuplicate);
  EXPECT_TRUE(ledger_.last().deferred[0].again) << "no stream moved by it";
  EXPECT_EQ(again.acknowledged_through, 2u);
  EXPECT_EQ(Booked(), 10 * absl::int128(kWindow));
}

TEST_F(DeferralTest, WhatComesAgainUnderItsOldSequenceIsCountedIfItIsMendedByThen) {
  StartWriter();
  Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha")});
  Mend();
  EXPECT_TRUE(Offer({OfPool(1, 1, "delta")}).dispositions.empty());
  EXPECT_EQ(ledger_.last().counted_again, 1u);
  EXPECT_EQ(Offer({OfPool(1, 1, "delta")}).dispositions[0].code, Code::kDuplicate);
  EXPECT_EQ(probe_.accepted, 2);
}

TEST_F(DeferralTest, WindowsAheadAreDeferredAndCountedWhenTheirTimeHasCome) {
  limits_.future_tolerance_nanos = 5 * kNanosPerSecond;
  StartWriter();
  SequencedReport ahead = OfPool(1, 1, "alpha");
  ahead.report.window_start_unix_nanos = clock_.UnixNanos() + 3'600 * kNanosPerSecond;
  const SubmitResult deferred = Offer({ahead});
  ASSERT_EQ(deferred.dispositions.size(), 1u);
  EXPECT_EQ(deferred.dispositions[0].rejection.reason, RejectReason::kWindowInFuture);
  clock_.Pass(3'700 * kNanosPerSecond);
  ahead.sequence = 2;
  EXPECT_TRUE(Offer({ahead}).dispositions.empty());
}

TEST_F(DeferralTest, LaterWindowsDoNotCloseAGapThatADeferredOneMayFill) {
  StartWriter();
  clock_.Pass(30'000 * kNanosPerSecond);  // so that no window lies ahead
  const int64_t oldest = Report("h1", 1, {}).window_start_unix_nanos;
  Offer({OfPool(1, 0, "alpha"), OfPool(2, 1, "delta")});
  uint64_t sequence = 2;
  // Every second window is counted, so that each leaves a gap.
  for (size_t i = 0; i + 1 < WindowSet::kMaxGaps; ++i) {
    ++sequence;
    ASSERT_TRUE(Offer({OfPool(sequence, static_cast<int64_t>(2 * i + 2), "alpha")}, oldest)
                    .dispositions.empty())
        << i;
  }
  const auto far = static_cast<int64_t>(2 * WindowSet::kMaxGaps + 10);
  ASSERT_TRUE(Offer({OfPool(++sequence, far, "alpha")}, oldest).dispositions.empty());
  const SubmitResult full = Offer({OfPool(++sequence, far + 2, "alpha")}, oldest);
  ASSERT_EQ(full.dispositions.size(), 1u);
  EXPECT_EQ(full.dispositions[0].code, Code::kDeferred);
  EXPECT_EQ(full.dispositions[0].rejection.reason, RejectReason::kTooManyGaps);
  Mend();
  EXPECT_TRUE(Offer({OfPool(++sequence, 1, "delta")}, oldest).dispositions.empty());
  EXPECT_TRUE(Offer({OfPool(++sequence, far + 2, "alpha")}).dispositions.empty());
}

TEST_F(DeferralTest, SourcesAreCountedByReasonAndPoolUntilTheyAreCounted) {
  StartWriter();
  Offer({OfPool(1, 1, "delta"), OfPool(2, 2, "alpha", "green")});
  std::vector<DeferredCount> counts = writer_->Deferred();
  ASSERT_EQ(counts.size(), 1u) << "by the latest window of the source";
  EXPECT_EQ(counts[0].reason, RejectReason::kUnknownTeam);
  EXPECT_EQ(counts[0].pool, "alpha");
  EXPECT_EQ(counts[0].sources, 1u);
  Offer({OfPool(3, 2, "alpha")});
  EXPECT_TRUE(writer_->Deferred().empty());
}

TEST_F(DeferralTest, ASourceIsForgottenThatOffersNothingAnyMore) {
  DeferredSources sources;
  sources.Note({"h1", {1, 2}, {RejectReason::kUnknownPool, "", "", "", "delta"}}, 0);
  sources.Forget(DeferredSources::kForgetAfter);
  EXPECT_EQ(sources.Counts().size(), 1u);
  sources.Forget(DeferredSources::kForgetAfter + 1);
  EXPECT_TRUE(sources.Counts().empty());
}

}  // namespace
}  // namespace fleetmeter
