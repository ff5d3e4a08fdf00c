// What customer tiers pay by the month, however much they use. Plain values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/margin.h"

namespace fleetmeter::outcomes {

// What all customers of a tier pay together, from a date until the next one of the same tier.
struct Subscription {
  int64_t effective_from_unix_seconds = 0;
  int64_t micro_usd_per_month = 0;  // 0 to 10^15; 0: from then on there is none
};

class Subscriptions {
 public:
  // Those of a tier come in ascending order of their dates.
  void Add(const std::string& customer_tier, const Subscription& subscription);
  const std::map<std::string, std::vector<Subscription>>& by_tier() const { return by_tier_; }

  // Whether the tier pays by the month at that time.
  bool InForce(const std::string& customer_tier, int64_t unix_seconds) const;

  // What accrues in [from, to), in micro-USD, by customer tier: of each month's amount as much as
  // the seconds are of that month's, by UTC. Exact, and rounded once to the nearest, halves up.
  // Tiers whose subscription is in force for no second of it are not among them. Times of 1970 or
  // later. OutOfRange if an amount leaves 64 bits.
  absl::StatusOr<std::map<std::string, int64_t>> Accrued(int64_t from_unix_seconds,
                                                         int64_t to_unix_seconds) const;

 private:
  std::map<std::string, std::vector<Subscription>> by_tier_;
};

// Adds what accrued to the revenue of a period: each tier's amount over its segments with requests,
// in proportion to them, by Apportion. What a tier without requests pays belongs to no segment and
// is returned. A segment whose other revenue is not known stays so. OutOfRange if a sum leaves 64
// bits.
absl::StatusOr<int64_t> SpreadSubscriptions(const std::map<std::string, int64_t>& accrued,
                                            Period* period);

}  // namespace fleetmeter::outcomes
