#include "daemon/ctl/print/headroom_output.h"

#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

v1::HeadroomResponse SomeHeadroom() {
  v1::HeadroomResponse response;
  *response.mutable_basis() = SomeBasis();
  *response.mutable_pool() = MeasuredPool();
  response.set_borrowable_h100e(250);
  return response;
}

v1::HeadroomResponse Unheard() {
  v1::HeadroomResponse response = SomeHeadroom();
  response.mutable_pool()->set_coverage_ratio(0);
  response.mutable_pool()->clear_assigned_h100e();
  response.mutable_pool()->clear_headroom_h100e();
  response.clear_borrowable_h100e();
  return response;
}

std::string TableOf(const v1::HeadroomResponse& response, std::optional<double> ask) {
  return FormatHeadroom(response, ask, OutputFormat::kTable, false);
}

TEST(FitOf, ComparesWithThePoolsOwnHeadroom) {
  EXPECT_EQ(FitOf(SomeHeadroom(), 300), Fit::kYes);
  EXPECT_EQ(FitOf(SomeHeadroom(), 300.5), Fit::kNo);
  EXPECT_EQ(FitOf(Unheard(), 1), Fit::kUnknown);
  EXPECT_EQ(FitOf(Unheard(), 1'001), Fit::kNo) << "more than is granted";
}

TEST(FitOf, DoesNotKnowWhileLittleIsHeardAndWhatIsHeardLeavesRoom) {
  v1::HeadroomResponse half = SomeHeadroom();
  half.mutable_pool()->set_coverage_ratio(0.5);
  half.mutable_pool()->set_headroom_h100e(100);
  EXPECT_EQ(FitOf(half, 50), Fit::kUnknown);
  EXPECT_EQ(FitOf(half, 200), Fit::kUnknown);
  EXPECT_EQ(FitOf(half, 301), Fit::kNo) << "700 of the 1,000 are heard to be assigned";
}

TEST(FormatHeadroom, DoesNotOfferWhatOrphanedChipsMayUseUp) {
  v1::HeadroomResponse orphaned = SomeHeadroom();
  orphaned.mutable_pool()->set_headroom_h100e(292);
  orphaned.mutable_pool()->set_headroom_uncertain_h100e(8);
  EXPECT_EQ(FitOf(orphaned, 292), Fit::kYes);
  EXPECT_EQ(FitOf(orphaned, 293), Fit::kUnknown);
  EXPECT_EQ(FitOf(orphaned, 300), Fit::kUnknown);
  EXPECT_EQ(FitOf(orphaned, 301), Fit::kNo);
  EXPECT_THAT(TableOf(orphaned, 300),
              StartsWith("unknown: 300 H100e fit only if none of the 8.0 H100e that are held under "
                         "pools that the plan does not know belong to serving\n"));
}

TEST(FormatHeadroom, SaysYesWithTheNumbersAndWhomToAsk) {
  EXPECT_EQ(
      TableOf(SomeHeadroom(), 200),
      "yes: 200 H100e fit into the headroom of serving, 300.0 H100e\n"
      "pool         serving (inference, p2)\n"
      "ask          API Serving, #serving\n"
      "headroom     300.0 H100e\n"
      "uncertain    0.0 H100e\n"
      "borrowable   250.0 H100e\n"
      "allocated    1,000.0 H100e\n"
      "assigned     700.0 H100e\n"
      "busy         523.2 H100e\n"
      "idle         176.8 H100e\n"
      "unhealthy    0.0 H100e\n"
      "unheard      0.0 H100e\n"
      "unaccounted  0.0 H100e\n"
      "borrowed     0.0 H100e\n"
      "demand       - (no data)\n"
      "servable     - (no data)\n"
      "utilization  52.3%\n"
      "coverage     100.0%\n"
      "basis        plan openb version 3 (replay), catalog version 2, 2026-01-02 03:04:05Z\n");
}

TEST(FormatHeadroom, SaysNoWithWhatIsMissingAndWhatCanBeBorrowed) {
  EXPECT_THAT(
      TableOf(SomeHeadroom(), 512),
      StartsWith("no: serving has 300.0 H100e of headroom, 212.0 too few for 512; 250.0 can "
                 "be borrowed from other pools, which is enough\n"));
  EXPECT_THAT(TableOf(SomeHeadroom(), 600), HasSubstr("borrowed from other pools, too little\n"));
  v1::HeadroomResponse alone = SomeHeadroom();
  alone.set_borrowable_h100e(0);
  EXPECT_THAT(TableOf(alone, 600), HasSubstr("; nothing can be borrowed\n"));
}

TEST(FormatHeadroom, DoesNotGuessWhenNothingWasHeard) {
  EXPECT_THAT(TableOf(Unheard(), 1),
              StartsWith("unknown: too little is heard of the chips that serving could use\n"));
  EXPECT_THAT(TableOf(Unheard(), 1), HasSubstr("coverage is low"));
  EXPECT_THAT(TableOf(Unheard(), 1),
              HasSubstr("headroom     unknown\nuncertain    0.0 H100e\nborrowable   unknown\n"));
  EXPECT_THAT(TableOf(Unheard(), 1'512),
              StartsWith("no: serving can admit at most 1,000.0 H100e, 512.0 too few for 1512\n"));
}

TEST(FormatHeadroom, ShowsNoDataAsSuch) {
  v1::HeadroomResponse response;
  *response.mutable_pool() = UnmeasuredPool();
  EXPECT_THAT(TableOf(response, std::nullopt), HasSubstr("busy         - (no data)\n"));
  EXPECT_THAT(TableOf(response, std::nullopt), HasSubstr("utilization  - (no data)\n"));
}

TEST(FormatHeadroom, ShowsWhatWaitsAndWhatOfItCouldStart) {
  v1::HeadroomResponse response = SomeHeadroom();
  v1::PoolDemand& demand = *response.mutable_pool()->mutable_demand();
  demand.set_h100e(96);
  demand.set_requests(12);
  demand.set_servable_h100e(64);
  demand.set_servable_by_borrowing_h100e(0);
  EXPECT_THAT(TableOf(response, std::nullopt),
              HasSubstr("demand       96.0 H100e in 12 requests\n"
                        "servable     64.0 H100e within the headroom, 0.0 H100e by borrowing\n"));
  EXPECT_THAT(FormatHeadroomLine(response, std::nullopt, OutputFormat::kTable, true),
              HasSubstr("  coverage 100.0%  demand 96.0\n"));
}

TEST(FormatHeadroom, ColoursTheVerdictOnlyWhereThereAreColours) {
  EXPECT_THAT(FormatHeadroom(SomeHeadroom(), 200, OutputFormat::kTable, true),
              StartsWith("\x1b[32myes\x1b[0m: "));
}

TEST(FormatHeadroom, GivesTheVerdictInJson) {
  const auto ask = [](const v1::HeadroomResponse& response, double h100e) {
    return Json::parse(FormatHeadroom(response, h100e, OutputFormat::kJson, false)).at("ask");
  };
  EXPECT_EQ(ask(SomeHeadroom(), 200).dump(),
            R"({"h100e":200.0,"fits":true,"short_h100e":0.0,"fits_with_borrowing":true})");
  EXPECT_EQ(ask(SomeHeadroom(), 600).dump(),
            R"({"h100e":600.0,"fits":false,"short_h100e":300.0,"fits_with_borrowing":false})");
  EXPECT_EQ(ask(Unheard(), 1).dump(),
            R"({"h100e":1.0,"fits":null,"short_h100e":null,"fits_with_borrowing":null})");
  const Json unheard = Json::parse(FormatHeadroom(Unheard(), {}, OutputFormat::kJson, false));
  EXPECT_EQ(unheard.at("pool").at("headroom_h100e"), nullptr);
  EXPECT_EQ(unheard.at("borrowable_h100e"), nullptr);
  const Json no_ask = Json::parse(FormatHeadroom(SomeHeadroom(), {}, OutputFormat::kJson, false));
  EXPECT_FALSE(no_ask.contains("ask"));
  EXPECT_EQ(no_ask.at("borrowable_h100e"), 250.0);
  EXPECT_EQ(no_ask.at("pool").at("contact"), "#serving");
}

TEST(FormatHeadroomLine, IsOneLine) {
  EXPECT_EQ(FormatHeadroomLine(SomeHeadroom(), std::nullopt, OutputFormat::kTable, true),
            "2026-01-02 03:04:05Z  serving  headroom 300.0  borrowable 250.0  allocated 1,000.0  "
            "assigned 700.0  coverage 100.0%\n");
  EXPECT_THAT(FormatHeadroomLine(SomeHeadroom(), 200, OutputFormat::kTable, true),
              HasSubstr("  yes: 200 H100e fit"));
  const std::string json = FormatHeadroomLine(SomeHeadroom(), 200, OutputFormat::kJson, true);
  EXPECT_EQ(json.find('\n'), json.size() - 1);
}

TEST(FormatHeadroomLine, HasCsvsHeaderOnce) {
  const std::string first = FormatHeadroomLine(SomeHeadroom(), 200, OutputFormat::kCsv, true);
  const std::string next = FormatHeadroomLine(SomeHeadroom(), 200, OutputFormat::kCsv, false);
  EXPECT_THAT(first, StartsWith("as_of,pool,category,"));
  EXPECT_THAT(first, testing::EndsWith("\n" + next));
  EXPECT_THAT(next, StartsWith("2026-01-02 03:04:05Z,serving,inference,"));
  EXPECT_THAT(next, testing::EndsWith(",250,200,true\n"));
}

}  // namespace
}  // namespace fleetmeter::ctl
