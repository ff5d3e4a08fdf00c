#include "daemon/ledger/capacity_chain.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/capacity_maker.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityEvent;
using testing::HasSubstr;
using testing::IsEmpty;

CapacityEvent Event(int64_t number, Action action, int64_t revision) {
  CapacityEvent event;
  event.number = number;
  event.action = action;
  event.request_id = "r";
  event.revision = revision;
  event.form.chips = action == Action::kSubmit || action == Action::kAmend ? 8 : 0;
  return event;
}

CapacityEvent Granted(int64_t number, int64_t revision, int64_t chips, int64_t decision) {
  CapacityEvent event = Event(number, Action::kGrant, revision);
  event.granted_chips = chips;
  event.start_unix_seconds = 7'200;
  event.end_unix_seconds = 10'800;
  event.decision = decision;
  return event;
}

CapacityEvent Released(int64_t number, int64_t revision, int64_t end) {
  CapacityEvent event = Event(number, Action::kRelease, revision);
  event.end_unix_seconds = end;
  return event;
}

// What is said about the last of them; nothing is to be said about the others.
std::string Last(const std::vector<CapacityEvent>& events) {
  CapacityChain chain;
  std::string said;
  for (const CapacityEvent& event : events) {
    EXPECT_THAT(said, IsEmpty());
    said = chain.Take(event);
  }
  return said;
}

TEST(CapacityChain, TakesWhatFollows) {
  EXPECT_EQ(Last({Event(1, Action::kSubmit, 1), Event(2, Action::kAmend, 2), Granted(3, 3, 8, 1),
                  Released(4, 4, 10'800), Released(5, 5, 7'200)}),
            "");
  EXPECT_EQ(Last({Event(1, Action::kSubmit, 1), Event(2, Action::kWithdraw, 2)}), "");
}

TEST(CapacityChain, FindsAGapInTheNumbers) {
  EXPECT_EQ(Last({Event(1, Action::kSubmit, 1), Event(3, Action::kWithdraw, 2)}),
            "event 3 of requests (withdraw of \"r\") does not follow the number of the one before "
            "it");
  EXPECT_THAT(Last({Event(2, Action::kSubmit, 1)}), HasSubstr("does not follow the number"));
}

TEST(CapacityChain, FindsAGapInTheRevisions) {
  EXPECT_THAT(Last({Event(1, Action::kSubmit, 1), Event(2, Action::kAmend, 3)}),
              HasSubstr("does not follow the request's revision"));
}

TEST(CapacityChain, FindsWhatComesWithoutASubmission) {
  EXPECT_THAT(Last({Event(1, Action::kAmend, 1)}), HasSubstr("that nobody submitted"));
  EXPECT_THAT(Last({Event(1, Action::kSubmit, 1), Event(2, Action::kSubmit, 2)}),
              HasSubstr("submits a request again"));
}

TEST(CapacityChain, FindsWhatComesAfterTheDecision) {
  for (const Action action : {Action::kAmend, Action::kWithdraw}) {
    EXPECT_THAT(Last({Event(1, Action::kSubmit, 1), Granted(2, 2, 8, 1), Event(3, action, 3)}),
                HasSubstr("comes after the request was decided"));
  }
  EXPECT_THAT(
      Last({Event(1, Action::kSubmit, 1), Event(2, Action::kWithdraw, 2), Granted(3, 3, 8, 1)}),
      HasSubstr("comes after the request was decided"));
}

TEST(CapacityChain, FindsAGrantThatCannotBe) {
  for (const int64_t chips : {0, 9, -1}) {
    EXPECT_THAT(Last({Event(1, Action::kSubmit, 1), Granted(2, 2, chips, 1)}),
                HasSubstr("grants more than was asked for, or nothing"));
  }
  for (const int64_t decision : {0, 2}) {
    EXPECT_THAT(Last({Event(1, Action::kSubmit, 1), Granted(2, 2, 8, decision)}),
                HasSubstr("decision's number that does not follow"));
  }
}

TEST(CapacityChain, FindsAReleaseOfNoGrant) {
  const CapacityEvent submit = Event(1, Action::kSubmit, 1);
  EXPECT_THAT(Last({submit, Released(2, 2, 7'200)}), HasSubstr("ends a grant that is not there"));
  for (const int64_t end : {3'600, 14'400}) {
    EXPECT_THAT(Last({submit, Granted(2, 2, 8, 1), Released(3, 3, end)}),
                HasSubstr("ends a grant that is not there"));
  }
}

TEST(CapacityChain, GoesOnAfterAFault) {
  CapacityChain chain;
  EXPECT_EQ(chain.Take(Event(1, Action::kSubmit, 1)), "");
  EXPECT_NE(chain.Take(Event(3, Action::kAmend, 2)), "");
  EXPECT_EQ(chain.Take(Event(4, Action::kAmend, 3)), "");
}

// Of random histories: all are taken, and none of which one event is missing, unless it is the
// last.
TEST(CapacityChain, MissesNoEvent) {
  CapacityMaker maker(5);
  while (maker.events().size() < 300) maker.Committed(maker.Next(1'000));
  const std::vector<CapacityEvent>& events = maker.events();
  EXPECT_EQ(Last(events), "");
  for (size_t left_out = 0; left_out + 1 < events.size(); ++left_out) {
    CapacityChain chain;
    size_t faults = 0;
    for (size_t i = 0; i < events.size(); ++i) {
      if (i != left_out && !chain.Take(events[i]).empty()) ++faults;
    }
    EXPECT_GT(faults, 0U) << left_out;
  }
}

TEST(CapacityChain, KeepsOnlyWhatAnActionSays) {
  CapacityMaker maker(6);
  while (maker.events().size() < 300) maker.Committed(maker.Next(1'000));
  for (const CapacityEvent& event : maker.events()) EXPECT_EQ(WhatItSays(event), event);
  CapacityEvent full = Granted(1, 1, 8, 1);
  full.pool = "serving";
  full.form.note = "more";
  for (const Action action : capacity::kActions) {
    full.action = action;
    EXPECT_NE(WhatItSays(full), full) << capacity::Name(action);
  }
}

}  // namespace
}  // namespace fleetmeter
