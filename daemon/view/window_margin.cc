#include "daemon/view/window_margin.h"

#include "daemon/domain/outcomes/apportion.h"
#include "daemon/domain/outcomes/subscriptions.h"
#include "daemon/view/serving_cost.h"

namespace fleetmeter {
namespace {

using outcomes::ChipCost;
using outcomes::Sales;

// The segments of a model, and what was served to each.
struct ModelSegments {
  std::vector<Sales*> sales;
  std::vector<const InferenceAmounts*> amounts;
  bool has_requests = false;
};

// Without costs.
outcomes::Period SalesOf(const WindowFacts& facts) {
  outcomes::Period period;
  for (const SegmentSum& segment : facts.segments) {
    const InferenceAmounts& amounts = segment.amounts;
    if (amounts == InferenceAmounts() && segment.requests_of_other_days == 0) continue;
    Sales& sales = period[{segment.model, segment.customer_tier}];
    sales.requests = amounts.requests;
    sales.input_tokens = amounts.input_tokens;
    sales.output_tokens = amounts.output_tokens;
    sales.requests_of_other_time = segment.requests_of_other_days;
    if (facts.unknown_models.contains(segment.model)) continue;
    if (amounts.unpriced_requests <= 0) sales.revenue_micro_usd = amounts.revenue_micro_usd;
  }
  return period;
}

std::map<std::string, ModelSegments> ByModel(const std::vector<SegmentSum>& segments,
                                             outcomes::Period* period) {
  std::map<std::string, ModelSegments> models;
  for (const SegmentSum& segment : segments) {
    const auto found = period->find({segment.model, segment.customer_tier});
    if (found == period->end()) continue;
    ModelSegments& model = models[segment.model];
    model.sales.push_back(&found->second);
    model.amounts.push_back(&segment.amounts);
    model.has_requests = model.has_requests || segment.amounts.requests > 0;
  }
  return models;
}

absl::Status GiveCost(const ChipCost& cost, const outcomes::TokenWeights& weights,
                      const ModelSegments& segments) {
  const auto micro_usd = cost.MicroUsd();
  if (!micro_usd.ok()) return micro_usd.status();
  if (!*micro_usd) return absl::OkStatus();  // not known
  const auto parts = outcomes::ApportionBy(**micro_usd, ShareWeights(segments.amounts, weights));
  if (!parts.ok()) return parts.status();
  for (size_t i = 0; i < parts->size(); ++i) segments.sales[i]->cost_micro_usd = (*parts)[i];
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<WindowPeriod> MakePeriod(const WindowFacts& facts, outcomes::CostBasis basis,
                                        const outcomes::TokenWeights& weights) {
  WindowPeriod out;
  out.period = SalesOf(facts);
  out.unknown_models = facts.unknown_models;
  auto costs = CostServing(facts.serving, facts.served_by, basis, weights);
  if (!costs.ok()) return costs.status();
  const std::map<std::string, ModelSegments> models = ByModel(facts.segments, &out.period);
  for (const auto& [name, cost] : costs->by_model) {
    const auto model = models.find(name);
    const bool served = model != models.end() && model->second.has_requests;
    const absl::Status given =
        served ? GiveCost(cost, weights, model->second) : costs->unattributed.Add(cost);
    if (!given.ok()) return given;
  }
  const auto unattributed = costs->unattributed.MicroUsd();
  if (!unattributed.ok()) return unattributed.status();
  out.unattributed_cost_micro_usd = *unattributed;
  for (const auto& [tier, amount] : facts.subscriptions) {
    if (__builtin_add_overflow(out.subscription_micro_usd, amount, &out.subscription_micro_usd)) {
      return absl::OutOfRangeError("subscriptions add up to more than 64 bits hold; expected less");
    }
  }
  const auto left = outcomes::SpreadSubscriptions(facts.subscriptions, &out.period);
  if (!left.ok()) return left.status();
  out.unattributed_subscription_micro_usd = *left;
  return out;
}

}  // namespace fleetmeter
