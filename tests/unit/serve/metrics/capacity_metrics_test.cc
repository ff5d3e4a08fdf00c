// The families of requests and grants show what the book and the ledger say, and nothing of what
// was not told.
#include "daemon/serve/metrics/capacity_metrics.h"

#include <gtest/gtest.h>

#include "daemon/serve/metrics/text_format.h"
#include "tests/support/scrape.h"
#include "tests/unit/view/capacity_events.h"

namespace fleetmeter {
namespace {

using capacity::Nature;
using e2e::Labels;
using e2e::Scrape;

constexpr int64_t kDaySeconds = 86'400;

class CapacityMetricsTest : public testing::Test {
 protected:
  CapacityMetricsTest() {
    Pool alpha;
    alpha.name = "alpha";
    alpha.allocated_h100e = 100;
    plan_.pools = {alpha};
  }

  // Of a grant of `chips`, of which `held` were held for all of the span before now.
  SpanUse Held(int64_t chips, int64_t held, int64_t seconds) const {
    SpanUse use;
    use.from_unix_seconds = told_.now() - seconds;
    use.to_unix_seconds = told_.now();
    use.granted_chip_nanos = absl::int128(chips) * seconds * kNanosPerSecond;
    use.used_chip_nanos = absl::int128(held) * seconds * kNanosPerSecond;
    return use;
  }

  void Use(const std::string& id, const SpanUse& hour, const SpanUse& week) {
    view_.grants[id] = {.hour = hour, .week = week};
    view_.as_of_unix_nanos = told_.now() * kNanosPerSecond;
  }

  // A grant that is active, of which an hour and a week are known.
  void GrantAndUse(const std::string& id, int64_t chips, int64_t held,
                   const std::string& pool = "alpha") {
    told_.Ask(id, chips, -200, 1'000, Nature::kGrowthBet, pool);
    told_.Grant(id, chips);
    Use(id, Held(chips, held, kBookHour), Held(chips, held, 7 * kDaySeconds));
  }

  Scrape Written(bool with_view = true) const {
    GrantFacts facts;
    if (with_view) facts.view = std::make_shared<const GrantsView>(view_);
    const CapacityFigures figures =
        MakeCapacityFigures(told_.book(), plan_, std::move(facts), 0.9, told_.now());
    std::string text;
    TextWriter out(text);
    WriteGroup(kRequestMetrics, figures, out);
    WriteGroup(kGrantMetrics, figures, out);
    return Scrape(text);
  }

  static Labels OfGrant(const std::string& id) { return {{"request", id}}; }

  Plan plan_;
  ToldBook told_;
  GrantsView view_;
};

TEST_F(CapacityMetricsTest, ShowPoolsBeforeAnythingIsAsked) {
  const Scrape page = Written();
  EXPECT_EQ(page.Value("fleetmeter_capacity_uncommitted_h100e", {{"pool", "alpha"}}), 100);
  EXPECT_EQ(page.Value("fleetmeter_capacity_committed_h100e", {{"pool", "alpha"}}), 0);
  EXPECT_FALSE(page.Has("fleetmeter_capacity_requests"));
  EXPECT_FALSE(page.Has("fleetmeter_capacity_decisions_total"));
  EXPECT_FALSE(page.Has("fleetmeter_capacity_used_h100e"));
  EXPECT_TRUE(page.errors().empty());
}

TEST_F(CapacityMetricsTest, ShowWhatWaitsAndSinceWhen) {
  told_.Ask("a-1", 40, 10, 10, Nature::kCritical);
  told_.At(500);
  const Scrape page = Written();
  const Labels critical = {{"pool", "alpha"}, {"nature", "critical"}};
  EXPECT_EQ(page.Value("fleetmeter_capacity_requests",
                       {{"pool", "alpha"}, {"nature", "critical"}, {"state", "submitted"}}),
            1);
  // All states of what was ever asked, so that each series begins at 0.
  EXPECT_EQ(page.Value("fleetmeter_capacity_requests",
                       {{"pool", "alpha"}, {"nature", "critical"}, {"state", "expired"}}),
            0);
  EXPECT_FALSE(page.Has("fleetmeter_capacity_requests", {{"nature", "growth_bet"}}));
  EXPECT_EQ(page.Value("fleetmeter_capacity_requested_h100e", critical), 20);
  EXPECT_EQ(page.Value("fleetmeter_capacity_oldest_open_request_timestamp_seconds",
                       {{"pool", "alpha"}, {"team", "red"}, {"request", "a-1"}}),
            kBookStart);
  EXPECT_FALSE(page.Has("fleetmeter_capacity_latest_expired_timestamp_seconds"));
  EXPECT_EQ(page.Value("fleetmeter_capacity_decision_wait_seconds_count", critical), 0);
}

TEST_F(CapacityMetricsTest, CountDecisionsAndHowLongTheyTook) {
  told_.Ask("a-1", 40, 10, 10);
  told_.Ask("a-2", 40, 10, 10);
  told_.At(2 * kBookHour);
  told_.Grant("a-1", 30);
  told_.Decline("a-2");
  const Scrape page = Written();
  for (const auto& [outcome, count] :
       {std::pair("granted", 0), {"granted_in_part", 1}, {"declined", 1}}) {
    EXPECT_EQ(page.Value("fleetmeter_capacity_decisions_total",
                         {{"pool", "alpha"}, {"outcome", outcome}}),
              count)
        << outcome;
  }
  const std::string waits = "fleetmeter_capacity_decision_wait_seconds";
  EXPECT_EQ(page.Value(waits + "_bucket", {{"le", "3600"}}), 0);
  EXPECT_EQ(page.Value(waits + "_bucket", {{"le", "21600"}}), 2);
  EXPECT_EQ(page.Value(waits + "_bucket", {{"le", "+Inf"}}), 2);
  EXPECT_EQ(page.Value(waits + "_sum"), 4 * kBookHour);
}

TEST_F(CapacityMetricsTest, ShowWhatWasUsedUnderAGrant) {
  GrantAndUse("g", 40, 10);
  const Scrape page = Written();
  EXPECT_EQ(page.Value("fleetmeter_grant_h100e", OfGrant("g")), 20);
  EXPECT_EQ(page.Value("fleetmeter_grant_used_h100e", OfGrant("g")), 5);
  EXPECT_EQ(page.Value("fleetmeter_grant_week_used_ratio", OfGrant("g")), 0.25);
  EXPECT_EQ(page.Value("fleetmeter_grant_end_timestamp_seconds", OfGrant("g")),
            kBookStart + 800 * kBookHour);
  EXPECT_EQ(page.Value("fleetmeter_capacity_used_h100e", {{"pool", "alpha"}}), 5);
  EXPECT_EQ(page.Value("fleetmeter_capacity_week_granted_h100e_seconds"), 20 * 7 * kDaySeconds);
  EXPECT_EQ(page.Value("fleetmeter_capacity_week_used_h100e_seconds"), 5 * 7 * kDaySeconds);
  EXPECT_EQ(page.Value("fleetmeter_grants_as_of_timestamp_seconds"), told_.now());
}

TEST_F(CapacityMetricsTest, SayNothingOfUseWithoutALedgersFile) {
  GrantAndUse("g", 40, 10);
  const Scrape page = Written(false);
  EXPECT_EQ(page.Value("fleetmeter_grant_h100e", OfGrant("g")), 20);
  for (const char* unknown :
       {"fleetmeter_grant_used_h100e", "fleetmeter_grant_week_used_ratio",
        "fleetmeter_capacity_used_h100e", "fleetmeter_capacity_week_granted_h100e_seconds",
        "fleetmeter_grants_as_of_timestamp_seconds"}) {
    EXPECT_FALSE(page.Has(unknown)) << unknown;
  }
}

// Hosts that were not heard may have held what nobody saw: that is no idleness.
TEST_F(CapacityMetricsTest, SilenceIsNotUnused) {
  GrantAndUse("g", 40, 0);
  for (SpanUse* use : {&*view_.grants["g"].hour, &*view_.grants["g"].week}) {
    use->untold_chip_nanos = use->granted_chip_nanos / 4;
  }
  const Scrape page = Written();
  EXPECT_FALSE(page.Has("fleetmeter_grant_used_h100e"));
  EXPECT_FALSE(page.Has("fleetmeter_grant_week_used_ratio"));
  EXPECT_FALSE(page.Has("fleetmeter_capacity_used_h100e"));
  EXPECT_FALSE(page.Has("fleetmeter_capacity_week_granted_h100e_seconds"));
}

TEST_F(CapacityMetricsTest, WhatLittleIsNotToldIsLeftOut) {
  GrantAndUse("g", 40, 20);
  SpanUse& week = *view_.grants["g"].week;
  week.untold_chip_nanos = week.granted_chip_nanos / 20;
  EXPECT_EQ(Written().Value("fleetmeter_grant_week_used_ratio", OfGrant("g")), 0.5);
}

TEST_F(CapacityMetricsTest, SayNothingOfTheWeekOnTheFirstDayOfAGrant) {
  GrantAndUse("g", 40, 0);
  view_.grants["g"].week = Held(40, 0, kDaySeconds - kBookHour);
  EXPECT_FALSE(Written().Has("fleetmeter_grant_week_used_ratio"));
  view_.grants["g"].week = Held(40, 0, kDaySeconds);
  EXPECT_EQ(Written().Value("fleetmeter_grant_week_used_ratio"), 0);
}

TEST_F(CapacityMetricsTest, AGrantThatIsOverCountsInItsPoolsWeekAndHasNoSeries) {
  GrantAndUse("g", 40, 10);
  GrantAndUse("over", 40, 40);
  view_.grants["over"].hour.reset();
  told_.Release("over", -10);
  const Scrape page = Written();
  EXPECT_FALSE(page.Has("fleetmeter_grant_h100e", OfGrant("over")));
  EXPECT_EQ(page.Value("fleetmeter_capacity_week_granted_h100e_seconds"), 40 * 7 * kDaySeconds);
  EXPECT_EQ(page.Value("fleetmeter_capacity_used_h100e"), 5);
}

TEST_F(CapacityMetricsTest, BeyondTheLimitGrantsOfAPoolHaveOneSeries) {
  for (size_t i = 0; i < kMostGrantSeries; ++i) {
    GrantAndUse("big-" + std::to_string(i), 100, 100);
  }
  GrantAndUse("small-1", 10, 5);
  GrantAndUse("small-2", 20, 4);
  GrantAndUse("small-3", 20, 20, "gamma");
  const Scrape page = Written();
  const Labels alpha = {{"pool", "alpha"}, {"team", "overflow"}, {"request", "overflow"}};
  EXPECT_EQ(page.Value("fleetmeter_grants_overflow"), 3);
  EXPECT_EQ(page.Value("fleetmeter_grant_h100e", alpha), 15);
  EXPECT_EQ(page.Value("fleetmeter_grant_used_h100e", alpha), 4.5);
  EXPECT_EQ(page.Value("fleetmeter_grant_week_used_ratio", alpha), 0.3);
  EXPECT_EQ(page.Value("fleetmeter_grant_h100e", {{"pool", "gamma"}, {"team", "overflow"}}), 10);
  EXPECT_FALSE(page.Has("fleetmeter_grant_end_timestamp_seconds", alpha));
  // Nothing is lost or counted twice.
  EXPECT_EQ(page.Value("fleetmeter_grant_h100e"), 50.0 * kMostGrantSeries + 25);
  // What is not known of one is not known of all.
  SpanUse& hour = *view_.grants["small-1"].hour;
  hour.untold_chip_nanos = hour.granted_chip_nanos;
  EXPECT_FALSE(Written().Has("fleetmeter_grant_used_h100e", alpha));
}

TEST_F(CapacityMetricsTest, NamesOfAnyScriptStayNames) {
  told_.Ask("a-1", 40, 10, 10, Nature::kCritical, "alpha", "re\"d\\\n\u00e9");
  EXPECT_EQ(Written().Value("fleetmeter_capacity_oldest_open_request_timestamp_seconds",
                            {{"team", "re\"d\\\n\u00e9"}}),
            kBookStart);
}

}  // namespace
}  // namespace fleetmeter
