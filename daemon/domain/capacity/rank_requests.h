// In which order requests are served, and why. Pure; the framework's rule ("Communication").
//
// Critical work first, then work for a goal of the company, then growth bets. Within a nature, in a
// pool: workloads in the order that its owner gave them, then the others. Then, of growth bets, the
// one with the higher discounted ROI for each H100e-hour; one without an ROI comes last. Then the
// older one; then by id.
//
// The discounted ROI is what can be counted on: the low end of the interval times the probability
// of the interval, when the low end is not negative. That is a lower bound of the expected value
// whatever the distribution, as long as nothing is lost below the interval. A low end below 0 is
// taken as it is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/domain/capacity/capacity_book.h"

namespace fleetmeter::capacity {

enum class RankRule : uint8_t { kFirst, kNature, kOwnersOrder, kRoi, kAge, kId };
std::string_view Name(RankRule rule);  // "first", "nature", "owners_order", "roi", "age", "id"

struct RankedRequest {
  std::shared_ptr<const CapacityRequest> request;
  size_t place = 0;  // from 1
  // What put it behind the one before it, and that in a sentence.
  RankRule rule = RankRule::kFirst;
  std::string why;
};

// Micro-dollars, rounded down; of a form with an ROI.
int64_t DiscountedMicroUsd(const Roi& roi);

// The undecided requests of a pool that are within its allocation, best first.
std::vector<RankedRequest> RankPool(const CapacityBook& book, const std::string& pool,
                                    int64_t now_unix_seconds);
// The undecided requests of all pools that are beyond their allocations: what the committee ranks.
// Owners' orders do not count between pools.
std::vector<RankedRequest> RankBetweenPools(const CapacityBook& book, int64_t now_unix_seconds);

}  // namespace fleetmeter::capacity
