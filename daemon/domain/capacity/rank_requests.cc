#include "daemon/domain/capacity/rank_requests.h"

#include <algorithm>
#include <utility>

#include "daemon/domain/capacity/rank_key.h"

namespace fleetmeter::capacity {
namespace {

struct Keyed {
  RankKey key;
  std::shared_ptr<const CapacityRequest> request;
};

bool Waits(const CapacityRequest& request, int64_t now_unix_seconds) {
  return !request.decided() && request.StateAt(now_unix_seconds) != State::kExpired;
}

std::string WhyAt(const std::vector<Keyed>& ranked, size_t i) {
  if (i > 0) return WhyItFollows(ranked[i - 1].key, ranked[i].key);
  if (ranked.size() == 1) {
    return ranked[0].request->form.beyond_allocation
               ? "It is the only request beyond an allocation that waits for a decision."
               : "It is the only request within the pool's allocation that waits for a decision.";
  }
  return WhyItIsFirst(ranked[0].key, ranked[1].key);
}

std::vector<RankedRequest> Explained(std::vector<Keyed> waiting) {
  std::sort(waiting.begin(), waiting.end(),
            [](const Keyed& a, const Keyed& b) { return ComesBefore(a.key, b.key); });
  std::vector<RankedRequest> ranked;
  ranked.reserve(waiting.size());
  for (size_t i = 0; i < waiting.size(); ++i) {
    const RankRule rule =
        i == 0 ? RankRule::kFirst : RuleBetween(waiting[i - 1].key, waiting[i].key);
    ranked.push_back(
        {.request = waiting[i].request, .place = i + 1, .rule = rule, .why = WhyAt(waiting, i)});
  }
  return ranked;
}

}  // namespace

int64_t DiscountedMicroUsd(const Roi& roi) {
  if (roi.low_micro_usd < 0) return roi.low_micro_usd;
  return static_cast<int64_t>(absl::int128(roi.low_micro_usd) * roi.confidence_basis_points /
                              10'000);
}

std::vector<RankedRequest> RankPool(const CapacityBook& book, const std::string& pool,
                                    int64_t now_unix_seconds) {
  std::vector<Keyed> waiting;
  for (const auto& [id, request] : book.requests()) {
    if (request->form.pool != pool || request->form.beyond_allocation) continue;
    if (!Waits(*request, now_unix_seconds)) continue;
    waiting.push_back({KeyOf(*request, OrderFor(book, *request)), request});
  }
  return Explained(std::move(waiting));
}

std::vector<RankedRequest> RankBetweenPools(const CapacityBook& book, int64_t now_unix_seconds) {
  std::vector<Keyed> waiting;
  for (const auto& [id, request] : book.requests()) {
    if (!request->form.beyond_allocation || !Waits(*request, now_unix_seconds)) continue;
    waiting.push_back({KeyOf(*request, nullptr), request});
  }
  return Explained(std::move(waiting));
}

}  // namespace fleetmeter::capacity
