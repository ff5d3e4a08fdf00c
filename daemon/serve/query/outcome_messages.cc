#include "daemon/serve/query/outcome_messages.h"

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
  // Money may come without requests: a subscription, a refund.
  if (from.known_requests > 0 || from.revenue_micro_usd != 0 || from.cost_micro_usd != 0) {
    to->set_revenue_micro_usd(from.revenue_micro_usd);
    to->set_cost_micro_usd(from.cost_micro_usd);
    to->set_margin_micro_usd(from.margin_micro_usd);
    to->set_subscription_micro_usd(from.subscription_micro_usd);
  }
  if (const auto usd = from.usd_per_request()) to->set_usd_per_request(*usd);
}

void FillRow(const MarginLine& from, v1::MarginRow* to) {
  to->set_scope(ScopeName(from.scope));
  to->set_model(from.model);
  to->set_customer_tier(from.customer_tier);
  if (from.before) FillFigures(*from.before, to->mutable_before());
  if (from.after) FillFigures(*from.after, to->mutable_after());
  if (from.compared && from.compared != from.after) {
    FillFigures(*from.compared, to->mutable_compared());
  }
  if (from.after) to->set_request_share_ratio(from.request_share);
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

constexpr int kMostModels = 100;

void FillUnknown(const UnknownTime& from, v1::UnknownTime* to) {
  to->set_from_unix_seconds(from.time.from);
  to->set_to_unix_seconds(from.time.to);
  to->set_source(from.source);
  to->set_told_unix_seconds(from.told);
  to->set_at_beginning(!from.at_end);
  for (const std::string& model : from.models) {
    if (to->models_size() == kMostModels) break;
    to->add_models(model);
  }
  to->set_more_models(static_cast<uint32_t>(from.models.size()) -
                      static_cast<uint32_t>(to->models_size()));
}

// Which days of the window and of the year before the answer speaks of.
void FillDays(const MarginAnswer& from, v1::MarginReport* to) {
  for (const UnknownTime& unknown : from.unknown) FillUnknown(unknown, to->add_unknown());
  if (!from.both_years) return;
  to->set_compared_from_unix_seconds(from.both_years->after.from);
  to->set_compared_to_unix_seconds(from.both_years->after.to);
  to->set_compared_before_from_unix_seconds(from.both_years->before.from);
  to->set_compared_before_to_unix_seconds(from.both_years->before.to);
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
  AddAll(review.due, out.mutable_declines());
  if (const auto due = outcomes::ReviewDue(review)) out.set_review_due(*due);
  if (review.declined_request_share) {
    out.set_declined_request_share_ratio(*review.declined_request_share);
  }
  return out;
}

v1::MarginReport MarginMessage(const MarginAnswer& answer, const std::string& window) {
  v1::MarginReport out = MarginMessage(answer.review);
  out.set_time_zone(answer.zone.name());
  out.set_from_unix_seconds(answer.span.from);
  out.set_to_unix_seconds(answer.span.to);
  out.set_before_from_unix_seconds(answer.before_span.from);
  out.set_before_to_unix_seconds(answer.before_span.to);
  out.set_price_book_version(answer.price_book_version);
  FillDays(answer, &out);
  out.set_basis(std::string(outcomes::Name(answer.basis)));
  out.set_window(window);
  if (const auto cost = answer.after.unattributed_cost_micro_usd) {
    out.set_unattributed_cost_micro_usd(*cost);
  }
  if (const auto cost = answer.before.unattributed_cost_micro_usd) {
    out.set_before_unattributed_cost_micro_usd(*cost);
  }
  out.set_subscription_micro_usd(answer.after.subscription_micro_usd);
  out.set_unattributed_subscription_micro_usd(answer.after.unattributed_subscription_micro_usd);
  out.set_before_subscription_micro_usd(answer.before.subscription_micro_usd);
  out.set_before_unattributed_subscription_micro_usd(
      answer.before.unattributed_subscription_micro_usd);
  return out;
}

v1::CapabilityReport CapabilityMessage(const outcomes::BenchmarkSuite& suite,
                                       const outcomes::CapabilityView& view) {
  v1::CapabilityReport out;
  out.set_time_zone("UTC");
  out.set_suite(suite.name);
  out.set_suite_version(suite.version);
  out.set_last_quarter(outcomes::QuarterName(view.last_quarter));
  out.set_last_quarter_is_running(view.last_is_running);
  for (const outcomes::ModelView& model : view.models) FillModel(model, out.add_models());
  for (const outcomes::Benchmark& benchmark : suite.benchmarks) {
    v1::BenchmarkState* state = out.add_benchmarks();
    state->set_benchmark(benchmark.name);
    const auto found = view.saturation.find(benchmark.name);
    if (found == view.saturation.end()) continue;
    state->set_frontier_ratio(found->second.frontier);
    state->set_saturated(found->second.saturated());
    state->set_high(found->second.high);
    state->set_flat(found->second.flat);
    if (found->second.gain_part) state->set_gain_part_ratio(*found->second.gain_part);
  }
  for (const outcomes::QuarterView& quarter : view.quarters) {
    FillQuarter(quarter, out.add_quarters());
  }
  out.set_verdict(VerdictName(view.verdict.verdict));
  out.set_declining_quarters(view.verdict.declining_quarters);
  out.set_why(view.verdict.why);
  return out;
}

}  // namespace fleetmeter
