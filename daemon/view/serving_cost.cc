#include "daemon/view/serving_cost.h"

#include <algorithm>
#include <utility>

#include "daemon/domain/outcomes/apportion.h"

namespace fleetmeter {
namespace {

using outcomes::ChipCost;
using outcomes::CostBasis;
using Place = std::pair<std::string, std::string>;  // pool and workload
using Sharers = std::map<Place, std::vector<const ServedBy*>>;

// Who named the place, or else its pool alone. Nobody: nullptr.
const std::vector<const ServedBy*>* SharersOf(const Sharers& sharers, const Place& place) {
  for (const Place& named : {place, Place(place.first, "")}) {
    const auto found = sharers.find(named);
    if (found != sharers.end()) return &found->second;
  }
  return nullptr;
}

// Gives the cost of a place to those who share it. False: none of them served anything.
absl::StatusOr<bool> Share(const ChipCost& cost, const std::vector<const ServedBy*>& sharers,
                           const outcomes::TokenWeights& weights, ServingCosts* out) {
  std::vector<const InferenceAmounts*> amounts;
  amounts.reserve(sharers.size());
  for (const ServedBy* sharer : sharers) amounts.push_back(&sharer->amounts);
  const auto parts = outcomes::ApportionWide(cost.parts(), ShareWeights(amounts, weights));
  if (!parts.ok()) return parts.status();
  for (size_t i = 0; i < parts->size(); ++i) {
    const absl::Status added = out->by_model[sharers[i]->model].Add(cost.WithParts((*parts)[i]));
    if (!added.ok()) return added;
  }
  return !parts->empty();
}

}  // namespace

absl::int128 ServingNanos(const UsageAmounts& amounts, CostBasis basis) {
  if (basis == CostBasis::kAllocated) return amounts.chips;
  return amounts.busy + (amounts.chips - amounts.measured);
}

absl::int128 WeightedTokens(const InferenceAmounts& amounts,
                            const outcomes::TokenWeights& weights) {
  const absl::int128 cached = amounts.cached_input_tokens;
  const absl::int128 weighted = (amounts.input_tokens - cached) * weights.input +
                                cached * weights.cached_input +
                                absl::int128(amounts.output_tokens) * weights.output;
  return std::max(weighted, absl::int128(0));
}

std::vector<absl::int128> ShareWeights(const std::vector<const InferenceAmounts*>& amounts,
                                       const outcomes::TokenWeights& weights) {
  std::vector<absl::int128> shares;
  shares.reserve(amounts.size());
  for (const InferenceAmounts* each : amounts) shares.push_back(WeightedTokens(*each, weights));
  bool tokens_known = true;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] == 0 && amounts[i]->requests > 0) tokens_known = false;
  }
  if (tokens_known) return shares;
  for (size_t i = 0; i < shares.size(); ++i) {
    shares[i] = std::max<int64_t>(amounts[i]->requests, 0);
  }
  return shares;
}

absl::StatusOr<ServingCosts> CostServing(const std::vector<ServingSum>& serving,
                                         const std::vector<ServedBy>& served_by, CostBasis basis,
                                         const outcomes::TokenWeights& weights) {
  Sharers sharers;
  for (const ServedBy& row : served_by) sharers[{row.pool, row.workload}].push_back(&row);
  ServingCosts out;
  std::map<Place, ChipCost> shared;
  for (const ServingSum& row : serving) {
    if (row.amounts.chips == 0) continue;
    ChipCost& cost = row.model.empty() ? shared[{row.pool, row.workload}] : out.by_model[row.model];
    const absl::Status added =
        cost.Add(ServingNanos(row.amounts, basis), row.micro_usd_per_chip_hour);
    if (!added.ok()) return added;
  }
  for (const auto& [place, cost] : shared) {
    const auto* owners = SharersOf(sharers, place);
    const auto given =
        owners == nullptr ? absl::StatusOr<bool>(false) : Share(cost, *owners, weights, &out);
    if (!given.ok()) return given.status();
    if (*given) continue;
    if (absl::Status added = out.unattributed.Add(cost); !added.ok()) return added;
  }
  return out;
}

}  // namespace fleetmeter
