#include "daemon/accounting/capacity_limits.h"

#include "daemon/base/units.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using capacity::Action;
using capacity::CapacityBook;
using capacity::CapacityEvent;
using testing::HasSubstr;

constexpr int64_t kNow = 20'000 * kDay + 5 * kHour;

class CapacityLimitsTest : public testing::Test {
 protected:
  static CapacityEvent Submitted(const std::string& id, const std::string& team,
                                 const std::string& identity = "ada") {
    CapacityEvent event;
    event.at_unix_nanos = kNow;
    event.action = Action::kSubmit;
    event.identity = identity;
    event.request_id = event.form.request_id = id;
    event.revision = 1;
    event.form.team = team;
    event.form.chips = 1;
    event.form.start_unix_seconds = kNow / kNanosPerSecond;
    event.form.hours = 24;
    return event;
  }
  static CapacityEvent After(const CapacityEvent& before, Action action, int64_t revision) {
    CapacityEvent event = before;
    event.action = action;
    event.revision = revision;
    return event;
  }
  void Take(CapacityEvent event) {
    event.number = book_.last_number() + 1;
    book_.Apply(event);
    limits_.Note(event);
  }
  // Requests "TEAM-0", "TEAM-1", ..., each by an identity of its own.
  void Fill(const std::string& team, size_t requests) {
    for (size_t i = 0; i < requests; ++i) {
      const std::string id = fmt::format("{}-{}", team, i);
      Take(Submitted(id, team, id));
    }
  }

  CapacityBook book_;
  CapacityLimits limits_;
};

TEST_F(CapacityLimitsTest, ATeamHasAThousandUndecidedRequests) {
  Fill("chat", CapacityLimits::kMostOpenOfTeam - 1);
  EXPECT_TRUE(limits_.Check(book_, {Submitted("last", "chat")}).ok());
  Take(Submitted("last", "chat"));
  const absl::Status status = limits_.Check(book_, {Submitted("more", "chat")});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("team \"chat\" has 1000 undecided requests"));
  EXPECT_TRUE(limits_.Check(book_, {Submitted("more", "search")}).ok());
  // What is there can be amended, also to another team, but not into a full one.
  EXPECT_TRUE(limits_.Check(book_, {After(Submitted("last", "chat"), Action::kAmend, 2)}).ok());
  Take(Submitted("other", "search"));
  EXPECT_FALSE(limits_.Check(book_, {After(Submitted("other", "chat"), Action::kAmend, 2)}).ok());
}

TEST_F(CapacityLimitsTest, WhatIsDecidedOrOverMakesRoom) {
  Fill("chat", CapacityLimits::kMostOpenOfTeam);
  EXPECT_FALSE(limits_.Check(book_, {Submitted("more", "chat")}).ok());
  CapacityEvent later = Submitted("more", "chat");
  later.at_unix_nanos += 24 * kHour;  // they have expired
  EXPECT_TRUE(limits_.Check(book_, {later}).ok());
  Take(After(Submitted("chat-0", "chat"), Action::kWithdraw, 2));
  EXPECT_TRUE(limits_.Check(book_, {Submitted("more", "chat")}).ok());
}

TEST_F(CapacityLimitsTest, AllTeamsTogetherHaveTenThousand) {
  for (int team = 0; team < 10; ++team) {
    Fill(fmt::format("team{}", team), CapacityLimits::kMostOpenOfTeam);
  }
  const absl::Status status = limits_.Check(book_, {Submitted("more", "another")});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("there are 10000 undecided requests"));
  // They can be decided.
  EXPECT_TRUE(
      limits_.Check(book_, {After(Submitted("team0-0", "team0"), Action::kDecline, 2)}).ok());
}

TEST_F(CapacityLimitsTest, ARequestThatWasAmendedTooOftenCanStillBeDecided) {
  const CapacityEvent first = Submitted("r", "chat");
  const int64_t most = CapacityLimits::kMostAmended;
  EXPECT_TRUE(limits_.Check(book_, {After(first, Action::kAmend, most)}).ok());
  const absl::Status status = limits_.Check(book_, {After(first, Action::kAmend, most + 1)});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("request \"r\" was changed 90 times"));
  for (const Action action :
       {Action::kWithdraw, Action::kGrant, Action::kDecline, Action::kRelease}) {
    EXPECT_TRUE(limits_.Check(book_, {After(first, action, most + 1)}).ok());
    EXPECT_FALSE(
        limits_.Check(book_, {After(first, action, CapacityLimits::kMostEventsOfRequest + 1)})
            .ok());
  }
}

TEST_F(CapacityLimitsTest, AnIdentityCausesSoManyEventsADay) {
  const CapacityEvent event = After(Submitted("r", "chat"), Action::kRelease, 2);
  for (size_t i = 0; i + 1 < CapacityLimits::kMostEventsADay; ++i) limits_.Note(event);
  EXPECT_TRUE(limits_.Check(book_, {event}).ok());
  const absl::Status status = limits_.Check(book_, {event, event});
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"ada\" would have caused 10001 events"));
  CapacityEvent others = event;
  others.identity = "bo";
  EXPECT_TRUE(limits_.Check(book_, {others, others}).ok());
  CapacityEvent tomorrow = event;
  tomorrow.at_unix_nanos += kDay;
  EXPECT_TRUE(limits_.Check(book_, {tomorrow, tomorrow}).ok());
  // A clock that goes back does not bring the day before back.
  limits_.Note(tomorrow);
  limits_.Note(event);
  EXPECT_TRUE(limits_.Check(book_, {event}).ok());
}

TEST_F(CapacityLimitsTest, TextIsBounded) {
  CapacityEvent event = Submitted("r", "chat");
  event.form.note.resize(CapacityLimits::kMostTextBytes, 'x');
  const absl::Status status = limits_.Check(book_, {event});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("expected at most 262144"));
  event.form.note.resize(200'000);
  EXPECT_TRUE(limits_.Check(book_, {event}).ok());
  // And over a day.
  for (int i = 0; i < 167; ++i) limits_.Note(event);
  EXPECT_EQ(limits_.Check(book_, {event}).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(CapacityLimitsTest, ARankNamesAThousandWorkloads) {
  CapacityEvent event;
  event.at_unix_nanos = kNow;
  event.action = Action::kRank;
  event.identity = "ada";
  event.workloads.assign(CapacityLimits::kMostRanked, "job");
  EXPECT_TRUE(limits_.Check(book_, {event}).ok());
  event.workloads.emplace_back("job");
  EXPECT_EQ(limits_.Check(book_, {event}).code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace fleetmeter
