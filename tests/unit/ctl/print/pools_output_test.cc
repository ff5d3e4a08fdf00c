#include "daemon/ctl/print/pools_output.h"

#include <google/protobuf/descriptor.h>

#include <sstream>

#include "daemon/ctl/print/text_cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

TEST(FormatPools, ShowsATableWithDashesForNoData) {
  EXPECT_EQ(FormatPools(SomePools(), OutputFormat::kTable, 0),
            "POOL      CATEGORY   TIER  OWNER        ALLOCATED  ASSIGNED   BUSY  HEADROOM  "
            "UTILIZATION  COVERAGE  IDLE CHIPS  UNHEALTHY  UNHEARD  UNACCOUNTED  BORROWED  "
            "DEMAND  OLDEST WAIT\n"
            "serving   inference  p2    API Serving    1,000.0     700.0  523.2     300.0  "
            "      52.3%    100.0%         4.0        0.0      0.0          0.0       0.0  "
            "     -            -\n"
            "research  research   p2    Research          10.0       9.8      -       0.2  "
            "          -    100.0%           -        0.0      0.0          0.0       0.0  "
            "     -            -\n"
            "\n"
            "Amounts in H100e, idle chips in chips; \"-\" is no data.\n"
            "plan openb version 3 (replay), catalog version 2, 2026-01-02 03:04:05Z\n");
}

TEST(FormatPools, ShowsWhatMattersIn80Columns) {
  EXPECT_EQ(FormatPools(SomePools(), OutputFormat::kTable),
            "POOL      ALLOCATED  ASSIGNED   BUSY  HEADROOM  UTILIZATION  COVERAGE\n"
            "serving     1,000.0     700.0  523.2     300.0        52.3%    100.0%\n"
            "research       10.0       9.8      -       0.2            -    100.0%\n"
            "\n"
            "Amounts in H100e; \"-\" is no data. 10 columns left out; --wide shows all.\n"
            "plan openb version 3 (replay), catalog version 2, 2026-01-02 03:04:05Z\n");
}

TEST(FormatPools, NeverIsWiderThanTheTerminal) {
  v1::ListPoolsResponse pools = SomePools();
  pools.mutable_pools(0)->set_pool(std::string(100, 'p'));
  pools.mutable_pools(0)->set_unheard_h100e(1'234'567);
  pools.mutable_basis()->set_plan("a-plan-with-a-very-long-name-of-its-own-that-is-one-word");
  v1::OrphanedPool& orphaned = *pools.add_orphaned();
  orphaned.set_pool("chat");
  for (const size_t width : {size_t{60}, size_t{80}, size_t{100}}) {
    const std::string text = FormatPools(pools, OutputFormat::kTable, width);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(DisplayWidth(line), width) << line;
    }
    EXPECT_THAT(text, testing::HasSubstr("HEADROOM"));
  }
  // What is out of the ordinary comes before what is not.
  EXPECT_THAT(FormatPools(pools, OutputFormat::kTable, 120), testing::HasSubstr("UNHEARD"));
}

TEST(FormatPools, ShowsWhatWaits) {
  v1::ListPoolsResponse pools = SomePools();
  v1::PoolDemand& demand = *pools.mutable_pools(0)->mutable_demand();
  demand.set_h100e(96);
  demand.set_requests(12);
  demand.set_oldest_wait_seconds(2'400);
  EXPECT_THAT(FormatPools(pools, OutputFormat::kTable, 0),
              testing::HasSubstr("    96.0       40 min\n"));
  const Json json = Json::parse(FormatPools(pools, OutputFormat::kJson));
  EXPECT_EQ(json.at("pools")[0].at("demand").at("h100e"), 96);
  EXPECT_EQ(json.at("pools")[0].at("demand").at("servable_h100e"), nullptr);
  EXPECT_EQ(json.at("pools")[1].at("demand"), nullptr) << "nobody tells";
}

TEST(FormatPools, NamesThePoolsThatThePlanDoesNotKnow) {
  v1::ListPoolsResponse pools = SomePools();
  v1::OrphanedPool& orphaned = *pools.add_orphaned();
  orphaned.set_pool("chat");
  orphaned.set_h100e(8);
  EXPECT_THAT(FormatPools(pools, OutputFormat::kTable, 0),
              testing::HasSubstr("\n8.0 H100e are held under pool chat, which the plan does not "
                                 "know. They are taken from the headroom of every pool.\nplan"));
  EXPECT_EQ(Json::parse(FormatPools(pools, OutputFormat::kJson)).at("orphaned").dump(),
            R"([{"pool":"chat","h100e":8.0}])");
}

TEST(FormatPools, GivesEveryFieldOfTheProtoInJson) {
  const Json json = Json::parse(FormatPools(SomePools(), OutputFormat::kJson));
  for (const Json& pool : json.at("pools")) {
    for (int i = 0; i < v1::Pool::descriptor()->field_count(); ++i) {
      EXPECT_TRUE(pool.contains(v1::Pool::descriptor()->field(i)->name()));
    }
  }
  EXPECT_EQ(json.at("basis").at("plan"), "openb");
  EXPECT_EQ(json.at("pools")[0].at("teams")[0].at("team"), "api");
}

TEST(FormatPools, GivesExactChipTimeInJson) {
  const Json json = Json::parse(FormatPools(SomePools(), OutputFormat::kJson));
  const Json& chip = json.at("pools")[0].at("chips")[0];
  EXPECT_EQ(chip.at("assigned_micro_chips"), 700'500'000);
  EXPECT_EQ(chip.at("assigned_chip_nanos_total"), "170141183460469231731687303715884105727");
  EXPECT_EQ(chip.at("assigned_chip_seconds"), "170141183460469231731687303715.884105727");
  EXPECT_EQ(chip.at("busy_chip_seconds"), "1.5");
  EXPECT_EQ(chip.at("productive_chip_seconds"), "0");
}

TEST(FormatPools, GivesNullInJsonForNoData) {
  const Json json = Json::parse(FormatPools(SomePools(), OutputFormat::kJson));
  const Json& unmeasured = json.at("pools")[1];
  for (const char* name : {"busy_h100e", "productive_h100e", "idle_h100e", "measured_ratio",
                           "utilization_ratio", "activity_p50", "idle_chips"}) {
    EXPECT_EQ(unmeasured.at(name), nullptr) << name;
  }
  // A team of a measured pool that is itself not measured.
  EXPECT_EQ(json.at("pools")[0].at("teams")[0].at("idle_chips"), nullptr);
}

TEST(FormatPools, GivesNothingInCsvForNoData) {
  EXPECT_THAT(
      FormatPools(SomePools(), OutputFormat::kCsv),
      testing::EndsWith("research,research,p2,Research,,10,9.75,,,,0,0,0,0.25,0,1,,,,,,,,0,0,,\n"));
  EXPECT_THAT(FormatPools({}, OutputFormat::kCsv),
              testing::StartsWith("pool,category,tier,owner,contact,allocated_h100e,"));
}

TEST(FormatPools, EscapesWhatTheDaemonSays) {
  v1::ListPoolsResponse response;
  response.mutable_basis()->set_scenario("\x1b]0;title\x07");
  response.add_pools()->set_owner("\x1b[31m");
  for (const auto format : {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kCsv}) {
    EXPECT_THAT(FormatPools(response, format), testing::Not(testing::HasSubstr("\x1b")));
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
