#include "daemon/query/outcome_messages.h"

#include "fmt/format.h"

namespace fleetmeter {
namespace {

using outcomes::MarginLine;

std::string ScopeName(MarginLine::Scope scope) {
  switch (scope) {
    case MarginLine::Scope::kTotal:
      return "total";
    case MarginLine::Scope::kModel:
      return "model";
    case MarginLine::Scope::kCustomerTier:
      return "customer_tier";
    case MarginLine::Scope::kSegment:
      return "segment";
  }
  return "unknown";
}

void FillFigures(const outcomes::Margin& from, v1::MarginFigures* to) {
  to->set_requests(from.requests);
  to->set_known_requests(from.known_requests);
  to->set_revenue_micro_usd(from.revenue_micro_usd);
  to->set_cost_micro_usd(from.cost_micro_usd);
  to->set_margin_micro_usd(from.margin_micro_usd);
  if (const auto usd = from.usd_per_request()) to->set_usd_per_request(*usd);
}

void FillRow(const MarginLine& from, v1::MarginRow* to) {
  to->set_scope(ScopeName(from.scope));
  to->set_model(from.model);
  to->set_customer_tier(from.customer_tier);
  if (from.before) FillFigures(*from.before, to->mutable_before());
  if (from.after) FillFigures(*from.after, to->mutable_after());
  to->set_request_share_ratio(from.request_share);
  if (from.margin_share) to->set_margin_share_ratio(*from.margin_share);
  if (from.change_ratio) to->set_change_ratio(*from.change_ratio);
  if (from.declined) to->set_declined(*from.declined);
  to->set_much_volume_below_average(from.much_volume_below_average);
  to->set_high_margin_little_volume(from.high_margin_little_volume);
}

void FillEffects(const outcomes::MarginChange& from, v1::MarginEffects* to) {
  to->set_change_micro_usd(from.change_micro_usd);
  to->set_volume_micro_usd(from.volume_micro_usd);
  to->set_mix_micro_usd(from.mix_micro_usd);
  to->set_price_micro_usd(from.price_micro_usd);
  to->set_cost_micro_usd(from.cost_micro_usd);
  to->set_usd_per_request_before(from.usd_per_request_before);
  to->set_usd_per_request_after(from.usd_per_request_after);
  to->set_mix_usd_per_request(from.mix_usd_per_request());
  to->set_price_usd_per_request(from.price_usd_per_request());
  to->set_cost_usd_per_request(from.cost_usd_per_request());
  for (const outcomes::Segment& segment : from.left_out) {
    to->add_left_out(fmt::format("{}, {}", segment.model, segment.customer_tier));
  }
}

template <class Repeated>
void AddAll(const std::vector<std::string>& from, Repeated* to) {
  for (const std::string& text : from) *to->Add() = text;
}

void FillModel(const outcomes::ModelView& from, v1::ModelCapability* to) {
  to->set_model(from.model);
  to->set_family(from.family);
  to->set_quarter(outcomes::QuarterName(from.quarter));
  if (from.index) {
    to->set_capability_index(from.index->value);
    AddAll(from.index->rests_on, to->mutable_rests_on());
    AddAll(from.index->missing, to->mutable_missing());
  }
  if (from.training_h100e_hours) to->set_training_h100e_hours(*from.training_h100e_hours);
  to->set_predecessor(from.predecessor);
  if (from.over_predecessor) {
    to->set_index_before(from.over_predecessor->before);
    to->set_index_after(from.over_predecessor->after);
  }
  if (from.gain_per_h100e_hour) to->set_gain_per_h100e_hour(*from.gain_per_h100e_hour);
}

void FillQuarter(const outcomes::QuarterView& from, v1::QuarterCapability* to) {
  to->set_quarter(outcomes::QuarterName(from.quarter));
  if (from.gain) to->set_frontier_gain(*from.gain);
  AddAll(from.rests_on, to->mutable_rests_on());
  AddAll(from.saturated, to->mutable_saturated());
  if (from.training_h100e_hours) to->set_training_h100e_hours(*from.training_h100e_hours);
  if (from.gain_per_h100e_hour) to->set_gain_per_h100e_hour(*from.gain_per_h100e_hour);
}

std::string VerdictName(outcomes::Verdict verdict) {
  switch (verdict) {
    case outcomes::Verdict::kFine:
      return "fine";
    case outcomes::Verdict::kReviewDue:
      return "review_due";
    case outcomes::Verdict::kCannotTell:
      return "cannot_tell";
  }
  return "unknown";
}

}  // namespace

v1::MarginReport MarginMessage(const outcomes::MarginReview& review) {
  v1::MarginReport out;
  for (const MarginLine& line : review.lines) FillRow(line, out.add_rows());
  if (review.change) FillEffects(*review.change, out.mutable_change());
  AddAll(review.due, out.mutable_review_due());
  return out;
}

v1::CapabilityReport CapabilityMessage(const outcomes::BenchmarkSuite& suite,
                                       const std::vector<outcomes::Result>& results,
                                       const std::map<std::string, double>& hours_by_model,
                                       const std::map<int64_t, double>& hours_by_quarter,
                                       int64_t last_quarter) {
  v1::CapabilityReport out;
  out.set_suite(suite.name);
  out.set_suite_version(suite.version);
  out.set_last_quarter(outcomes::QuarterName(last_quarter));
  for (const outcomes::ModelView& view : outcomes::ModelViews(suite, results, hours_by_model)) {
    FillModel(view, out.add_models());
  }
  const auto saturation =
      outcomes::SaturationAt(suite.benchmarks, results, last_quarter, suite.saturation);
  for (const outcomes::Benchmark& benchmark : suite.benchmarks) {
    v1::BenchmarkState* state = out.add_benchmarks();
    state->set_benchmark(benchmark.name);
    const auto found = saturation.find(benchmark.name);
    if (found == saturation.end()) continue;
    state->set_frontier_ratio(found->second.frontier);
    state->set_saturated(found->second.saturated());
    state->set_high(found->second.high);
    state->set_flat(found->second.flat);
    if (found->second.gain_part) state->set_gain_part_ratio(*found->second.gain_part);
  }
  const std::vector<outcomes::QuarterView> quarters = outcomes::FrontierByQuarter(
      suite.benchmarks, results, hours_by_quarter, last_quarter, suite.saturation);
  for (const outcomes::QuarterView& view : quarters) FillQuarter(view, out.add_quarters());
  const outcomes::DeclineVerdict verdict =
      outcomes::JudgeDecline(quarters, suite.declining_quarters);
  out.set_verdict(VerdictName(verdict.verdict));
  out.set_declining_quarters(verdict.declining_quarters);
  out.set_why(verdict.why);
  return out;
}

}  // namespace fleetmeter
