#include "daemon/serve/metrics/outcome_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

// A series for each segment: what `value` gives of its SegmentCounters.
template <auto value>
void EachSegment(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const auto& [segment, counters] : figures.counters) {
    out.Sample({segment.model, segment.customer_tier}, std::invoke(value, counters));
  }
}

void WriteServingCost(const OutcomeFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  for (const auto& [key, micro_usd] : figures.facts.view->booked_cost_micro_usd) {
    out.Sample({key.first, outcomes::Name(key.second)},
               static_cast<double>(micro_usd) / kMicroUsdPerUsd);
  }
}

constexpr Family<OutcomeFigures> kServingFamilies[] = {
    {{"fleetmeter_inference_requests_total",
      kCounter,
      {"model", "customer_tier"},
      "Outcome reports have counted this many requests, without those that were brought as "
      "history."},
     EachSegment<&SegmentCounters::requests>},
    {{"fleetmeter_inference_unpriced_requests_total",
      kCounter,
      {"model", "customer_tier"},
      "This many of the requests are unpriced: neither the report, nor the token prices of the "
      "price book, nor a subscription says what they earn."},
     EachSegment<&SegmentCounters::unpriced_requests>},
    {{"fleetmeter_inference_input_tokens_total",
      kCounter,
      {"model", "customer_tier"},
      "The requests had this many input tokens, including those that were read from a cache."},
     EachSegment<&SegmentCounters::input_tokens>},
    {{"fleetmeter_inference_cached_input_tokens_total",
      kCounter,
      {"model", "customer_tier"},
      "This many of the input tokens were read from a cache."},
     EachSegment<&SegmentCounters::cached_input_tokens>},
    {{"fleetmeter_inference_output_tokens_total",
      kCounter,
      {"model", "customer_tier"},
      "The requests had this many output tokens."},
     EachSegment<&SegmentCounters::output_tokens>},
    {{"fleetmeter_inference_revenue_usd_total",
      kCounter,
      {"model", "customer_tier"},
      "The requests have earned this many US dollars, as the report said, or as the price book "
      "said when the report was counted. Subscriptions are not included; they count in "
      "fleetmeter_inference_window_revenue_usd."},
     EachSegment<&SegmentCounters::revenue_usd>},
    {{"fleetmeter_inference_corrected_requests",
      kGauge,
      {"model", "customer_tier"},
      "All corrections of requests add up to this number. It is negative where they took away more "
      "than they added."},
     EachSegment<&SegmentCounters::corrected_requests>},
    {{"fleetmeter_inference_corrected_revenue_usd",
      kGauge,
      {"model", "customer_tier"},
      "All corrections of revenue add up to this many US dollars. The amount is negative where "
      "they took away more than they added."},
     EachSegment<&SegmentCounters::corrected_revenue_usd>},
    {{"fleetmeter_inference_serving_cost_usd_total",
      kCounter,
      {"model", "basis"},
      "Chip-time of inference has cost this many US dollars on the basis, at the prices of the "
      "catalog when it was booked. The model is the one that usage reports named, and empty where "
      "they named none. Chip-time without a price is not included, and neither is history."},
     WriteServingCost},
};

}  // namespace

constexpr MetricGroup<OutcomeFigures> kServingMetrics = {
    "Outcomes: what was served",
    "These families show what outcome reports have told since the books began. They have no series "
    "without such reports. A *segment* is a model together with a customer tier. Counters grow "
    "when a report is counted and never shrink; history, such as `fleetmeterctl import` brings, is "
    "in the windows and in no counter; corrections are gauges of their own, because they "
    "may be negative. The name `overflow` stands for the segments beyond the number in "
    "`outcomes.series`.\n\nThe label `basis`, here and in the next section, says which chip-time "
    "is paid for. `allocated` is all chip-time that is assigned to what serves a model. `used` is "
    "the busy part of it, where chip-time that nobody measured counts as busy. The two are "
    "alternatives and are never added up.",
    kServingFamilies,
};

}  // namespace fleetmeter
