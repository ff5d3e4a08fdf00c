// What is printed of the framework: a simulation, a sensitivity analysis, long records.
#include "daemon/ctl/print/framework_output.h"

#include <string>

#include "daemon/ctl/print/long_csv.h"
#include "daemon/ctl/print/message_text.h"
#include "daemon/ctl/print/scenario_output.h"
#include "daemon/ctl/print/sensitivity_output.h"
#include "daemon/ctl/print/simulation_output.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::OutcomeResult SomeOutcome(double revenue, double training) {
  v1::OutcomeResult outcome;
  outcome.set_utilization_ratio(0.2);
  outcome.set_curve("linear");
  outcome.set_usd_per_h100_hour(7.4768);
  outcome.set_serviceable_revenue_usd(revenue);
  outcome.set_training_hours(training);
  outcome.set_training_ratio(training / 2'000);
  outcome.set_research_hours(3'000.4);
  return outcome;
}

v1::FrameworkBasis SomeFrameworkBasis() {
  v1::FrameworkBasis basis;
  basis.set_framework("small");
  basis.set_version(3);
  basis.set_baseline("base");
  basis.add_overrides("training.growth=3");
  return basis;
}

v1::PositionResult SomePosition(double inference, double revenue, double training) {
  v1::PositionResult position;
  position.set_supply_hours(10'000);
  v1::CategoryResult& category = *position.add_categories();
  category.set_category("inference");
  category.mutable_portion()->set_h100_hours(inference);
  category.mutable_portion()->set_share_ratio(inference / 10'000);
  position.mutable_buffer()->set_h100_hours(1'500);
  position.mutable_buffer()->set_share_ratio(0.15);
  *position.mutable_outcome() = SomeOutcome(revenue, training);
  return position;
}

v1::SimulateResponse SomeSimulation() {
  v1::SimulateResponse response;
  *response.mutable_basis() = SomeFrameworkBasis();
  response.set_start("scenario base");
  response.set_mode("grow-revenue");
  *response.mutable_before() = SomePosition(2'500, 18'691'999.6, 2'000);
  *response.mutable_after() = SomePosition(1'250, 9'345'999.8, 290);
  response.mutable_forgone()->set_revenue_usd(9'345'999.8);
  response.mutable_forgone()->set_training_hours(1'710);
  *response.mutable_baseline() = SomeOutcome(18'691'999.6, 2'000);
  return response;
}

TEST(FormatSimulation, ShowsBeforeAfterAndWhatIsForgone) {
  EXPECT_EQ(FormatSimulation(SomeSimulation(), OutputFormat::kTable),
            "framework small version 3, compared with base; set training.growth=3\n"
            "from scenario base; grow-revenue\n"
            "\n"
            "H100E-HOURS A YEAR  BEFORE  OF SUPPLY   AFTER  OF SUPPLY  CHANGE\n"
            "inference            2,500      25.0%   1,250      12.5%  -1,250\n"
            "buffer               1,500      15.0%   1,500      15.0%       0\n"
            "unallocated              0       0.0%       0       0.0%       0\n"
            "supply              10,000     100.0%  10,000     100.0%       0\n"
            "\n"
            "OUTCOME                          BEFORE       AFTER     BASELINE\n"
            "utilization                       20.0%       20.0%        20.0%\n"
            "curve                            linear      linear       linear\n"
            "revenue per H100e-hour            $7.48       $7.48        $7.48\n"
            "serviceable revenue         $18,692,000  $9,346,000  $18,692,000\n"
            "training hours                    2,000         290        2,000\n"
            "of the baseline's training         100%         15%         100%\n"
            "research hours                    3,000       3,000        3,000\n"
            "\n"
            "FORGONE AGAINST THE BASELINE      A YEAR\n"
            "revenue                       $9,346,000\n"
            "training hours                     1,710\n"
            "research hours                         0\n");
}

TEST(FormatSimulation, SaysWhatIsFreedOrNeededInAddition) {
  v1::SimulateResponse response = SomeSimulation();
  EXPECT_THAT(FormatSimulation(response, OutputFormat::kTable), Not(HasSubstr("freed")));
  response.set_mode("free-capacity");
  response.mutable_freed()->set_h100_hours(1'250);
  response.mutable_freed()->set_share_ratio(0.125);
  EXPECT_THAT(FormatSimulation(response, OutputFormat::kTable),
              HasSubstr("\nfreed: 1,250 H100e-hours, 12.5% of the supply\n"));
  response.mutable_freed()->set_h100_hours(-1'250);
  response.mutable_freed()->set_share_ratio(-0.125);
  EXPECT_THAT(FormatSimulation(response, OutputFormat::kTable),
              HasSubstr("\nneeded in addition: 1,250 H100e-hours, 12.5% of the supply\n"));
}

TEST(FormatSimulation, GivesEveryFieldAsJsonAndAsRecords) {
  const v1::SimulateResponse response = SomeSimulation();
  EXPECT_EQ(Json::parse(FormatSimulation(response, OutputFormat::kJson)), ToJson(response));
  const std::string csv = FormatSimulation(response, OutputFormat::kCsv);
  EXPECT_THAT(csv, testing::StartsWith("table,row,column,value\nbasis,,framework,small\n"));
  for (const char* record :
       {"basis.overrides,1,value,training.growth=3\n", "simulation,,live_basis,\n",
        "simulation,,start,scenario base\n",
        "before.categories,inference,portion.h100_hours,2500\n",
        "after,,outcome.serviceable_revenue_usd,9345999.8\n", "forgone,,training_hours,1710\n"}) {
    EXPECT_THAT(csv, HasSubstr(record));
  }
}

TEST(FormatSensitivity, HasARowForEachCase) {
  v1::GetFrameworkResponse response;
  *response.mutable_basis() = SomeFrameworkBasis();
  v1::SensitivityResult& row = *response.add_sensitivity();
  row.set_name("less");
  row.set_title("Less, \"much\" less\x1b");
  *row.mutable_categories() = SomePosition(2'500, 0, 0).categories();
  *row.mutable_outcome() = SomeOutcome(1'000, 290);
  row.mutable_outcome()->clear_training_ratio();
  row.mutable_forgone()->set_revenue_usd(5);
  EXPECT_EQ(
      FormatSensitivity(response, OutputFormat::kTable),
      "framework small version 3, compared with base; set training.growth=3\n"
      "\n"
      "SENSITIVITY            INFERENCE  TRAINING  RESEARCH  SERVICEABLE REVENUE  TRAINING / "
      "BASELINE  RESEARCH HOURS  REVENUE FORGONE\n"
      "Less, \"much\" less\\x1b      25.0%      0.0%      0.0%               $1,000           "
      "         -           3,000               $5\n");
  EXPECT_EQ(FormatSensitivity(response, OutputFormat::kCsv),
            "name,title,inference_h100_hours,inference_share_ratio,training_h100_hours,"
            "training_share_ratio,research_h100_hours,research_share_ratio,utilization_ratio,curve,"
            "usd_per_h100_hour,serviceable_revenue_usd,training_hours,training_ratio,"
            "research_hours,forgone_revenue_usd,forgone_training_hours,forgone_research_hours,"
            "does_not_fit\n"
            "less,\"Less, \"\"much\"\" less\\x1b\",2500,0.25,0,0,0,0,0.2,linear,7.4768,1000,290,,"
            "3000.4,5,0,0,\n");
  const Json json = Json::parse(FormatSensitivity(response, OutputFormat::kJson));
  EXPECT_EQ(json.size(), 2u);
  EXPECT_EQ(json.at("sensitivity")[0].at("outcome").at("training_ratio"), nullptr);
}

TEST(FormatSensitivity, SaysOfARowThatDoesNotFitWhy) {
  v1::GetFrameworkResponse response;
  *response.mutable_basis() = SomeFrameworkBasis();
  v1::SensitivityResult& row = *response.add_sensitivity();
  row.set_name("more");
  row.set_title("More");
  row.set_does_not_fit("scenario base does not fit");
  const std::string table = FormatSensitivity(response, OutputFormat::kTable);
  EXPECT_NE(table.find("\nMore: scenario base does not fit\n"), std::string::npos) << table;
  EXPECT_EQ(table.find("$0"), std::string::npos) << table;  // what is not there is not 0
  const std::string csv = FormatSensitivity(response, OutputFormat::kCsv);
  EXPECT_NE(csv.find("\nmore,More,,,,,,,,,,,,,,,,,scenario base does not fit\n"), std::string::npos)
      << csv;
}

TEST(FormatFramework, ShowsEachTable) {
  v1::GetFrameworkResponse response;
  *response.mutable_basis() = SomeFrameworkBasis();
  v1::Supply::Row& chip = *response.mutable_supply()->add_rows();
  chip.set_provider("azure");
  chip.set_chip("b200");
  chip.set_chips(156'555.77);
  chip.set_chips_per_h100e(1.0 / 3);
  response.mutable_training()->set_growth_factor(4);
  response.mutable_training()->set_h100_peak_flop_per_hour(3.564e18);
  response.mutable_pricing()->set_weighted_usd_per_million_input_tokens(5.5683);
  v1::RevenueByUtilization::Row& at = *response.mutable_revenue()->add_rows();
  at.set_utilization_ratio(0.2);
  at.set_curve("linear");
  at.set_list_usd_per_h100_hour(10.681);
  at.set_usd_per_h100_hour(7.4768);
  response.mutable_revenue()->set_discount_ratio(0.3);
  v1::ScenarioResult& scenario = *response.add_scenarios();
  scenario.set_scenario("base");
  scenario.set_title("The base");
  const std::string table = FormatFramework(response, OutputFormat::kTable);
  for (const char* line :
       {"azure     b200  156,556           0.3333", "FLOP of the next model over its", "3.564e+18",
        "400%\n", "$5.57", "linear        20.0%              $10.68     30.0%", "$7.48\n",
        "The base (base)\nTIER "}) {
    EXPECT_THAT(table, HasSubstr(line));
  }
  EXPECT_THAT(FormatFramework(response, OutputFormat::kCsv),
              HasSubstr("revenue.rows,0.2/linear,usd_per_h100_hour,7.4768\n"));
  EXPECT_EQ(Json::parse(FormatFramework(response, OutputFormat::kJson)), ToJson(response));
}

TEST(LongCsv, NamesRecordsByTheirWayThroughTheMessage) {
  const Json json = {{"whole", 1.5},
                     {"part", {{"name", "x"}, {"inner", {{"unknown", nullptr}}}}},
                     {"list", {{{"at", 2}, {"name", "a,b"}, {"more", {{{"name", "c"}}}}}}}};
  EXPECT_EQ(LongCsv(json, "root"),
            "table,row,column,value\n"
            "root,,whole,1.5\n"
            "part,,name,x\n"
            "part,,inner.unknown,\n"
            "list,\"2/a,b\",at,2\n"
            "list,\"2/a,b\",name,\"a,b\"\n"
            "list.more,\"2/a,b/c\",name,c\n");
}

}  // namespace
}  // namespace fleetmeter::ctl
