#include "daemon/view/known_time.h"

#include "daemon/base/units.h"
#include "gmock/gmock.h"

namespace fleetmeter::known_time_testing {
namespace {

using outcomes::Span;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kDays = kSecondsPerDay;
constexpr int64_t kHours = 3'600;
constexpr int64_t kMarch2026 = 1'772'323'200;
const Span kWindow = {kMarch2026, kMarch2026 + 28 * kDays};
constexpr int64_t kNow = kMarch2026 + 27 * kDays + 12 * kHours;
constexpr int64_t kLongAgo = kMarch2026 - 800 * kDays;

WindowSet Windows(const std::vector<Span>& spans) {
  WindowSet windows;
  for (const Span& span : spans) {
    windows.Add({span.from * kNanosPerSecond, span.to * kNanosPerSecond});
  }
  return windows;
}

// Days of March 2026, from 0.
Span March(int64_t from, int64_t to) {
  return {kMarch2026 + from * kDays, kMarch2026 + to * kDays};
}
DaySpan MarchDays(int64_t from, int64_t to) {
  return {kMarch2026 + from * kDays, kMarch2026 + to * kDays};
}

class KnownTimeTest : public testing::Test {
 protected:
  KnownTimeTest() { told_.usage_until_unix_nanos = kNow * kNanosPerSecond; }

  void Bill(const std::string& source, const std::vector<Span>& spans, const std::string& model,
            const std::string& pool = "") {
    told_.named.insert({model, pool, told_.sources.size()});
    told_.sources.push_back({source, Windows(spans)});
  }
  void Use(const std::string& model, const DaySpan& days, const std::string& pool = "") {
    told_.served[{model, pool}] = days;
  }
  KnownTime Known() const { return MakeKnownTime(told_, kWindow, kNow); }

  ToldTimes told_;
};

TEST_F(KnownTimeTest, OfAModelIsWhatAllWhoTellOfItHaveTold) {
  Use("opus", {kLongAgo, March(0, 28).to});
  Use("haiku", {kLongAgo, March(0, 28).to});
  Bill("eu", {{kLongAgo, March(0, 26).to}}, "opus");
  Bill("us", {{kLongAgo, March(0, 20).to}}, "opus");
  Bill("gateway", {{kLongAgo, kNow}}, "haiku");
  const KnownTime known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(0, 20));
  EXPECT_EQ(known.after.of_model.at("haiku"), MarchDays(0, 27)) << "without the day under way";
  EXPECT_EQ(known.compared, known.after);
  EXPECT_EQ(known.before.of_model.at("opus").to_day, outcomes::YearEarlier(March(0, 20)).to);
  ASSERT_EQ(known.unknown.size(), 2U);
  EXPECT_EQ(known.unknown[0].time, (Span{March(0, 20).to, kNow}));
  EXPECT_EQ(known.unknown[0].source, "us");
  EXPECT_EQ(known.unknown[1].source, "gateway");
  EXPECT_EQ(known.unknown[1].told, kNow);
}

// What was told until midnight in Berlin is told of whole days there, and of none more.
TEST_F(KnownTimeTest, DaysAreThoseOfTheBooks) {
  told_.zone = *DayZone::Load("Europe/Berlin");
  Use("opus", {kLongAgo, March(0, 28).to});
  Use("haiku", {kLongAgo, March(0, 28).to});
  Bill("berlin", {{kLongAgo, told_.zone.BeginOf(March(0, 26).to)}}, "opus");
  Bill("utc", {{kLongAgo, March(0, 26).to}}, "haiku");
  const KnownTime known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(0, 26));
  EXPECT_EQ(known.after.of_model.at("haiku"), MarchDays(0, 26)) << "an hour of the 27th";
  ASSERT_EQ(known.unknown.size(), 2U);
  EXPECT_EQ(known.unknown[0].time.to, kNow + kHours) << "by the clocks of Berlin";
  EXPECT_EQ(known.unknown[0].told, March(0, 26).to);
  EXPECT_EQ(known.unknown[1].told, March(0, 26).to + kHours);
  told_.zone = *DayZone::Load("America/New_York");
  EXPECT_EQ(Known().after.of_model.at("haiku"), MarchDays(0, 25)) << "all of the 25th, no more";
}

TEST_F(KnownTimeTest, ModelsThatShareChipsAreKnownForTheSameTime) {
  Use("", {kLongAgo, March(0, 28).to}, "shared");
  Bill("eu", {{kLongAgo, March(0, 26).to}}, "opus", "shared");
  Bill("us", {{kLongAgo, March(0, 20).to}}, "haiku", "shared");
  Bill("ap", {{kLongAgo, March(0, 25).to}}, "sonnet", "own");
  const KnownTime known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(0, 20));
  EXPECT_EQ(known.after.of_model.at("haiku"), MarchDays(0, 20));
  EXPECT_EQ(known.after.of_model.at("sonnet"), MarchDays(0, 25));
  EXPECT_EQ(known.after.of_pool.at("shared"), MarchDays(0, 20));
  EXPECT_FALSE(known.after.of_pool.contains("own")) << "no chips there are without a model";
  ASSERT_EQ(known.unknown.size(), 2U);
  EXPECT_THAT(known.unknown[0].models, ElementsAre("haiku", "opus"));
}

// A gateway that tells of the hours in which there was something has told of no whole day.
TEST_F(KnownTimeTest, DaysCountInPartWhereNoneIsWhole) {
  Use("opus", MarchDays(26, 28));
  Bill("gateway",
       {{March(26, 27).from + kHours, March(26, 27).from + 2 * kHours},
        {March(27, 28).from + kHours, March(27, 28).from + 2 * kHours}},
       "opus");
  EXPECT_EQ(Known().after.of_model.at("opus"), MarchDays(26, 28));
}

TEST_F(KnownTimeTest, UsageMayBeTheLateOne) {
  told_.usage_until_unix_nanos = (March(0, 24).to - kHours) * kNanosPerSecond;
  Use("opus", {kLongAgo, March(0, 24).to});
  Bill("billing", {{kLongAgo, March(0, 27).to}}, "opus");
  const KnownTime known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(0, 23)) << "the day is not all told";
  ASSERT_EQ(known.unknown.size(), 1U);
  EXPECT_EQ(known.unknown[0].source, "");
  EXPECT_EQ(known.unknown[0].told, March(0, 24).to - kHours);
}

TEST_F(KnownTimeTest, BeginsWithTheFirstThatIsTold) {
  Use("opus", {kLongAgo, March(0, 28).to});
  Bill("billing", {March(5, 27)}, "opus");
  const KnownTime known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(5, 27));
  EXPECT_EQ(known.both_years, std::nullopt);
  ASSERT_EQ(known.unknown.size(), 2U);
  EXPECT_FALSE(known.unknown[0].at_end);
  EXPECT_EQ(known.unknown[0].time, March(0, 5));
  EXPECT_EQ(known.unknown[0].source, "billing");
}

// A model without chips is of no year; one that began this year has this year.
TEST_F(KnownTimeTest, ANewModelIsComparedWithNothingAndOneThatNobodyToldOfIsNotCompared) {
  Use("opus", {kLongAgo, March(0, 28).to});
  Use("new", {March(3, 4).from, March(0, 28).to});
  Bill("billing", {{kLongAgo, March(0, 27).to}}, "opus");
  Bill("billing of new", {{kLongAgo, March(0, 27).to}}, "new");
  KnownTime known = Known();
  EXPECT_EQ(known.compared.of_model.at("new"), MarchDays(3, 27));
  for (const UnknownTime& unknown : known.unknown) {
    EXPECT_TRUE(unknown.at_end) << "nobody was silent about what was not there";
  }
  // Of the year before nobody has told what opus served.
  told_.sources[0].windows = Windows({March(-60, 27)});
  known = Known();
  EXPECT_EQ(known.after.of_model.at("opus"), MarchDays(0, 27));
  EXPECT_EQ(known.compared.of_model.at("opus").to_day, kWindow.from);
}

TEST_F(KnownTimeTest, WhatEndedLongAgoIsNotNamed) {
  Use("old", {kLongAgo, kLongAgo + 30 * kDays});
  Bill("old", {{kLongAgo, kLongAgo + 30 * kDays}}, "old");
  EXPECT_THAT(Known().unknown, IsEmpty());
}

}  // namespace
}  // namespace fleetmeter::known_time_testing
