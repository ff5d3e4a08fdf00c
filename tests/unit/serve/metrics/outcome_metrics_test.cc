// What /metrics says of segments in a window.
#include "daemon/serve/metrics/outcome_metrics.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "daemon/serve/metrics/text_format.h"
#include "tests/support/scrape.h"

namespace fleetmeter {
namespace {

using e2e::Scrape;
using outcomes::Sales;

constexpr int64_t kUsd = 1'000'000;
const outcomes::Segment kAtlas = {"atlas", "pro"};
const outcomes::Segment kMini = {"mini", "pro"};

// A view of four weeks, a year after both models served something.
MarginAnswer AnswerOfFourWeeks() {
  const Sales sales = {.requests = 10, .revenue_micro_usd = 5 * kUsd, .cost_micro_usd = 3 * kUsd};
  MarginAnswer answer;
  answer.before.period = {{kAtlas, sales}, {kMini, sales}};
  return answer;
}

UnknownTime LateBilling(const std::string& model) {
  UnknownTime unknown;
  unknown.source = "billing";
  unknown.models = {model};
  return unknown;
}

Scrape Written(MarginAnswer answer) {
  auto view = std::make_shared<OutcomeView>();
  view->windows = {{{"28d", 28}, {std::move(answer)}}};
  OutcomeFacts facts;
  for (const auto& [model, tier] : {kAtlas, kMini}) facts.totals.push_back({model, tier, {}, {}});
  facts.reference = std::make_shared<ReferenceData>();
  facts.view = std::move(view);
  SegmentSeries series;
  const OutcomeFigures figures = MakeOutcomeFigures(std::move(facts), series);
  std::string page;
  TextWriter out(page);
  WriteGroup(kMarginMetrics, figures, out);
  return Scrape(page);
}

// The invoices of the month have not come: that is no month without requests, revenue and cost.
TEST(OutcomeMetricsTest, WhatNobodyHasToldOfAWindowIsAbsentAndNotZero) {
  MarginAnswer answer = AnswerOfFourWeeks();
  answer.after.unknown_models = {"atlas", "mini"};
  answer.unknown.push_back(LateBilling("atlas"));
  const Scrape scrape = Written(std::move(answer));
  for (const char* name : {"requests", "revenue_usd", "cost_usd"}) {
    const std::string series = std::string("fleetmeter_inference_window_") + name;
    EXPECT_FALSE(scrape.Has(series, {{"model", "atlas"}})) << series;
    EXPECT_EQ(scrape.Value(series, {{"model", "mini"}}), 0) << series << ": nobody waits for it";
  }
}

TEST(OutcomeMetricsTest, RequestsOfDaysThatAreNotKnownYetCount) {
  MarginAnswer answer = AnswerOfFourWeeks();
  answer.after.unknown_models = {"atlas"};
  answer.unknown.push_back(LateBilling("atlas"));
  answer.after.period[kAtlas] = {.requests_of_other_time = 7};
  const Scrape scrape = Written(std::move(answer));
  EXPECT_EQ(scrape.Value("fleetmeter_inference_window_requests", {{"model", "atlas"}}), 7);
  EXPECT_FALSE(scrape.Has("fleetmeter_inference_window_revenue_usd", {{"model", "atlas"}}));
}

}  // namespace
}  // namespace fleetmeter
