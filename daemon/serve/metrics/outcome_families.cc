#include "daemon/serve/metrics/outcome_families.h"

#include <algorithm>
#include <map>
#include <string>

#include "daemon/base/units.h"
#include "daemon/serve/metrics/margin_families.h"

namespace fleetmeter {
namespace {

using outcomes::Segment;
using Names = std::map<Segment, Segment>;

constexpr double kMicro = 1e6;

// Doubles: sums of segments that are told together may leave 64 bits.
struct Counters {
  double requests = 0;
  double unpriced_requests = 0;
  double input_tokens = 0;
  double cached_input_tokens = 0;
  double output_tokens = 0;
  double revenue_usd = 0;
  double corrected_requests = 0;
  double corrected_revenue_usd = 0;
};

std::map<Segment, Counters> Count(const std::vector<SegmentTotal>& totals, const Names& names) {
  std::map<Segment, Counters> out;
  for (const SegmentTotal& total : totals) {
    const auto name = names.find({total.model, total.customer_tier});
    if (name == names.end()) continue;  // Decide has named every one
    Counters& counters = out[name->second];
    counters.requests += static_cast<double>(total.reported.requests);
    counters.unpriced_requests += static_cast<double>(total.reported.unpriced_requests);
    counters.input_tokens += static_cast<double>(total.reported.input_tokens);
    counters.cached_input_tokens += static_cast<double>(total.reported.cached_input_tokens);
    counters.output_tokens += static_cast<double>(total.reported.output_tokens);
    counters.revenue_usd += static_cast<double>(total.reported.revenue_micro_usd) / kMicro;
    counters.corrected_requests += static_cast<double>(total.corrected.requests);
    counters.corrected_revenue_usd +=
        static_cast<double>(total.corrected.revenue_micro_usd) / kMicro;
  }
  return out;
}

void WriteCounters(const std::map<Segment, Counters>& segments, TextWriter& out) {
  const struct {
    const char* name;
    const char* type;
    const char* help;
    double Counters::* value;
  } kFamilies[] = {
      {"requests_total", "counter", "Requests that reports told.", &Counters::requests},
      {"unpriced_requests_total", "counter",
       "Of the requests, those whose revenue neither report nor price book says.",
       &Counters::unpriced_requests},
      {"input_tokens_total", "counter", "Input tokens, those from a cache included.",
       &Counters::input_tokens},
      {"cached_input_tokens_total", "counter", "Of the input tokens, those from a cache.",
       &Counters::cached_input_tokens},
      {"output_tokens_total", "counter", "Output tokens.", &Counters::output_tokens},
      {"revenue_usd_total", "counter", "Revenue of the requests, without subscriptions.",
       &Counters::revenue_usd},
      {"corrected_requests", "gauge", "Sum of all corrections of requests.",
       &Counters::corrected_requests},
      {"corrected_revenue_usd", "gauge", "Sum of all corrections of revenue.",
       &Counters::corrected_revenue_usd},
  };
  for (const auto& family : kFamilies) {
    out.Family("fleetmeter_inference_" + std::string(family.name), family.type, family.help);
    for (const auto& [segment, counters] : segments) {
      out.Sample({{"model", segment.model}, {"customer_tier", segment.customer_tier}},
                 counters.*family.value);
    }
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

void WriteDue(const OutcomeView* view, TextWriter& out) {
  out.Family("fleetmeter_research_review_due", "gauge",
             "1: the framework's rule says that research is to be reviewed; 0: it does not.");
  if (view == nullptr) return;
  if (const auto due = MarginReviewDue(*view)) {
    out.Sample({{"reason", "margin_yoy"}}, *due ? 1 : 0);
  }
  const auto& capability = view->capability.view;
  if (capability && capability->verdict.verdict != outcomes::Verdict::kCannotTell) {
    out.Sample({{"reason", "capability_per_hour"}},
               capability->verdict.verdict == outcomes::Verdict::kReviewDue ? 1 : 0);
  }
}

void WriteBooked(const OutcomeView* view, TextWriter& out) {
  out.Family("fleetmeter_inference_serving_cost_usd_total", "counter",
             "Cost of inference's chip-time by the model that usage reports name.");
  if (view != nullptr) {
    for (const auto& [key, micro_usd] : view->booked_cost_micro_usd) {
      out.Sample({{"model", key.first}, {"basis", outcomes::Name(key.second)}},
                 static_cast<double>(micro_usd) / kMicro);
    }
  }
  out.Family("fleetmeter_training_h100e_seconds_total", "counter", "Training by phase.");
  if (view != nullptr) {
    for (const auto& [key, seconds] : view->training_h100e_seconds) {
      out.Sample({{"model", key.first}, {"phase", Name(key.second)}}, seconds);
    }
  }
  out.Family("fleetmeter_training_quarter_h100e_seconds", "gauge", "All training of a quarter.");
  if (view == nullptr) return;
  for (const auto& [quarter, hours] : view->capability.training.by_quarter) {
    out.Sample({{"quarter", outcomes::QuarterName(quarter)}}, hours * kSecondsPerHour);
  }
}

void WriteModels(const outcomes::CapabilityView& view, size_t most, TextWriter& out) {
  // The latest ones.
  const size_t first = view.models.size() - std::min(view.models.size(), most);
  out.Family("fleetmeter_capability_index", "gauge",
             "Weighted mean of the normalized benchmark scores that a model has, 0 to 1.");
  for (size_t i = first; i < view.models.size(); ++i) {
    if (view.models[i].index) {
      out.Sample({{"model", view.models[i].model}}, view.models[i].index->value);
    }
  }
  out.Family("fleetmeter_model_capability_per_training_h100e_hour", "gauge",
             "Gain over the predecessor an H100e-hour of training.");
  for (size_t i = first; i < view.models.size(); ++i) {
    if (view.models[i].gain_per_h100e_hour) {
      out.Sample({{"model", view.models[i].model}}, *view.models[i].gain_per_h100e_hour);
    }
  }
}

void WriteCapability(const outcomes::CapabilityView* known, size_t most, TextWriter& out) {
  const outcomes::CapabilityView none;
  const outcomes::CapabilityView& view = known == nullptr ? none : *known;
  WriteModels(view, most, out);
  out.Family("fleetmeter_benchmark_saturation_ratio", "gauge",
             "Best normalized score so far, 0 to 1.");
  for (const auto& [benchmark, saturation] : view.saturation) {
    out.Sample({{"benchmark", benchmark}}, saturation.frontier);
  }
  out.Family("fleetmeter_benchmark_saturated", "gauge", "1: left out of the trend.");
  for (const auto& [benchmark, saturation] : view.saturation) {
    out.Sample({{"benchmark", benchmark}}, saturation.saturated() ? 1 : 0);
  }
  out.Family("fleetmeter_capability_per_training_h100e_hour", "gauge",
             "Gain of the frontier in a quarter an H100e-hour of training.");
  for (const outcomes::QuarterView& quarter : view.quarters) {
    if (!quarter.gain_per_h100e_hour) continue;
    out.Sample({{"quarter", outcomes::QuarterName(quarter.quarter)}}, *quarter.gain_per_h100e_hour);
  }
  const bool trend_known = view.verdict.verdict != outcomes::Verdict::kCannotTell;
  out.Family("fleetmeter_capability_declining_quarters", "gauge",
             "Quarters in a row, to the last complete one, that each brought less an hour.");
  if (trend_known) out.Sample({}, static_cast<double>(view.verdict.declining_quarters));
  out.Family("fleetmeter_capability_trend_known", "gauge",
             "1: the last complete quarter has a figure; 0: it has none.");
  if (known != nullptr) out.Sample({}, trend_known ? 1 : 0);
}

void WriteFreshness(const OutcomeFacts& facts, SegmentSeries::Counts segments, TextWriter& out) {
  out.Family("fleetmeter_outcomes_as_of_timestamp_seconds", "gauge",
             "When what is shown of the ledger was last known to be what it says.");
  if (facts.view) {
    out.Sample({}, static_cast<double>(facts.view_holds_as_of_unix_nanos) / kNanosPerSecond);
  }
  out.Family("fleetmeter_outcomes_refresh_seconds", "gauge",
             "How long it took to work out what is shown.");
  if (facts.view) out.Sample({}, facts.view->took_seconds);
  out.Family("fleetmeter_outcomes_refresh_failures_total", "counter",
             "Times that it could not be worked out.");
  out.Sample({}, static_cast<double>(facts.refresh_failures));
  const outcomes::Rules& rules = facts.reference->outcomes;
  out.Family("fleetmeter_price_book_info", "gauge", "1 for the price book in force.");
  if (rules.prices.version() > 0) {
    out.Sample({{"version", std::to_string(rules.prices.version())}}, 1);
  }
  out.Family("fleetmeter_benchmark_suite_info", "gauge", "1 for the benchmark suite in force.");
  if (rules.suite) {
    out.Sample({{"suite", rules.suite->name}, {"version", std::to_string(rules.suite->version)}},
               1);
  }
  out.Family("fleetmeter_outcome_segments", "gauge", "Segments with series of their own.");
  out.Sample({}, static_cast<double>(segments.own));
  out.Family("fleetmeter_outcome_segments_overflow", "gauge",
             "Segments that are merged into the customer tier overflow.");
  out.Sample({}, static_cast<double>(segments.merged));
}

}  // namespace

void WriteOutcomeFamilies(const OutcomeFacts& facts, SegmentSeries& series, TextWriter& out) {
  const size_t most = static_cast<size_t>(facts.reference->outcomes.segment_series);
  series.Decide(facts.totals, most);
  const Names names = series.Names();
  const OutcomeView* view = facts.view.get();
  WriteCounters(Count(facts.totals, names), out);
  WriteMarginFamilies(view, names, most, out);
  WriteDue(view, out);
  WriteBooked(view, out);
  const bool has_capability = view != nullptr && view->capability.view.has_value();
  WriteCapability(has_capability ? &*view->capability.view : nullptr, most, out);
  WriteFreshness(facts, series.counts(), out);
}

}  // namespace fleetmeter
