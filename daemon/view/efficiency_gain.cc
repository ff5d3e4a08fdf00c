#include "daemon/view/efficiency_gain.h"

#include <cmath>

#include "daemon/view/serving_cost.h"

namespace fleetmeter {
namespace {

constexpr double kPartsPerToken = 1e6;
constexpr double kMicroUsdInUsd = 1e6;
constexpr double kLeastOutOfRange = 9.2e18;

// Requests of the model are told, tokens of one of its segments are not.
bool LacksTokens(const InferenceAmounts& amounts, const outcomes::TokenWeights& weights) {
  return amounts.requests > 0 && WeightedTokens(amounts, weights) == 0;
}

void AddTokens(const InferenceAmounts& amounts, const outcomes::TokenWeights& weights,
               ServedWork* work) {
  if (LacksTokens(amounts, weights)) work->weighted_tokens.reset();
  if (work->weighted_tokens) *work->weighted_tokens += WeightedTokens(amounts, weights);
}

absl::Status AddCost(const outcomes::Sales& sales, ServedWork* work) {
  if (!sales.cost_micro_usd) {
    if (sales.requests > 0) work->cost_micro_usd.reset();
    return absl::OkStatus();
  }
  if (!work->cost_micro_usd) return absl::OkStatus();
  if (__builtin_add_overflow(*work->cost_micro_usd, *sales.cost_micro_usd,
                             &*work->cost_micro_usd)) {
    return absl::OutOfRangeError("the cost of a model is more than 64 bits hold; expected less");
  }
  return absl::OkStatus();
}

// Requests, which are always told, or tokens where both windows have them.
double UnitsOf(const ServedWork& work, bool in_tokens) {
  return in_tokens ? static_cast<double>(*work.weighted_tokens) / kPartsPerToken
                   : static_cast<double>(work.requests);
}

bool HasTokens(const ServedWork& work) {
  return work.weighted_tokens.has_value() && *work.weighted_tokens > 0;
}

bool IsComparable(const ServedWork& work, const char* when, std::vector<std::string>* why) {
  if (work.requests <= 0) {
    why->push_back(std::string("No requests for the model are told of ") + when +
                   ", so that what a unit of its work cost then is not known.");
  } else if (!work.cost_micro_usd) {
    why->push_back(std::string("Of ") + when +
                   " a chip that serves the model has no price, or nobody named such chips, so "
                   "that what a unit of its work cost then is not known.");
  }
  return work.requests > 0 && work.cost_micro_usd.has_value();
}

}  // namespace

absl::StatusOr<ServedWork> WorkOfModel(const std::string& model, const WindowFacts& facts,
                                       const outcomes::Period& period,
                                       const outcomes::TokenWeights& weights) {
  ServedWork work{.requests = 0, .weighted_tokens = absl::int128(0), .cost_micro_usd = 0};
  for (const SegmentSum& segment : facts.segments) {
    const auto found = period.find({segment.model, segment.customer_tier});
    if (segment.model != model || found == period.end()) continue;
    if (__builtin_add_overflow(work.requests, segment.amounts.requests, &work.requests)) {
      return absl::OutOfRangeError("a model has more requests than 64 bits hold; expected fewer");
    }
    AddTokens(segment.amounts, weights, &work);
    if (absl::Status added = AddCost(found->second, &work); !added.ok()) return added;
  }
  return work;
}

absl::StatusOr<std::optional<EfficiencyGain>> GainSince(const ServedWork& before,
                                                        const ServedWork& since,
                                                        std::vector<std::string>* why) {
  // Both are asked, so that everything that is missing is said.
  const bool has_before = IsComparable(before, "the time before the grant began", why);
  const bool has_since = IsComparable(since, "the time since the grant began", why);
  if (!has_before || !has_since) return std::nullopt;
  const bool in_tokens = HasTokens(before) && HasTokens(since);
  const auto usd_per_unit = [in_tokens](const ServedWork& work) {
    return static_cast<double>(*work.cost_micro_usd) / kMicroUsdInUsd / UnitsOf(work, in_tokens);
  };
  EfficiencyGain gain{.unit = in_tokens ? "weighted token" : "request",
                      .usd_per_unit_before = usd_per_unit(before),
                      .usd_per_unit_since = usd_per_unit(since),
                      .units_since = UnitsOf(since, in_tokens)};
  const double micro_usd =
      (gain.usd_per_unit_before - gain.usd_per_unit_since) * gain.units_since * kMicroUsdInUsd;
  if (!(std::abs(micro_usd) < kLeastOutOfRange)) {
    return absl::OutOfRangeError("a gain in efficiency is more than 64 bits hold; expected less");
  }
  gain.micro_usd = std::llround(micro_usd);
  return gain;
}

}  // namespace fleetmeter
