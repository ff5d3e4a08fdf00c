// What it cost to serve each model in a window, from the chip-time of inference's pools. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/chip_cost.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"

namespace fleetmeter {

// What the tokens weigh when chip-time is shared out: input that was not cached, cached input and
// output by their weights. At least 0; corrections below that count as none.
absl::int128 WeightedTokens(const InferenceAmounts& amounts, const outcomes::TokenWeights& weights);

// Weights of those who share chip-time or a cost: weighted tokens. Requests of all of them, where
// one has requests and no tokens: nobody counted its tokens, and it was not served for nothing.
std::vector<absl::int128> ShareWeights(const std::vector<const InferenceAmounts*>& amounts,
                                       const outcomes::TokenWeights& weights);

// What of the chip-time counts on a basis, in chip-nanoseconds.
absl::int128 ServingNanos(const UsageAmounts& amounts, outcomes::CostBasis basis);

struct ServingCosts {
  std::map<std::string, outcomes::ChipCost> by_model;
  outcomes::ChipCost unattributed;  // of chip-time that nobody named a model for
};

// Chip-time that names no model belongs to those that inference reports named for its pool and
// workload, or else for its pool alone; several share it by weight. Exact. OutOfRange if a sum
// leaves 125 bits.
absl::StatusOr<ServingCosts> CostServing(const std::vector<ServingSum>& serving,
                                         const std::vector<ServedBy>& served_by,
                                         outcomes::CostBasis basis,
                                         const outcomes::TokenWeights& weights);

}  // namespace fleetmeter
