// Sums shared out so that the parts add up exactly. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"

namespace fleetmeter::outcomes {

// Parts of `total` in proportion to the weights that add up to it exactly: rounded down, and what
// remains goes to the largest remainders, the first of equals first. No weight above 0: nothing can
// be apportioned, and the parts are empty. Weights must not be negative.
//
// OutOfRange if the total or the weights' sum is 2^125 or more; products may be as large as they
// like.
absl::StatusOr<std::vector<absl::int128>> ApportionWide(absl::int128 total,
                                                        const std::vector<absl::int128>& weights);

// The same, for sums that fit by their type.
std::vector<int64_t> Apportion(int64_t total, const std::vector<int64_t>& weights);

// The same by weights that need more than 64 bits, such as weighted tokens. OutOfRange as above.
absl::StatusOr<std::vector<int64_t>> ApportionBy(int64_t total,
                                                 const std::vector<absl::int128>& weights);

}  // namespace fleetmeter::outcomes
