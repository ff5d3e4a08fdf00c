#include <algorithm>
#include <optional>

#include "daemon/serve/metrics/outcome_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;
using outcomes::Margin;
using outcomes::MarginLine;

std::optional<double> Usd(const std::optional<int64_t>& micro_usd) {
  if (!micro_usd) return std::nullopt;
  return static_cast<double>(*micro_usd) / kMicroUsdPerUsd;
}

std::optional<double> Count(const std::optional<int64_t>& requests) {
  return requests ? std::optional(static_cast<double>(*requests)) : std::nullopt;
}

std::optional<double> PerRequest(const std::optional<Margin>& margin) {
  return margin ? margin->usd_per_request() : std::nullopt;
}

// A series for each segment, window and basis: what `value` gives of the SegmentWindow.
template <auto value>
void EachSegment(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    for (const auto& [segment, row] : window.segments) {
      out.Sample({segment.model, segment.customer_tier, window.window, window.basis},
                 std::invoke(value, row));
    }
  }
}

// The same for what does not depend on the basis.
template <auto value>
void EachSegmentOnce(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    if (window.answer->basis != outcomes::CostBasis::kAllocated) continue;
    for (const auto& [segment, row] : window.segments) {
      out.Sample({segment.model, segment.customer_tier, window.window}, std::invoke(value, row));
    }
  }
}

// A series for each line of a scope that has a margin, by its name, the window and the basis.
template <std::vector<MarginLine> WindowFigures::* lines, std::string MarginLine::* name>
void EachLine(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    for (const MarginLine& line : window.*lines) {
      out.Sample({line.*name, window.window, window.basis}, PerRequest(line.after));
    }
  }
}

// A series for each window and basis: what `value` gives of the MarginAnswer.
template <auto value>
void EachWindow(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    out.Sample({window.window, window.basis}, std::invoke(value, *window.answer));
  }
}

// The first line is the total, where there is anything.
template <std::optional<Margin> MarginLine::* period>
std::optional<Margin> Total(const MarginAnswer& answer) {
  const auto& lines = answer.review.lines;
  return lines.empty() ? std::nullopt : lines.front().*period;
}

std::optional<double> KnownRequests(const MarginAnswer& answer) {
  const auto after = Total<&MarginLine::after>(answer);
  if (!after || after->requests <= 0) return std::nullopt;
  return static_cast<double>(after->known_requests) / static_cast<double>(after->requests);
}

std::optional<double> HasDeclined(const SegmentWindow& row) {
  const auto declined = outcomes::Declined(row.before, row.compared);
  return declined ? std::optional(*declined ? 1.0 : 0.0) : std::nullopt;
}

void WriteChange(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    const auto& change = window.answer->review.change;
    if (!change) continue;
    const auto sample = [&](std::string_view effect, int64_t micro_usd) {
      out.Sample({window.window, window.basis, effect},
                 static_cast<double>(micro_usd) / kMicroUsdPerUsd);
    };
    sample("mix", change->mix_micro_usd);
    sample("price", change->price_micro_usd);
    sample("cost", change->cost_micro_usd);
    sample("volume", change->volume_micro_usd);
  }
}

void WriteChangePerRequest(const OutcomeFigures& figures, SeriesWriter& out) {
  for (const WindowFigures& window : figures.windows) {
    const auto& change = window.answer->review.change;
    if (!change) continue;
    const auto sample = [&](std::string_view effect, double usd) {
      out.Sample({window.window, window.basis, effect}, usd);
    };
    sample("mix", change->mix_usd_per_request());
    sample("price", change->price_usd_per_request());
    sample("cost", change->cost_usd_per_request());
  }
}

// At allocated cost, in the longest window there is.
std::optional<bool> MarginReviewDue(const OutcomeView& view) {
  const auto longest = std::max_element(
      view.windows.begin(), view.windows.end(),
      [](const WindowView& a, const WindowView& b) { return a.window.days < b.window.days; });
  if (longest == view.windows.end()) return std::nullopt;
  return outcomes::ReviewDue(longest->by_basis.front().review);
}

void WriteReviewDue(const OutcomeFigures& figures, SeriesWriter& out) {
  if (!figures.facts.view) return;
  if (const auto due = MarginReviewDue(*figures.facts.view)) {
    out.Sample({"margin_yoy"}, *due ? 1 : 0);
  }
  const outcomes::CapabilityView* capability = figures.capability();
  if (capability == nullptr) return;
  const outcomes::Verdict verdict = capability->verdict.verdict;
  if (verdict == outcomes::Verdict::kCannotTell) return;
  out.Sample({"capability_per_hour"}, verdict == outcomes::Verdict::kReviewDue ? 1 : 0);
}

constexpr Family<OutcomeFigures> kMarginFamilies[] = {
    {{"fleetmeter_inference_unattributed_cost_usd",
      kGauge,
      {"window", "basis"},
      "Chips of inference have cost this many US dollars in the window for which no model answers: "
      "either no report named a model, or the model had no request in the window. This cost is in "
      "no margin. The series is absent while some of the cost is not known."},
     EachWindow<[](const MarginAnswer& answer) {
       return Usd(answer.after.unattributed_cost_micro_usd);
     }>},
    {{"fleetmeter_inference_window_requests",
      kGauge,
      {"model", "customer_tier", "window"},
      "The segment had this many requests in the window, corrections included. All that were told "
      "of count, also those of days that are not known yet. The series is absent where no day is "
      "known and no request was told of."},
     EachSegmentOnce<[](const SegmentWindow& row) { return Count(row.requests); }>},
    {{"fleetmeter_inference_window_revenue_usd",
      kGauge,
      {"model", "customer_tier", "window"},
      "The segment earned this many US dollars in the known days of the window, including "
      "corrections and its part of subscriptions. The series is absent while any of its requests "
      "is "
      "unpriced, and where no day is known."},
     EachSegmentOnce<[](const SegmentWindow& row) { return Usd(row.revenue_micro_usd); }>},
    {{"fleetmeter_inference_window_cost_usd",
      kGauge,
      {"model", "customer_tier", "window", "basis"},
      "Serving the segment cost this many US dollars in the known days of the window. The cost of "
      "a model is shared "
      "out to its customer tiers by weighted tokens. The series is absent while any of that cost "
      "is not known, and where no day is known."},
     EachSegment<[](const SegmentWindow& row) { return Usd(row.cost_micro_usd); }>},
    {{"fleetmeter_inference_margin_per_request_usd",
      kGauge,
      {"model", "customer_tier", "window", "basis"},
      "Margin per request is (revenue - cost) / requests of the segment, in US dollars. The series "
      "is absent where revenue or cost is not known."},
     EachSegment<[](const SegmentWindow& row) { return row.after.usd_per_request(); }>},
    {{"fleetmeter_inference_model_margin_per_request_usd",
      kGauge,
      {"model", "window", "basis"},
      "This is the margin per request of the model, in US dollars. Revenue, cost and requests of "
      "its known segments are added up first and divided last. The series is absent where no "
      "segment is known."},
     EachLine<&WindowFigures::models, &MarginLine::model>},
    {{"fleetmeter_inference_tier_margin_per_request_usd",
      kGauge,
      {"customer_tier", "window", "basis"},
      "This is the margin per request of the customer tier, in US dollars. Revenue, cost and "
      "requests of its known segments are added up first and divided last. The series is absent "
      "where no segment is known."},
     EachLine<&WindowFigures::tiers, &MarginLine::customer_tier>},
    {{"fleetmeter_inference_total_margin_per_request_usd",
      kGauge,
      {"window", "basis"},
      "This is the margin per request of all known segments, in US dollars. Revenue, cost and "
      "requests are added up first and divided last. The series is absent where no segment is "
      "known."},
     EachWindow<[](const MarginAnswer& answer) {
       return PerRequest(Total<&MarginLine::after>(answer));
     }>},
    {{"fleetmeter_inference_total_margin_per_request_year_ago_usd",
      kGauge,
      {"window", "basis"},
      "This is the total margin per request of the same window a year ago, of the days that lie as "
      "the known days of this year do."},
     EachWindow<[](const MarginAnswer& answer) {
       return PerRequest(Total<&MarginLine::before>(answer));
     }>},
    {{"fleetmeter_inference_known_requests_ratio",
      kGauge,
      {"window", "basis"},
      "The margins of the window speak for this part of its requests: those of segments whose "
      "revenue and cost are both known."},
     EachWindow<KnownRequests>},
    {{"fleetmeter_inference_margin_change_usd",
      kGauge,
      {"window", "basis", "effect"},
      "The effect changed the total margin by this many US dollars from the window a year ago, "
      "over "
      "the days that are known in both. The effects are volume, mix, price and cost. They add up "
      "to the change."},
     WriteChange},
    {{"fleetmeter_inference_margin_per_request_change_usd",
      kGauge,
      {"window", "basis", "effect"},
      "The effect changed the total margin per request by this many US dollars from the window a "
      "year ago. The effects are mix, price and cost. They add up to the change."},
     WriteChangePerRequest},
    {{"fleetmeter_inference_margin_declined",
      kGauge,
      {"model", "customer_tier", "window", "basis"},
      "The value is 1 when the margin per request of the segment is lower than a year ago, and 0 "
      "when it is not. The series is absent where one of the two is not known."},
     EachSegment<HasDeclined>},
    {{"fleetmeter_research_review_due",
      kGauge,
      {"reason"},
      "The value is 1 when the rule of the framework calls for a review of research, and 0 when it "
      "does not. For the reason margin_yoy, margin per request is lower than a year ago: of all "
      "requests, or of segments with more than half of the requests that can be judged, in the "
      "longest window at allocated cost. For the reason capability_per_hour, consecutive quarters "
      "each brought less for an hour of training. The series is absent where it cannot be told."},
     WriteReviewDue},
};

}  // namespace

constexpr MetricGroup<OutcomeFigures> kMarginMetrics = {
    "Outcomes: margin per inference request",
    "These families show the margin per request in trailing windows. It is worked out from the "
    "ledger as `MARGIN.md` describes. The windows are those of `outcomes.windows` and include "
    "today. They overlap, so they are never added up. *A year ago* is the same window a year "
    "earlier by the calendar.\n\nA segment is *known* when its revenue and its cost are both "
    "known. A window ends for a model where the last report of a source that bills it has come, or "
    "its usage: its *known days* end there. Years are compared over days that are known in both "
    "and "
    "lie alike. What is not known is absent: the revenue of a segment without a price, the cost of "
    "a "
    "model without a chip price, and the change from a year for which nothing was reported.",
    kMarginFamilies,
};

}  // namespace fleetmeter
