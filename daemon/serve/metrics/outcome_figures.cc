#include "daemon/serve/metrics/outcome_figures.h"

#include <algorithm>
#include <string>
#include <utility>

namespace fleetmeter {
namespace {

using outcomes::MarginLine;
using outcomes::Segment;
using Names = std::map<Segment, Segment>;
using Scope = MarginLine::Scope;

// Without history, which happened while nothing was scraped.
double Live(const SegmentTotal& total, int64_t InferenceAmounts::* amount) {
  return static_cast<double>(total.reported.*amount - total.history.*amount);
}

void Add(const SegmentTotal& total, SegmentCounters& counters) {
  counters.requests += Live(total, &InferenceAmounts::requests);
  counters.unpriced_requests += Live(total, &InferenceAmounts::unpriced_requests);
  counters.input_tokens += Live(total, &InferenceAmounts::input_tokens);
  counters.cached_input_tokens += Live(total, &InferenceAmounts::cached_input_tokens);
  counters.output_tokens += Live(total, &InferenceAmounts::output_tokens);
  counters.revenue_usd += Live(total, &InferenceAmounts::revenue_micro_usd) / kMicroUsdPerUsd;
  counters.corrected_requests += static_cast<double>(total.corrected.requests);
  counters.corrected_revenue_usd +=
      static_cast<double>(total.corrected.revenue_micro_usd) / kMicroUsdPerUsd;
}

std::map<Segment, SegmentCounters> Count(const std::vector<SegmentTotal>& totals,
                                         const Names& names) {
  std::map<Segment, SegmentCounters> out;
  for (const SegmentTotal& total : totals) {
    const auto name = names.find({total.model, total.customer_tier});
    if (name == names.end()) continue;  // Decide has named every one
    Add(total, out[name->second]);
  }
  return out;
}

Segment NameOf(const Names& names, const Segment& segment) {
  const auto found = names.find(segment);
  // What was booked since the names were decided.
  return found == names.end() ? Segment{kOverflowSegment, kOverflowSegment} : found->second;
}

void AddKnown(const std::optional<int64_t>& part, std::optional<int64_t>* sum) {
  if (!part || !*sum || __builtin_add_overflow(**sum, *part, &**sum)) *sum = std::nullopt;
}

// What the window has of a segment that only the year before has: nothing, or nothing that is
// known.
void AddGone(bool is_known, SegmentWindow* row) {
  if (is_known) {
    row->requests = row->requests.value_or(0);
    return;
  }
  row->revenue_micro_usd = std::nullopt;
  row->cost_micro_usd = std::nullopt;
}

// Whether no day of the model is known, and somebody is still to tell of the window. A model that
// has ended is not waited for.
bool IsAwaited(const MarginAnswer& answer, const std::string& model) {
  return answer.after.unknown_models.contains(model) &&
         std::any_of(answer.unknown.begin(), answer.unknown.end(),
                     [&](const UnknownTime& unknown) { return unknown.models.contains(model); });
}

std::map<Segment, SegmentWindow> SegmentsOf(const MarginAnswer& answer, const Names& names) {
  std::map<Segment, SegmentWindow> segments;
  for (const auto& [segment, sales] : answer.after.period) {
    SegmentWindow& row = segments[NameOf(names, segment)];
    row.requests = row.requests.value_or(0) + sales.requests + sales.requests_of_other_time;
    AddKnown(sales.revenue_micro_usd, &row.revenue_micro_usd);
    AddKnown(sales.cost_micro_usd, &row.cost_micro_usd);
    // The total of all segments has been added up before: no part of it leaves 64 bits.
    row.after.Add(sales).IgnoreError();
  }
  for (const auto& [segment, sales] : answer.before.period) {
    SegmentWindow& row = segments[NameOf(names, segment)];
    row.before.Add(sales).IgnoreError();
    if (answer.after.period.contains(segment)) continue;
    AddGone(!IsAwaited(answer, segment.model), &row);
  }
  for (const auto& [segment, sales] : answer.compared.period) {
    segments[NameOf(names, segment)].compared.Add(sales).IgnoreError();
  }
  return segments;
}

// The lines of a scope, no more than `most`.
std::vector<MarginLine> LinesOf(const MarginAnswer& answer, Scope scope, size_t most) {
  outcomes::MarginReview part;
  for (const MarginLine& line : answer.review.lines) {
    if (line.scope == scope) part.lines.push_back(line);
  }
  if (part.lines.size() > most) {
    outcomes::LimitLines(most, outcomes::VolumeRule(), &part).IgnoreError();
  }
  return std::move(part.lines);
}

std::vector<WindowFigures> WindowsOf(const OutcomeView& view, const Names& names, size_t most) {
  std::vector<WindowFigures> all;
  for (const WindowView& window : view.windows) {
    for (const MarginAnswer& answer : window.by_basis) {
      all.push_back({.window = window.window.name,
                     .basis = std::string(outcomes::Name(answer.basis)),
                     .answer = &answer,
                     .segments = SegmentsOf(answer, names),
                     .models = LinesOf(answer, Scope::kModel, most),
                     .tiers = LinesOf(answer, Scope::kCustomerTier, most)});
    }
  }
  return all;
}

}  // namespace

OutcomeFigures MakeOutcomeFigures(OutcomeFacts facts, SegmentSeries& series) {
  OutcomeFigures figures;
  figures.most = static_cast<size_t>(facts.reference->outcomes.segment_series);
  series.Decide(facts.totals, figures.most);
  const Names names = series.Names();
  figures.segments = series.counts();
  figures.counters = Count(facts.totals, names);
  if (facts.view) figures.windows = WindowsOf(*facts.view, names, figures.most);
  figures.facts = std::move(facts);
  return figures;
}

}  // namespace fleetmeter
