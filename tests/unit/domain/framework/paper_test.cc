// Every cell of the framework paper's tables, from the assumptions that are shipped
// (deploy/plans/framework.yaml). Figures are compared as the paper prints them.
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/config/load_framework.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/domain/framework/simulation.h"
#include "fmt/format.h"
#include "gtest/gtest.h"

namespace fleetmeter::framework {
namespace {

std::string Whole(double value) { return Grouped(fmt::format("{:.0f}", value)); }
std::string Cents(double value) { return fmt::format("{:.2f}", value); }
std::string Percent(double ratio) { return fmt::format("{:.0f}%", ratio * 100); }

class Paper : public testing::Test {
 protected:
  void SetUp() override {
    const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
    ASSERT_NE(source, nullptr);
    auto document = LoadFramework(fmt::format("{}/deploy/plans/framework.yaml", source));
    ASSERT_TRUE(document.ok()) << document.status();
    document_ = *std::move(document);
    auto baseline = MakeBaseline(assumptions());
    ASSERT_TRUE(baseline.ok()) << baseline.status();
    baseline_ = *std::move(baseline);
  }

  const Assumptions& assumptions() const { return document_.assumptions; }

  FrameworkDocument document_;
  Baseline baseline_;
};

TEST_F(Paper, Supply) {
  const SupplyTable table = WorkOutSupply(assumptions());
  ASSERT_EQ(table.rows.size(), 3u);
  const std::vector<std::vector<std::string>> want = {
      {"trainium2", "1,000,000", "666,667", "5,840,000,000"},
      {"tpu_v5p", "1,000,000", "250,000", "2,190,000,000"},
      {"b200", "156,556", "469,667", "4,114,285,714"}};
  for (size_t i = 0; i < want.size(); ++i) {
    const SupplyRow& row = table.rows[i];
    EXPECT_EQ((std::vector<std::string>{row.item->chip, Whole(row.chips), Whole(row.h100e),
                                        Whole(row.h100e_hours)}),
              want[i]);
  }
  EXPECT_EQ(Whole(table.h100e_hours), "12,144,285,714");
}

TEST_F(Paper, TrainingHours) {
  const TrainingTable table = WorkOutTraining(assumptions().training);
  EXPECT_EQ(fmt::format("{:.3e}", table.peak_flop_per_hour), "3.564e+18");
  EXPECT_EQ(fmt::format("{:.3e}", table.flop_per_hour), "1.782e+18");
  const std::vector<std::pair<std::string, std::string>> want = {
      {"GPT 5", "28,058,361"},    {"GPT 4", "11,784,512"},   {"GPT 4.5", "35,914,703"},
      {"Sonnet 4", "28,058,361"}, {"Opus 4", "84,175,084"},  {"Sonnet 3.7", "19,079,686"},
      {"Grok 2", "16,835,017"},   {"Grok 3", "258,136,925"}, {"Llama 3.1", "21,324,355"}};
  ASSERT_EQ(table.rows.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(table.rows[i].model->title, want[i].first);
    EXPECT_EQ(Whole(table.rows[i].h100_hours), want[i].second) << want[i].first;
  }
  EXPECT_EQ(Whole(table.pretraining_hours), "336,700,337");
  EXPECT_EQ(Whole(table.post_training_hours), "67,340,067");
  EXPECT_EQ(Whole(table.hours_per_year), "1,077,441,077");
  EXPECT_EQ(Whole(table.needed_hours), "2,154,882,155");
}

TEST_F(Paper, WeightedPrices) {
  const WeightedPrice price = WorkOutPrice(assumptions().prices);
  EXPECT_EQ(Cents(price.usd_per_million_input), "5.57");
  EXPECT_EQ(Cents(price.usd_per_million_output), "27.84");
  // The column of assumed usage.
  const std::vector<std::string> usage = {"10%", "10%", "10%", "10%", "25%",
                                          "25%", "3%",  "3%",  "3%"};
  ASSERT_EQ(assumptions().prices.size(), usage.size());
  for (size_t i = 0; i < usage.size(); ++i) {
    EXPECT_EQ(Percent(assumptions().prices[i].usage), usage[i]) << assumptions().prices[i].title;
  }
}

TEST_F(Paper, Throughput) {
  const ThroughputTable table = WorkOutThroughput(assumptions().throughput);
  const std::vector<std::pair<std::string, std::string>> want = {
      {"13,505", "2,701"}, {"1,854", "371"}, {"361", "72"}};
  ASSERT_EQ(table.rows.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(Whole(table.rows[i].size->output_tokens_per_second), want[i].first);
    EXPECT_EQ(Whole(table.rows[i].constrained_tokens_per_second), want[i].second);
  }
  EXPECT_EQ(fmt::format("{:.3f}", table.output_tokens_per_second), "484.398");
  EXPECT_EQ(fmt::format("{:.1f}", table.output_tokens_per_hour), "1743832.8");
  EXPECT_EQ(Whole(table.output_tokens_per_hour), "1,743,833");
  EXPECT_EQ(Whole(table.input_tokens_per_hour), "871,916");
}

TEST_F(Paper, UtilizationSensitivity) {
  const RevenueModel model(assumptions());
  const std::vector<std::pair<std::string, std::string>> want = {{"10.68", "7.48"},
                                                                 {"16.02", "11.22"},
                                                                 {"21.36", "14.95"},
                                                                 {"26.70", "18.69"},
                                                                 {"32.04", "22.43"}};
  ASSERT_EQ(assumptions().revenue.table.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double utilization = assumptions().revenue.table[i];
    EXPECT_EQ(Cents(model.ListUsdPerH100Hour(utilization, "linear")), want[i].first);
    EXPECT_EQ(Cents(model.UsdPerH100Hour(utilization, "linear")), want[i].second);
  }
  // The curve of diminishing returns meets the straight line at 20% and stays below it from there.
  EXPECT_EQ(Cents(model.ListUsdPerH100Hour(0.2, "diminishing")), "10.68");
  EXPECT_EQ(Cents(model.ListUsdPerH100Hour(0.6, "diminishing")), "19.65");
}

// A scenario's cells, in the paper's order.
std::vector<std::string> Cells(const Allocation& a) {
  std::vector<std::string> cells;
  for (const Tier tier : kTiers) {
    cells.push_back(Percent(a.Share(a.tiers.at(tier))));
    cells.push_back(Whole(a.tiers.at(tier)));
  }
  for (const Category category : kShared) cells.push_back(Whole(a.p1.at(category)));
  for (const Category category : kShared) {
    cells.push_back(Percent(a.p2.at(category) / a.tiers.at(Tier::kP2)));
    cells.push_back(Whole(a.p2.at(category)));
    cells.push_back(Percent(a.Share(a.Of(category))));
  }
  return cells;
}

TEST_F(Paper, ScenarioOneRecommends) {
  EXPECT_EQ(Cells(baseline_.allocation), (std::vector<std::string>{"10%", "1,214,428,571",
                                                                   "0%",  "0",
                                                                   "75%", "9,108,214,286",
                                                                   "15%", "1,821,642,857",  //
                                                                   "0",   "0",
                                                                   "0",  //
                                                                   "26%", "2,407,419,160",
                                                                   "20%",  //
                                                                   "24%", "2,154,882,155",
                                                                   "18%",  //
                                                                   "50%", "4,545,912,971",
                                                                   "37%"}));
  EXPECT_EQ(Whole(baseline_.outcome.serviceable_revenue_usd), "18,000,000,000");
}

TEST_F(Paper, ScenarioTwoPrioritizesRevenue) {
  const auto allocation = Allocate(assumptions(), "revenue-priority");
  ASSERT_TRUE(allocation.ok()) << allocation.status();
  EXPECT_EQ(Cells(*allocation), (std::vector<std::string>{"10%",
                                                          "1,214,428,571",
                                                          "35%",
                                                          "4,250,500,000",
                                                          "40%",
                                                          "4,857,714,286",
                                                          "15%",
                                                          "1,821,642,857",  //
                                                          "4,250,500,000",
                                                          "0",
                                                          "0",  //
                                                          "0%",
                                                          "0",
                                                          "35%",  //
                                                          "60%",
                                                          "2,914,628,571",
                                                          "24%",  //
                                                          "40%",
                                                          "1,943,085,714",
                                                          "16%"}));
  EXPECT_EQ(Whole(OutcomeOf(assumptions(), *allocation, 1).serviceable_revenue_usd),
            "31,780,506,396");
}

TEST_F(Paper, ScenarioThreePrioritizesTraining) {
  const auto allocation = Allocate(assumptions(), "training-priority");
  ASSERT_TRUE(allocation.ok()) << allocation.status();
  EXPECT_EQ(Cells(*allocation), (std::vector<std::string>{"10%", "1,214,428,571",
                                                          "35%", "4,250,500,000",
                                                          "40%", "4,857,714,286",
                                                          "15%", "1,821,642,857",  //
                                                          "0",   "4,250,500,000",
                                                          "0",  //
                                                          "40%", "1,943,085,714",
                                                          "16%",  //
                                                          "0%",  "0",
                                                          "35%",  //
                                                          "60%", "2,914,628,571",
                                                          "24%"}));
  EXPECT_EQ(Whole(OutcomeOf(assumptions(), *allocation, 1).serviceable_revenue_usd),
            "14,528,231,495");
}

TEST_F(Paper, SensitivityAnalysis) {
  const auto rows = WorkOutSensitivity(baseline_, document_.sensitivity);
  const std::vector<std::vector<std::string>> want = {
      {"Recommendation", "20%", "18%", "37%", "18,000,000,000", "100%", "4,545,912,971"},
      {"Revenue grows to $25B (pricing constant)", "28%", "18%", "30%", "25,000,000,000", "100%",
       "3,609,694,409"},
      {"Additional training run needed", "20%", "22%", "33%", "18,000,000,000", "125%",
       "4,007,192,433"},
      {"Revenue per inference hour drops to $5.50, revenue target unchanged", "27%", "18%", "30%",
       "18,000,000,000", "100%", "3,680,604,858"},
      {"Revenue per inference hour drops to $5.50, revenue target changes", "20%", "18%", "37%",
       "13,240,805,378", "100%", "4,545,912,971"},
      {"Training hours multiple declines to 3x", "20%", "13%", "42%", "18,000,000,000", "75%",
       "5,084,633,510"},
      {"Leadership recommends 70% on research", "3%", "3%", "70%", "2,270,036,171", "14%",
       "8,501,000,000"}};
  ASSERT_EQ(rows.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const SensitivityRow& row = rows[i];
    EXPECT_EQ(row.does_not_fit, "");
    std::vector<std::string> cells = {row.of->title};
    for (const Category category : kShared) {
      // 2.5% is printed as 3%: the paper rounds halves up, printf to even.
      cells.push_back(fmt::format(
          "{:.0f}%", std::floor(row.position.Share(row.position.hours.at(category)) * 100 + 0.5)));
    }
    cells.push_back(Whole(row.outcome.serviceable_revenue_usd));
    cells.push_back(Percent(row.outcome.training_ratio.value_or(-1)));
    cells.push_back(Whole(row.outcome.research_hours));
    EXPECT_EQ(cells, want[i]);
  }
}

}  // namespace
}  // namespace fleetmeter::framework
