// When deferred reports are offered again, and when they are lost.
#include "collectors/core/deferred_reports.h"

#include "collectors/core/outbox.h"
#include "gmock/gmock.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Number `i`: windows of 10 s that follow one another.
v1::UsageReport DeferrableReport(uint64_t i) {
  v1::UsageReport report;
  report.set_source("host");
  report.set_window_start_unix_nanos(static_cast<int64_t>(1'700'000'000 + 10 * i) *
                                     kNanosPerSecond);
  report.set_window_length_nanos(10 * kNanosPerSecond);
  return report;
}

uint64_t NumberOfDeferrable(const std::string& bytes) {
  v1::UsageReport report;
  EXPECT_TRUE(report.ParseFromString(bytes));
  return static_cast<uint64_t>(report.window_start_unix_nanos() / kNanosPerSecond - 1'700'000'000) /
         10;
}

class DeferredReportsTest : public testing::Test {
 protected:
  DeferredReportsTest() { Make({}); }

  void Make(const DeferralOptions& options) {
    options_ = options;
    deferred_ =
        std::make_unique<DeferredReports>(options, clock_, std::make_unique<DeferredMemory>());
  }
  void Defer(uint64_t first, uint64_t last, const std::string& subject = "pool 'x'") {
    std::vector<std::pair<Deferral, std::string>> reports;
    for (uint64_t i = first; i <= last; ++i) {
      reports.emplace_back(Deferral{i, "unknown_pool", subject, "detail"},
                           BytesOf(DeferrableReport(i)));
    }
    ASSERT_TRUE(deferred_->Defer(reports).ok());
  }
  // What is offered now, by DeferrableReport's number. It has places in the outbox then.
  std::vector<uint64_t> Offer(size_t most = 100) {
    auto offers = deferred_->Due(most);
    if (!offers.ok()) throw std::runtime_error(std::string(offers.status().message()));
    std::vector<uint64_t> numbers;
    for (const auto& offer : *offers) {
      numbers.push_back(NumberOfDeferrable(offer.bytes));
    }
    if (!offers->empty()) {
      EXPECT_TRUE(deferred_->Offered(*offers, position_).ok());
      position_ += offers->size();
    }
    return numbers;
  }
  void AllAnswered() { deferred_->Answered(position_ - 1); }

  ManualClock clock_;
  DeferralOptions options_;
  std::unique_ptr<DeferredReports> deferred_;
  uint64_t position_ = 1'000;
};

TEST_F(DeferredReportsTest, NothingIsOfferedAtOnce) {
  Defer(1, 3);
  EXPECT_THAT(Offer(), IsEmpty());
  clock_.Pass(options_.first_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1, 3)) << "the oldest and the newest";
  EXPECT_THAT(Offer(), IsEmpty()) << "until they are answered";
}

TEST_F(DeferredReportsTest, WhenOneIsSettledTheRestFollow) {
  Defer(1, 5);
  clock_.Pass(options_.first_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1, 5));
  AllAnswered();
  EXPECT_THAT(Offer(2), ElementsAre(2, 3));
  AllAnswered();
  EXPECT_THAT(Offer(2), ElementsAre(4));
  AllAnswered();
  EXPECT_TRUE(deferred_->empty());
  EXPECT_EQ(deferred_->OldestStart(), 0);
  EXPECT_TRUE(deferred_->Quiet());
}

TEST_F(DeferredReportsTest, WhatIsDeferredAgainWaitsLongerEachTime) {
  Defer(1, 1);
  int64_t wait = options_.first_offer_nanos;
  while (wait < options_.longest_offer_nanos) {
    clock_.Pass(wait - 1);
    EXPECT_THAT(Offer(), IsEmpty());
    clock_.Pass(1);
    EXPECT_THAT(Offer(), ElementsAre(1));
    Defer(1, 1);
    AllAnswered();
    EXPECT_EQ(deferred_->size(), 1u);
    wait *= 2;
  }
  clock_.Pass(options_.longest_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1)) << "it never waits longer than that";
}

TEST_F(DeferredReportsTest, ARoundOffersNoReportTwice) {
  Defer(1, 4);
  clock_.Pass(options_.first_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1, 4));
  Defer(1, 1);  // the plan of its time still does not know it
  AllAnswered();
  EXPECT_THAT(Offer(), ElementsAre(2, 3));
  AllAnswered();
  EXPECT_THAT(Offer(), IsEmpty());
  EXPECT_EQ(deferred_->size(), 1u);
  clock_.Pass(options_.first_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1));
}

TEST_F(DeferredReportsTest, GroupsDoNotWaitForOneAnother) {
  Defer(1, 2, "pool 'x'");
  Defer(3, 4, "pool 'y'");
  clock_.Pass(options_.first_offer_nanos);
  EXPECT_THAT(Offer(), ElementsAre(1, 2, 3, 4));
  Defer(1, 2, "pool 'x'");
  AllAnswered();
  EXPECT_EQ(deferred_->size(), 2u);
  ASSERT_EQ(deferred_->stats().groups.size(), 1u);
  EXPECT_EQ(deferred_->stats().groups[0].subject, "pool 'x'");
}

TEST_F(DeferredReportsTest, TheSameReportIsKeptOnce) {
  Defer(1, 2);
  Defer(1, 2);
  EXPECT_EQ(deferred_->size(), 2u);
}

TEST_F(DeferredReportsTest, TheOldestStartIsThatOfWhatIsNotAnsweredYetToo) {
  Defer(1, 2);
  const int64_t oldest = DeferrableReport(1).window_start_unix_nanos();
  EXPECT_EQ(deferred_->OldestStart(), oldest);
  clock_.Pass(options_.first_offer_nanos);
  Offer(1);
  EXPECT_EQ(deferred_->OldestStart(), oldest);
  AllAnswered();
  EXPECT_EQ(deferred_->OldestStart(), DeferrableReport(2).window_start_unix_nanos());
}

TEST_F(DeferredReportsTest, WhatHasWaitedTooLongIsLostAndCounted) {
  Make({.max_wait_nanos = kHour});
  Defer(1, 3);
  clock_.Pass(kHour / 2);
  Offer();
  Defer(1, 1);  // it is no younger for being offered again
  Defer(3, 3);
  AllAnswered();
  clock_.Pass(kHour / 2 + kSecond);
  EXPECT_THAT(Offer(), IsEmpty());
  EXPECT_TRUE(deferred_->empty());
  EXPECT_EQ(deferred_->stats().lost.at("unknown_pool"), 3u);
}

TEST_F(DeferredReportsTest, AWallClockThatIsSetMakesNothingOlder) {
  Make({.max_wait_nanos = kHour});
  Defer(1, 1);
  clock_.unix_nanos += 1'000 * kDay;
  clock_.Pass(kMinute);
  EXPECT_THAT(Offer(), ElementsAre(1));
}

TEST_F(DeferredReportsTest, WhenThereIsNoRoomThoseThatCameFirstAreLost) {
  const uint64_t each = BytesOf(DeferrableReport(1)).size();
  Make({.max_bytes = 8 * each});
  for (uint64_t i = 1; i <= 9; ++i) {
    Defer(i, i);
    clock_.Pass(1);
  }
  EXPECT_EQ(deferred_->stats().lost.at("unknown_pool"), 2u);
  EXPECT_EQ(deferred_->OldestStart(), DeferrableReport(3).window_start_unix_nanos());
  EXPECT_LE(deferred_->stats().bytes, 8 * each);
}

TEST_F(DeferredReportsTest, ANewSessionOffersAtOnce) {
  Defer(1, 1);
  EXPECT_TRUE(deferred_->Quiet());
  deferred_->OfferSoon();
  EXPECT_FALSE(deferred_->Quiet());
  EXPECT_THAT(Offer(), ElementsAre(1));
}

}  // namespace
}  // namespace fleetmeter::collector
