#include "daemon/view/pool_demand.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/domain/fleet/catalog.h"

namespace fleetmeter {
namespace {

// Kinds that catalogs do not know come from outside, and each may become a series.
constexpr size_t kMostUncountedKinds = 20;

// Requests that have waited so long.
struct WaitOf {
  int64_t seconds = 0;
  int64_t requests = 0;
};

std::optional<int64_t> MedianOf(std::vector<WaitOf> waits) {
  int64_t requests = 0;
  for (const WaitOf& wait : waits) requests += wait.requests;
  if (requests == 0) return std::nullopt;
  std::sort(waits.begin(), waits.end(),
            [](const WaitOf& a, const WaitOf& b) { return a.seconds < b.seconds; });
  int64_t seen = 0;
  for (const WaitOf& wait : waits) {
    seen += wait.requests;
    if (seen >= (requests + 1) / 2) return wait.seconds;
  }
  return std::nullopt;
}

// The only kind of chip that what waits without a kind can get; empty: there are several, or none.
std::string OnlyKind(const std::string& pool, const Plan& plan, const KindsByPool& kinds) {
  const auto found = kinds.find(pool);
  std::set<std::string> possible;
  if (found != kinds.end()) possible = found->second;
  if (possible.empty()) {
    for (const DeclaredSupply& declared : plan.supply) possible.insert(declared.chip);
  }
  return possible.size() == 1 ? *possible.begin() : "";
}

class DemandSum {
 public:
  DemandSum(const Plan& plan, const KindsByPool& kinds, const Catalog& catalog, int64_t now)
      : plan_(plan), kinds_(kinds), catalog_(catalog), now_(now) {}

  void Add(const Demand& demand) {
    if (demand.pools.empty()) {
      for (const Pool& pool : plan_.pools) pools_[pool.name];
    }
    for (const std::string& pool : demand.pools) pools_[pool];
    for (const WaitingWork& waiting : demand.waiting) Add(waiting);
  }

  std::map<std::string, PoolDemand> Finish() {
    for (auto& [name, demand] : pools_) {
      demand.median_wait_seconds = MedianOf(std::move(waits_[name]));
      if (demand.requests == 0) demand.waits.emplace();
      std::sort(demand.by_size.begin(), demand.by_size.end(),
                [](const auto& a, const auto& b) { return a.h100e_each < b.h100e_each; });
    }
    return std::move(pools_);
  }

 private:
  void Add(const WaitingWork& waiting) {
    PoolDemand& demand = pools_[waiting.pool];
    demand.micro_chips += waiting.micro_chips;
    demand.requests += waiting.requests;
    demand.requests_by_reason[waiting.reason] += waiting.requests;
    TeamDemand& team = demand.teams[waiting.team];
    team.requests += waiting.requests;
    AddWait(waiting, demand);
    const std::optional<double> h100e = H100eOf(waiting);
    if (!h100e) return AddUncounted(waiting, demand);
    demand.h100e += *h100e;
    team.h100e += *h100e;
    demand.by_size.push_back({*h100e / static_cast<double>(waiting.requests), waiting.requests});
  }

  void AddWait(const WaitingWork& waiting, PoolDemand& demand) {
    if (waiting.waits) {
      if (!demand.waits) demand.waits.emplace();
      *demand.waits += *waiting.waits;
    }
    if (!waiting.oldest_wait_seconds) return;
    demand.oldest_wait_seconds =
        std::max(demand.oldest_wait_seconds.value_or(0), *waiting.oldest_wait_seconds);
    if (waiting.median_wait_seconds) {
      waits_[waiting.pool].push_back({*waiting.median_wait_seconds, waiting.requests});
    }
  }

  std::optional<double> H100eOf(const WaitingWork& waiting) const {
    const ChipKind* kind =
        catalog_.Find(waiting.chip.empty() ? OnlyKind(waiting.pool, plan_, kinds_) : waiting.chip);
    if (kind == nullptr) return std::nullopt;
    const double chips = static_cast<double>(waiting.micro_chips) / kMicroChipsPerChip;
    return H100e(chips, kind->ConversionAt(now_).chips_per_h100e);
  }

  static void AddUncounted(const WaitingWork& waiting, PoolDemand& demand) {
    auto& kinds = demand.uncounted_micro_chips;
    const std::string kind = waiting.chip.empty() ? kUnspecifiedChip : waiting.chip;
    const bool is_known = kinds.contains(kind) || kinds.size() < kMostUncountedKinds;
    kinds[is_known ? kind : kOtherChips] += waiting.micro_chips;
  }

  const Plan& plan_;
  const KindsByPool& kinds_;
  const Catalog& catalog_;
  const int64_t now_;
  std::map<std::string, PoolDemand> pools_;
  std::map<std::string, std::vector<WaitOf>> waits_;
};

}  // namespace

std::map<std::string, PoolDemand> DemandByPool(const DemandFacts& facts, const Plan& plan,
                                               const KindsByPool& kinds, const Catalog& catalog,
                                               int64_t now_unix_nanos) {
  DemandSum sum(plan, kinds, catalog, now_unix_nanos);
  for (const auto& demand : facts) sum.Add(*demand);
  return sum.Finish();
}

double FitsInto(const PoolDemand& demand, double room_h100e) {
  // What is computed as 7.999999999 chips is room for 8.
  constexpr double kRounding = 1e-9;
  double left = std::max(0.0, room_h100e) * (1 + kRounding);
  double served = 0;
  for (const PoolDemand::Alike& alike : demand.by_size) {
    const double fit =
        std::min(static_cast<double>(alike.requests), std::floor(left / alike.h100e_each));
    if (fit <= 0) break;
    served += fit * alike.h100e_each;
    left -= fit * alike.h100e_each;
  }
  return served;
}

}  // namespace fleetmeter
