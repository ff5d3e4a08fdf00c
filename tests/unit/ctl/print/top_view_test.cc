#include "daemon/ctl/print/top_view.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

TopState State() { return {.address = "127.0.0.1:7444", .pools = SomePools(), .trouble = ""}; }

TEST(TopPicture, ShowsPlanTimeAndPools) {
  EXPECT_EQ(
      TopPicture(State(), {}),
      "fleetmeter  127.0.0.1:7444\n"
      "plan openb version 3 (replay), catalog version 2, 2026-01-02 03:04:05Z; H100e; \"-\" is "
      "no data\n"
      "\n"
      "POOL      OWNER        ALLOCATED  ASSIGNED   BUSY  HEADROOM  UTILIZATION                "
      "COVERAGE\n"
      "serving   API Serving    1,000.0     700.0  523.2     300.0        52.3%  [#####-----]  "
      "  100.0%\n"
      "research  Research          10.0       9.8      -       0.2            -                "
      "  100.0%  nearly full\n");
}

TEST(TopPicture, SaysThatTheDaemonIsAwayAndKeepsTheOldNumbers) {
  TopState state = State();
  state.trouble = "cannot reach fleetmeterd at 127.0.0.1:7444: Connection refused";
  const std::string with_old = TopPicture(state, {});
  EXPECT_THAT(with_old, HasSubstr("cannot reach fleetmeterd at 127.0.0.1:7444"));
  EXPECT_THAT(with_old, HasSubstr("The numbers below are old."));
  EXPECT_THAT(with_old, HasSubstr("serving"));
  state.pools.reset();
  const std::string with_none = TopPicture(state, {});
  EXPECT_THAT(with_none, HasSubstr("Trying again."));
  EXPECT_THAT(with_none, Not(HasSubstr("POOL")));
}

TEST(TopPicture, KeepsItsStatusAtAnyWidth) {
  TopLook look;
  look.size = TopLook::Size{.columns = 40, .rows = 24};
  EXPECT_EQ(TopPicture(State(), look),
            "fleetmeter  127.0.0.1:7444\n"
            "plan openb version 3 (replay), catalog\n"
            "version 2, 2026-01-02 03:04:05Z; H100e;\n"
            "\"-\" is no data\n"
            "\n"
            "POOL      HEADROOM\n"
            "serving      300.0\n"
            "research       0.2  nearly full\n");
  TopState away = State();
  away.trouble = "cannot reach fleetmeterd at 127.0.0.1:7444: Connection refused";
  const std::string narrow = TopPicture(away, look);
  EXPECT_THAT(narrow, HasSubstr("fleetmeter: cannot reach fleetmeterd at\n"
                                "127.0.0.1:7444: Connection refused\n"
                                "The numbers below are old. Trying again.\n"));
}

TEST(TopPicture, CountsTheLinesThatDoNotFit) {
  TopLook look;
  look.size = TopLook::Size{.columns = 120, .rows = 6};
  EXPECT_THAT(TopPicture(State(), look), testing::EndsWith("\n... 2 more lines\n"));
}

TEST(TopPicture, SaysHowItIsSortedAndFiltered) {
  TopState state = State();
  state.order = {.sort = "headroom", .reverse = true, .filter = "sear"};
  state.keys = "s sort";
  const std::string picture = TopPicture(state, {});
  EXPECT_THAT(picture, HasSubstr("sorted by headroom, reversed; only pools with 'sear': 1 of 2\n"
                                 "s sort\n"));
  EXPECT_THAT(picture, Not(HasSubstr("serving")));
  state.order = {};
  state.types_filter = true;
  EXPECT_THAT(TopPicture(state, {}), HasSubstr("only pools with '_': 2 of 2\n"));
}

TEST(TopPicture, HasColoursOnlyWhereThereAreColours) {
  EXPECT_THAT(TopPicture(State(), {}), Not(HasSubstr("\x1b")));
  TopLook look;
  look.colors = true;
  EXPECT_THAT(TopPicture(State(), look), HasSubstr("\x1b[31mnearly full\x1b[0m"));
}

TEST(PoolMark, MarksUnderusedAndNearlyFull) {
  v1::Pool pool = MeasuredPool();
  EXPECT_EQ(PoolMark(pool), "");
  pool.set_utilization_ratio(0.49);
  EXPECT_EQ(PoolMark(pool), "underused");
  pool.set_headroom_h100e(49);
  EXPECT_EQ(PoolMark(pool), "nearly full, underused");
  pool.clear_utilization_ratio();
  EXPECT_EQ(PoolMark(pool), "nearly full");
  pool.set_coverage_ratio(0);
  EXPECT_EQ(PoolMark(pool), "");
}

TEST(UtilizationBar, IsBlankWhenUnknownAndFullBeyondOne) {
  EXPECT_EQ(UtilizationBar(std::nullopt, false), "            ");
  EXPECT_EQ(UtilizationBar(0.0, false), "[----------]");
  EXPECT_EQ(UtilizationBar(1.7, false), "[##########]");
  EXPECT_EQ(UtilizationBar(0.3, true), "███░░░░░░░");
}

}  // namespace
}  // namespace fleetmeter::ctl
