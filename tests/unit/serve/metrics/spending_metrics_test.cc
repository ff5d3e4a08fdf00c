#include "daemon/serve/metrics/spending_metrics.h"

#include "daemon/base/units.h"
#include "daemon/serve/metrics/text_format.h"
#include "gmock/gmock.h"
#include "tests/support/scrape.h"

namespace fleetmeter {
namespace {

using e2e::Scrape;
using testing::IsEmpty;
using Labels = std::map<std::string, std::string>;

constexpr int64_t kFrom = 1'767'225'600;
constexpr int64_t kTo = kFrom + 90 * kSecondsPerDay;

capacity::Budget BudgetOf(const std::string& team) {
  return {.pool = "lab",
          .team = team,
          .micro_h100e_hours = 1'000'000'000,
          .from_unix_seconds = kFrom,
          .to_unix_seconds = kTo};
}

Scrape Render(const SpendingFigures& figures) {
  std::string page;
  TextWriter out(page);
  WriteGroup(kBudgetMetrics, figures, out);
  WriteGroup(kLendingMetrics, figures, out);
  return Scrape(page);
}

LentRow Row(std::string borrower, std::string lender, int64_t h100e_hours) {
  return {.start_unix_seconds = kFrom,
          .borrower = std::move(borrower),
          .lender = std::move(lender),
          .h100e_nanos = absl::int128(h100e_hours) * kHour,
          .micro_usd = std::nullopt,
          .is_untold = false};
}

TEST(SpendingMetrics, ShowBudgetsOfPoolsAndTeamsApart) {
  SpendingFigures figures;
  figures.planned = {BudgetOf(""), BudgetOf("guests")};
  auto view = std::make_shared<SpendingView>();
  for (const capacity::Budget& budget : figures.planned) {
    BudgetReview& review = view->budgets.emplace_back();
    review.budget = budget;
    review.use = {.used_h100e_nanos = 0, .told_seconds = 900, .elapsed_seconds = 1'000};
    review.pace = {.used_h100e_hours = budget.team.empty() ? 400.0 : 100.0,
                   .untold_h100e_hours = 0,
                   .left_h100e_hours = 600,
                   .pace_ratio = 1.25,
                   .projected_h100e_hours = 1'250,
                   .gone_unix_seconds = kFrom + 100};
  }
  figures.facts.view = view;
  const Scrape scrape = Render(figures);
  EXPECT_THAT(scrape.errors(), IsEmpty());
  const Labels pool = {{"pool", "lab"}};
  const Labels team = {{"pool", "lab"}, {"team", "guests"}};
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_h100e_seconds", pool), 3'600'000);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_used_h100e_seconds", pool), 400 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_team_budget_used_h100e_seconds", team), 100 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_left_h100e_seconds", pool), 600 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_pace_ratio", pool), 1.25);
  EXPECT_EQ(scrape.Value("fleetmeter_team_budget_projected_h100e_seconds", team), 1'250 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_gone_timestamp_seconds", pool), kFrom + 100);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_told_ratio", pool), 0.9);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_start_timestamp_seconds", pool), kFrom);
  EXPECT_EQ(scrape.Value("fleetmeter_team_budget_end_timestamp_seconds", team), kTo);
}

TEST(SpendingMetrics, ShowNothingOfWhatIsNotKnown) {
  SpendingFigures figures;
  figures.planned = {BudgetOf("")};
  figures.facts.refresh_failures = 3;
  const Scrape none = Render(figures);
  const Labels pool = {{"pool", "lab"}};
  EXPECT_EQ(none.Value("fleetmeter_pool_budget_h100e_seconds", pool), 3'600'000);
  EXPECT_EQ(none.Value("fleetmeter_pool_budget_used_h100e_seconds", pool), std::nullopt);
  EXPECT_EQ(none.Value("fleetmeter_spending_as_of_timestamp_seconds", {}), std::nullopt);
  EXPECT_EQ(none.Value("fleetmeter_spending_refresh_failures_total", {}), 3);
  auto view = std::make_shared<SpendingView>();
  view->budgets.emplace_back().budget = BudgetOf("");
  view->week.untold_seconds = 1;
  figures.facts.view = view;
  const Scrape unknown = Render(figures);
  EXPECT_EQ(unknown.Value("fleetmeter_pool_budget_used_h100e_seconds", pool), 0);
  EXPECT_EQ(unknown.Value("fleetmeter_pool_budget_pace_ratio", pool), std::nullopt);
  EXPECT_EQ(unknown.Value("fleetmeter_pool_budget_gone_timestamp_seconds", pool), std::nullopt);
  EXPECT_EQ(unknown.Value("fleetmeter_pool_budget_told_ratio", pool), std::nullopt);
  EXPECT_EQ(unknown.Value("fleetmeter_lending_hour_timestamp_seconds", {}), std::nullopt);
  EXPECT_EQ(unknown.Value("fleetmeter_lending_week_told_ratio", {}), 0);
}

TEST(SpendingMetrics, ShowNothingUsedOrLeftOfAPoolThatNobodyToldOf) {
  SpendingFigures figures;
  figures.planned = {BudgetOf("")};
  auto view = std::make_shared<SpendingView>();
  BudgetReview& review = view->budgets.emplace_back();
  review.budget = BudgetOf("");
  review.use.elapsed_seconds = 1'000;
  view->week.rows = {Row("a", "", 40)};
  view->week.rows[0].is_untold = true;
  view->week.unheard = {{"lab", absl::int128(kHour) * 7}};
  figures.facts.view = view;
  const Scrape scrape = Render(figures);
  const Labels pool = {{"pool", "lab"}};
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_used_h100e_seconds", pool), std::nullopt);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_left_h100e_seconds", pool), std::nullopt);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_budget_told_ratio", pool), 0);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_lent_week_h100e_seconds",
                         {{"borrower", "a"}, {"lender", "-untold"}}),
            40 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_lending_week_untold_h100e_seconds", pool), 7 * 3'600);
}

TEST(SpendingMetrics, ShowWhoLentToWhom) {
  auto view = std::make_shared<SpendingView>();
  view->hour_unix_seconds = kFrom;
  view->lent_in_hour = {Row("a", "", 3), Row("a", "b", 2)};
  view->week.rows = {Row("a", "b", 40)};
  view->week.told_seconds = 3;
  view->week.untold_seconds = 1;
  SpendingFigures figures;
  figures.facts.view = view;
  const Scrape scrape = Render(figures);
  EXPECT_THAT(scrape.errors(), IsEmpty());
  EXPECT_EQ(scrape.Value("fleetmeter_pool_lent_h100e", {{"borrower", "a"}, {"lender", "-"}}), 3);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_lent_h100e", {{"borrower", "a"}, {"lender", "b"}}), 2);
  EXPECT_EQ(
      scrape.Value("fleetmeter_pool_lent_week_h100e_seconds", {{"borrower", "a"}, {"lender", "b"}}),
      40 * 3'600);
  EXPECT_EQ(scrape.Value("fleetmeter_lending_week_told_ratio", {}), 0.75);
}

TEST(SpendingMetrics, MergePairsBeyondTheLargest) {
  auto view = std::make_shared<SpendingView>();
  for (size_t i = 1; i <= kMostLendingSeries + 2; ++i) {
    view->lent_in_hour.push_back(Row("b" + std::to_string(i), "l", static_cast<int64_t>(i)));
  }
  SpendingFigures figures;
  figures.facts.view = view;
  const Scrape scrape = Render(figures);
  EXPECT_EQ(scrape.Value("fleetmeter_pool_lent_h100e",
                         {{"borrower", "overflow"}, {"lender", "overflow"}}),
            1 + 2);
  double sum = 0;
  for (const auto& sample : scrape.samples()) {
    if (sample.name == "fleetmeter_pool_lent_h100e") sum += sample.value;
  }
  EXPECT_EQ(sum, 202 * 203 / 2.0);
}

}  // namespace
}  // namespace fleetmeter
