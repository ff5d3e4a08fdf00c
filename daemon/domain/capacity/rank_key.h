// What decides between two requests. Pure; used by ranking and by the question what fits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/rank_requests.h"

namespace fleetmeter::capacity {

// Of one request, the values in the order in which they decide.
struct RankKey {
  Nature nature = Nature::kCritical;
  // Place of its workload in the order of the pool's owner, from 0; nothing: it is not in it.
  std::optional<size_t> owners_place;
  std::string workload;
  // Of growth bets with an ROI: micro-dollars that can be counted on.
  std::optional<int64_t> discounted_micro_usd;
  absl::int128 micro_h100e_hours = 1;  // above 0
  int64_t asked_unix_nanos = 0;
  std::string request_id;
};

// `order`: of the pool and the request's nature; nullptr: none counts.
RankKey KeyOf(const CapacityRequest& request, const OwnersOrder* order);
// The order that counts within a request's pool; nullptr: its owner has given none.
const OwnersOrder* OrderFor(const CapacityBook& book, const CapacityRequest& request);

// Which value decides between them. Different requests have different ids.
RankRule RuleBetween(const RankKey& a, const RankKey& b);
bool ComesBefore(const RankKey& a, const RankKey& b);

// "It follows req-12, which is critical; this one is a growth bet."
std::string WhyItFollows(const RankKey& before, const RankKey& self);
// "It is first, before req-12, which is a growth bet; this one is critical."
std::string WhyItIsFirst(const RankKey& self, const RankKey& after);

}  // namespace fleetmeter::capacity
