#include "daemon/domain/capacity/capacity_book.h"

#include "daemon/base/units.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::book_testing {
namespace {

TEST(CapacityBook, LeavesCopiesThatWereShared) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1"));
  const CapacityBook before = maker.book();
  maker.Grant("req-1");
  EXPECT_FALSE(before.Find("req-1")->grant);
  EXPECT_EQ(before.last_number(), 1);
  EXPECT_TRUE(maker.Get("req-1").grant);
}

TEST(CapacityBook, IsTheFoldOfItsEvents) {
  BookMaker maker;
  maker.Submit(MakeForm("req-1")).Submit(MakeForm("req-2")).Grant("req-1");
  maker.Rank("serving", Nature::kGrowthBet, {"completions"});
  CapacityBook again;
  for (int64_t number = 1; number <= maker.book().last_number(); ++number) {
    for (const auto& [id, request] : maker.book().requests()) {
      for (const CapacityEvent& event : request->events) {
        if (event.number == number) again.Apply(event);
      }
    }
  }
  EXPECT_EQ(again.Find("req-1")->events, maker.Get("req-1").events);
  EXPECT_EQ(again.Find("req-1")->grant->chips, 10);
  EXPECT_EQ(again.last_decision(), 1);
  EXPECT_EQ(again.Find("req-3"), nullptr);
}

TEST(CapacityBook, TellsStatesByTheTime) {
  BookMaker maker;
  maker.Submit(MakeForm("waits")).Submit(MakeForm("whole")).Submit(MakeForm("part"));
  maker.Grant("whole").Grant("part", 9, At(10), At(15));
  EXPECT_EQ(maker.Get("waits").StateAt(At(15) - 1), State::kSubmitted);
  EXPECT_EQ(maker.Get("waits").StateAt(At(15)), State::kExpired);
  EXPECT_EQ(maker.Get("whole").StateAt(At(10) - 1), State::kGranted);
  EXPECT_EQ(maker.Get("part").StateAt(At(10) - 1), State::kGrantedInPart);
  EXPECT_EQ(maker.Get("part").StateAt(At(10)), State::kActive);
  EXPECT_EQ(maker.Get("part").StateAt(At(15)), State::kEnded);
}

TEST(CapacityBook, RanksWhatAnOwnersOrderNames) {
  BookMaker maker;
  CapacityForm other = MakeForm("other");
  other.workload = "unnamed";
  CapacityForm beyond = MakeForm("beyond");
  beyond.beyond_allocation = true;
  maker.Submit(MakeForm("req-1")).Submit(other).Submit(beyond);
  maker.Rank("serving", Nature::kGrowthBet, {"completions"});
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kRanked);
  EXPECT_EQ(maker.Get("other").StateAt(kPresent), State::kSubmitted);
  EXPECT_EQ(maker.Get("beyond").StateAt(kPresent), State::kSubmitted);
}

// A request that was amended into one that nobody had ranked was told as ranked.
TEST(CapacityBook, AnAmendedRequestIsRankedWhileTheOrderHoldsForIt) {
  BookMaker maker;
  CapacityForm form = MakeForm("req-1");
  maker.Submit(form);
  maker.Rank("serving", Nature::kGrowthBet, {form.workload});
  form.chips = 9;
  ASSERT_TRUE(maker.Submit(form, 1, "less").status.ok());
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kRanked);
  form.nature = Nature::kCritical;
  ASSERT_TRUE(maker.Submit(form, 2, "an incident").status.ok());
  EXPECT_EQ(maker.Get("req-1").StateAt(kPresent), State::kSubmitted);
}

TEST(CapacityNames, AreReadAsTheyAreWritten) {
  for (const State state : kStates) EXPECT_EQ(ParseState(Name(state)), state);
  for (const Action action : kActions) EXPECT_EQ(ParseAction(Name(action)), action);
  for (const Nature nature : kNatures) EXPECT_EQ(ParseNature(Name(nature)), nature);
  for (const Gain gain : {Gain::kRevenue, Gain::kEfficiency})
    EXPECT_EQ(ParseGain(Name(gain)), gain);
  EXPECT_FALSE(ParseState("open"));
  EXPECT_FALSE(ParseNature(""));
}

}  // namespace
}  // namespace fleetmeter::capacity::book_testing
