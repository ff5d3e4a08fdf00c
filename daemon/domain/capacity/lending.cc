#include "daemon/domain/capacity/lending.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/apportion.h"

namespace fleetmeter::capacity {
namespace {

struct Amount {
  std::string_view pool;  // empty: nobody
  absl::int128 h100e_nanos = 0;
  bool is_untold = false;
};

absl::int128 SumOf(const std::vector<Amount>& amounts) {
  absl::int128 sum = 0;
  for (const Amount& each : amounts) sum += each.h100e_nanos;
  return sum;
}

std::vector<absl::int128> WeightsOf(const std::vector<Amount>& amounts) {
  std::vector<absl::int128> weights;
  weights.reserve(amounts.size());
  for (const Amount& each : amounts) weights.push_back(each.h100e_nanos);
  return weights;
}

// Parts of at most what the amounts add up to, in proportion to them: none is more than its amount.
std::vector<absl::int128> PartsOfAmounts(absl::int128 total, const std::vector<Amount>& amounts) {
  const auto parts = outcomes::ApportionWide(total, WeightsOf(amounts));
  // H100e-nanoseconds of an hour have room by far.
  return parts.ok() && !parts->empty() ? *parts : std::vector<absl::int128>(amounts.size());
}

// One hour of all pools.
struct LendingHour {
  std::vector<Amount> borrowers;  // what each holds beyond its allocation
  std::vector<Amount> lenders;    // what each leaves of it for certain
  absl::int128 untold = 0;        // that silent pools may have left beside
};

// What each lends in all; what nobody lends, and what nobody knows who lends, come first.
std::vector<Amount> SourcesOf(const LendingHour& hour) {
  const absl::int128 borrowed = SumOf(hour.borrowers);
  const absl::int128 left = SumOf(hour.lenders);
  std::vector<Amount> sources(2);
  sources[1].is_untold = true;
  if (borrowed > left) {
    sources[1].h100e_nanos = std::min(borrowed - left, hour.untold);
    sources[0].h100e_nanos = borrowed - left - sources[1].h100e_nanos;
    sources.insert(sources.end(), hour.lenders.begin(), hour.lenders.end());
    return sources;
  }
  const std::vector<absl::int128> parts = PartsOfAmounts(borrowed, hour.lenders);
  for (size_t i = 0; i < parts.size(); ++i) {
    sources.push_back({.pool = hour.lenders[i].pool, .h100e_nanos = parts[i]});
  }
  return sources;
}

// Each borrower takes its part of what the earlier ones have left, so that the last takes exactly
// what remains.
void ShareHour(int64_t start, const LendingHour& hour, std::vector<Lent>* lent) {
  std::vector<Amount> sources = SourcesOf(hour);
  for (const Amount& borrower : hour.borrowers) {
    const std::vector<absl::int128> parts = PartsOfAmounts(borrower.h100e_nanos, sources);
    for (size_t i = 0; i < sources.size(); ++i) {
      sources[i].h100e_nanos -= parts[i];
      if (parts[i] == 0) continue;
      lent->push_back({.start_unix_seconds = start,
                       .borrower = std::string(borrower.pool),
                       .lender = std::string(sources[i].pool),
                       .h100e_nanos = parts[i],
                       .is_untold = sources[i].is_untold});
    }
  }
}

}  // namespace

std::vector<Lent> ShareLending(const std::vector<PoolHour>& hours) {
  struct Held {
    absl::int128 held = 0;
    absl::int128 allocated = 0;
    absl::int128 unheard = 0;
  };
  std::map<int64_t, std::map<std::string_view, Held>> by_hour;
  for (const PoolHour& each : hours) {
    Held& sum = by_hour[each.start_unix_seconds][each.pool];
    sum.held += each.held;
    sum.allocated += each.allocated;
    sum.unheard += each.unheard;
  }
  std::vector<Lent> lent;
  for (const auto& [start, pools] : by_hour) {
    LendingHour hour;
    for (const auto& [pool, sum] : pools) {
      const absl::int128 more = sum.held - sum.allocated;
      if (more > 0) hour.borrowers.push_back({.pool = pool, .h100e_nanos = more});
      if (more >= 0) continue;
      const absl::int128 untold = std::min(-more, sum.unheard);
      hour.untold += untold;
      if (-more > untold) hour.lenders.push_back({.pool = pool, .h100e_nanos = -more - untold});
    }
    ShareHour(start, hour, &lent);
  }
  return lent;
}

}  // namespace fleetmeter::capacity
