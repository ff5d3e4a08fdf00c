// Which clock is taken for the present, and what is final by which.
#include "daemon/accounting/time_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "daemon/domain/report/stream_key.h"
#include "tests/support/manual_clock.h"

namespace fleetmeter {
namespace {

constexpr int64_t kThreeYears = 3 * 365 * kDay;

class TimeKeeperTest : public testing::Test {
 protected:
  // A report of `source`, whose clock is `ahead` of what has really passed.
  void Hear(const std::string& source, int64_t ahead = 0, bool says_when_sent = true) {
    Submission submission;
    SequencedReport& report = submission.reports.emplace_back();
    report.report.source = source;
    const int64_t there = truth_.UnixNanos() + ahead;
    report.report.window_start_unix_nanos = there - 10 * kSecond;
    report.report.window_length_nanos = 10 * kSecond;
    if (says_when_sent) submission.sent_unix_nanos = there;
    time_.Listen(submission);
  }

  void Pass(int64_t nanos) {
    clock_.Pass(nanos);
    truth_.Pass(nanos);
  }
  // So long that nothing that was heard is forgotten between two looks, with two sources beside.
  KeptTime LiveFor(int64_t nanos, int64_t ahead = 0) {
    for (int64_t passed = 0; passed < nanos; passed += 10 * kMinute) {
      Pass(10 * kMinute);
      Hear("h1", ahead);
      Hear("h2", ahead);
      Look();
    }
    return Look();
  }
  KeptTime Look() { return time_.Look(known_sources_); }
  int64_t PresentOf(const KeptTime& kept) const { return kept.present.UnixNanos(clock_); }

  ManualClock clock_;
  ManualClock truth_;  // what it really is
  TimeKeeper time_{clock_};
  size_t known_sources_ = 2;
};

TEST_F(TimeKeeperTest, AClockThatRunsIsTheOneToBelieve) {
  time_.Resume(kStart - 5 * kSecond, kStart - 15 * kSecond);
  const KeptTime kept = LiveFor(3 * kHour);
  EXPECT_TRUE(kept.state.confirmed);
  EXPECT_EQ(kept.state.Trouble(), "");
  EXPECT_EQ(PresentOf(kept), clock_.UnixNanos());
  EXPECT_EQ(kept.settled_unix_nanos, clock_.UnixNanos());
  EXPECT_EQ(kept.windows.earliest, kept.windows.latest);
}

TEST_F(TimeKeeperTest, AClockThatIsSetAheadMakesNothingFinal) {
  time_.Resume(kStart, kStart);
  LiveFor(kHour);
  clock_.unix_nanos += kThreeYears;
  const KeptTime kept = LiveFor(6 * kHour);
  EXPECT_FALSE(kept.state.confirmed);
  EXPECT_EQ(kept.state.votes.behind, 2u);
  EXPECT_EQ(kept.settled_unix_nanos, truth_.UnixNanos());
  EXPECT_EQ(PresentOf(kept), truth_.UnixNanos()) << "sources say so, however long it lasts";
  EXPECT_EQ(kept.windows.earliest, truth_.UnixNanos());
  EXPECT_THAT(kept.state.Trouble(), testing::HasSubstr("ahead of the time that has passed"));
  clock_.unix_nanos -= kThreeYears;
  const KeptTime right = Look();
  EXPECT_TRUE(right.state.confirmed);
  EXPECT_EQ(PresentOf(right), truth_.UnixNanos());
}

TEST_F(TimeKeeperTest, AClockThatIsSetBackMakesNothingLive) {
  time_.Resume(kStart, kStart);
  LiveFor(kHour);
  clock_.unix_nanos -= kHour;
  const KeptTime kept = LiveFor(10 * kMinute);
  EXPECT_EQ(PresentOf(kept), truth_.UnixNanos());
  EXPECT_EQ(kept.settled_unix_nanos, clock_.UnixNanos()) << "no clock may be before it";
  EXPECT_EQ(kept.windows.latest, truth_.UnixNanos());
}

TEST_F(TimeKeeperTest, AStartWithAWrongClockMakesNothingFinal) {
  clock_.unix_nanos += kThreeYears;
  time_.Resume(kStart - 20 * kSecond, kStart - 20 * kSecond);
  KeptTime kept = Look();
  EXPECT_FALSE(kept.state.confirmed);
  EXPECT_EQ(kept.settled_unix_nanos, kStart - 20 * kSecond);
  EXPECT_EQ(PresentOf(kept), kStart - 20 * kSecond) << "nobody has said otherwise";
  kept = LiveFor(2 * kHour);
  EXPECT_EQ(kept.settled_unix_nanos, truth_.UnixNanos() - 20 * kSecond);
  EXPECT_LE(kept.windows.earliest, truth_.UnixNanos()) << "or honest windows were too old";
}

TEST_F(TimeKeeperTest, AStartBehindTheBooksGoesOnWhereTheyEnd) {
  clock_.unix_nanos -= kHour;
  time_.Resume(kStart, kStart);
  const KeptTime kept = Look();
  EXPECT_FALSE(kept.state.confirmed);
  EXPECT_EQ(PresentOf(kept), kStart);
  EXPECT_EQ(kept.windows.latest, kStart) << "or honest windows were in the future";
}

TEST_F(TimeKeeperTest, ALongBreakIsConfirmedBySourcesThatAgreeForLong) {
  time_.Resume(kStart - 10 * kDay, kStart - 10 * kDay);
  EXPECT_FALSE(Look().state.confirmed);
  KeptTime kept = LiveFor(kHour);
  EXPECT_EQ(PresentOf(kept), clock_.UnixNanos()) << "for the present two that agree are enough";
  EXPECT_EQ(kept.settled_unix_nanos, clock_.UnixNanos() - 10 * kDay);
  EXPECT_EQ(kept.confirmed_break_nanos, 0);
  kept = LiveFor(8 * kHour + 50 * kMinute);
  EXPECT_FALSE(kept.state.confirmed) << "ten days take ten hours";
  int64_t confirmed_break = 0;
  for (int i = 0; i < 30 && confirmed_break == 0; ++i) {
    Pass(kMinute);
    Hear("h1");
    Hear("h2");
    kept = Look();
    confirmed_break = kept.confirmed_break_nanos;
  }
  EXPECT_TRUE(kept.state.confirmed);
  EXPECT_EQ(kept.settled_unix_nanos, clock_.UnixNanos());
  EXPECT_EQ(confirmed_break, 10 * kDay);
  EXPECT_EQ(Look().confirmed_break_nanos, 0) << "granted once";
}

TEST_F(TimeKeeperTest, OneOfSeveralSourcesConfirmsNothing) {
  time_.Resume(kStart - 10 * kDay, kStart - 10 * kDay);
  for (int i = 0; i < 24 * 8; ++i) {
    Pass(kHour / 2);
    Hear("h1");
    Look();
  }
  EXPECT_FALSE(Look().state.confirmed);
  known_sources_ = 1;
  for (int i = 0; i < 24; ++i) {
    Pass(kHour / 2);
    Hear("h1");
    Look();
  }
  EXPECT_TRUE(Look().state.confirmed) << "the only one that there is";
}

TEST_F(TimeKeeperTest, ClocksThatAreAllWrongForAWhileMakeNothingFinal) {
  time_.Resume(kStart, kStart);
  LiveFor(kHour);
  clock_.unix_nanos += kThreeYears;
  const KeptTime kept = LiveFor(3 * kDay, kThreeYears);
  EXPECT_EQ(kept.settled_unix_nanos, truth_.UnixNanos());
  clock_.unix_nanos -= kThreeYears;
  EXPECT_TRUE(LiveFor(10 * kMinute).state.confirmed);
  EXPECT_EQ(Look().settled_unix_nanos, truth_.UnixNanos());
}

TEST_F(TimeKeeperTest, ABacklogSaysNothingOfTheClock) {
  time_.Resume(kStart, kStart);
  Hear("h1", -8 * kHour, /*says_when_sent=*/false);
  Hear("h2", -8 * kHour, /*says_when_sent=*/false);
  EXPECT_TRUE(Look().state.confirmed);
  EXPECT_EQ(Look().state.votes.against(), 0u);
}

TEST_F(TimeKeeperTest, ANewLedgerWithAWrongClockWaitsForTheSources) {
  clock_.unix_nanos += kThreeYears;
  time_.Resume(0, 0);
  EXPECT_TRUE(Look().state.confirmed) << "there is nothing to hold it against";
  const KeptTime kept = LiveFor(10 * kMinute);
  EXPECT_FALSE(kept.state.confirmed);
  EXPECT_EQ(kept.settled_unix_nanos, truth_.UnixNanos());
}

TEST(SourceClocks, KeepsASampleAndForgetsWhatIsOld) {
  SourceClocks clocks;
  for (size_t i = 0; i < 2 * SourceClocks::kMost; ++i) {
    clocks.NoteSent("one", "h" + std::to_string(i), kStart, 0);
  }
  EXPECT_EQ(clocks.Ask(kStart, 0).agreeing, SourceClocks::kMost);
  const int64_t later = SourceClocks::kForgetAfter + kSecond;
  EXPECT_EQ(clocks.Ask(kStart + later, later).agreeing, 0u);
  clocks.NoteSent("one", "late", kStart + later, later);
  EXPECT_EQ(clocks.Ask(kStart + later, later).agreeing, 1u) << "there is room again";
}

TEST(SourceClocks, OneIdentityCannotTakeAllPlaces) {
  SourceClocks clocks;
  for (size_t i = 0; i < 2 * SourceClocks::kMost; ++i) {
    clocks.NoteSent("liar", "invented" + std::to_string(i), kStart + kHour, 0);
  }
  for (int i = 0; i < 8; ++i) {
    const std::string name = "h" + std::to_string(i);
    clocks.NoteSent("host/" + name, name, kStart, 0);
  }
  const ClockVotes votes = clocks.Ask(kStart, 0);
  EXPECT_EQ(votes.agreeing, 8u);
  EXPECT_EQ(votes.ahead, 4u) << "half as many as the others have sources";
  EXPECT_TRUE(votes.Confirm(2));
}

TEST(SourceClocks, TwoIdentitiesShareThePlaces) {
  SourceClocks clocks;
  for (size_t i = 0; i < SourceClocks::kMost; ++i) {
    clocks.NoteSent("one", "a" + std::to_string(i), kStart, 0);
  }
  for (size_t i = 0; i < SourceClocks::kMost; ++i) {
    clocks.NoteSent("other", "b" + std::to_string(i), kStart - kHour, 0);
  }
  const ClockVotes votes = clocks.Ask(kStart, 0);
  EXPECT_EQ(votes.agreeing, SourceClocks::kMost / 4);
  EXPECT_EQ(votes.behind, SourceClocks::kMost / 4);
}

// A fleet with one certificate, beside a gateway that has another.
TEST(SourceClocks, AnIdentityHasAFewVotesAtLeast) {
  SourceClocks clocks;
  for (int i = 0; i < 10; ++i) clocks.NoteSent("fleet", "h" + std::to_string(i), kStart, 0);
  clocks.NoteSent("gateway", "g", kStart - kHour, 0);
  const ClockVotes votes = clocks.Ask(kStart, 0);
  EXPECT_EQ(votes.agreeing, SourceClocks::kFewest);
  EXPECT_EQ(votes.behind, 1u);
  EXPECT_TRUE(votes.Confirm(2));
}

TEST(SourceClocks, ThoseThatCannotBeToldApartAllVote) {
  SourceClocks clocks;
  for (int i = 0; i < 10; ++i) {
    clocks.NoteSent(std::string(kLocalIdentity), "h" + std::to_string(i), kStart, 0);
  }
  clocks.NoteSent("gateway", "g", kStart, 0);
  EXPECT_EQ(clocks.Ask(kStart, 0).agreeing, 11u);
}

TEST(SourceClocks, VotesAreInTheProportionOfWhatSourcesSay) {
  SourceClocks clocks;
  for (int i = 0; i < 9; ++i) {
    clocks.NoteSent("fleet", "h" + std::to_string(i), kStart + (i < 3 ? kHour : 0), 0);
  }
  for (int i = 0; i < 6; ++i) clocks.NoteSent("rest", "r" + std::to_string(i), kStart, 0);
  // Three votes of the fleet's, and four of the rest's.
  const ClockVotes votes = clocks.Ask(kStart, 0);
  EXPECT_EQ(votes.ahead, 1u);
  EXPECT_EQ(votes.agreeing, 6u);
}

TEST(SourceClocks, SaysWhatThoseThatAreBehindSay) {
  SourceClocks clocks;
  clocks.NoteSent("one", "a", kStart - kHour, 0);
  clocks.NoteSent("one", "b", kStart - kHour - kMinute, 0);
  clocks.NoteSent("one", "c", kStart - 9 * kHour, 0);
  clocks.NoteSent("one", "d", kStart + kHour, 0);
  const ClockVotes votes = clocks.Ask(kStart + kSecond, kSecond);
  EXPECT_EQ(votes.ahead, 1u);
  EXPECT_EQ(votes.behind, 3u);
  EXPECT_EQ(votes.behind_unix_nanos, kStart - kHour - kMinute + kSecond);
  EXPECT_TRUE(votes.Contradict(2));
  EXPECT_FALSE(votes.Confirm(1));
}

}  // namespace
}  // namespace fleetmeter
