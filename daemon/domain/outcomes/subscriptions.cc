#include "daemon/domain/outcomes/subscriptions.h"

#include <algorithm>
#include <chrono>
#include <limits>

#include "absl/numeric/int128.h"
#include "daemon/base/units.h"
#include "daemon/domain/outcomes/apportion.h"
#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

// Months of 28, 29, 30 and 31 days all divide it: every part of a month is a whole number of these.
constexpr int64_t kDaysThatAllMonthsDivide = int64_t{4} * 7 * 29 * 15 * 31;

struct Month {
  int64_t begin = 0;
  int64_t end = 0;
};

Month MonthOf(int64_t unix_seconds) {
  using namespace std::chrono;
  const year_month_day day{floor<days>(sys_seconds(seconds(unix_seconds)))};
  const year_month month = day.year() / day.month();
  const auto start = [](year_month of) {
    return int64_t{sys_days(of / 1).time_since_epoch().count()} * kSecondsPerDay;
  };
  return {start(month), start(month + months(1))};
}

// Parts of kDaysThatAllMonthsDivide days x kSecondsPerDay of what accrues in [from, to). Amounts of
// 10^15 and spans of centuries stay far below 2^127.
absl::int128 Parts(int64_t micro_usd_per_month, int64_t from, int64_t to) {
  absl::int128 parts = 0;
  while (from < to) {
    const Month month = MonthOf(from);
    const int64_t end = std::min(to, month.end);
    const int64_t days = (month.end - month.begin) / kSecondsPerDay;
    parts += absl::int128(micro_usd_per_month) * (end - from) * (kDaysThatAllMonthsDivide / days);
    from = end;
  }
  return parts;
}

}  // namespace

void Subscriptions::Add(const std::string& customer_tier, const Subscription& subscription) {
  by_tier_[customer_tier].push_back(subscription);
}

bool Subscriptions::InForce(const std::string& customer_tier, int64_t unix_seconds) const {
  const auto found = by_tier_.find(customer_tier);
  if (found == by_tier_.end()) return false;
  bool in_force = false;
  for (const Subscription& subscription : found->second) {
    if (subscription.effective_from_unix_seconds > unix_seconds) break;
    in_force = subscription.micro_usd_per_month > 0;
  }
  return in_force;
}

absl::StatusOr<std::map<std::string, int64_t>> Subscriptions::Accrued(
    int64_t from_unix_seconds, int64_t to_unix_seconds) const {
  constexpr int64_t kWhole = kDaysThatAllMonthsDivide * kSecondsPerDay;
  std::map<std::string, int64_t> accrued;
  for (const auto& [tier, terms] : by_tier_) {
    absl::int128 parts = 0;
    for (size_t i = 0; i < terms.size(); ++i) {
      const int64_t ends = i + 1 < terms.size() ? terms[i + 1].effective_from_unix_seconds
                                                : std::numeric_limits<int64_t>::max();
      parts += Parts(terms[i].micro_usd_per_month,
                     std::max(from_unix_seconds, terms[i].effective_from_unix_seconds),
                     terms[i].micro_usd_per_month > 0 ? std::min(to_unix_seconds, ends) : 0);
    }
    if (parts == 0) continue;
    const absl::int128 micro_usd = (parts + kWhole / 2) / kWhole;
    if (micro_usd > std::numeric_limits<int64_t>::max()) {
      return absl::OutOfRangeError(fmt::format(
          "the subscriptions of customer tier {} are more than 64 bits hold; expected less", tier));
    }
    accrued[tier] = static_cast<int64_t>(micro_usd);
  }
  return accrued;
}

absl::StatusOr<int64_t> SpreadSubscriptions(const std::map<std::string, int64_t>& accrued,
                                            Period* period) {
  int64_t left = 0;
  for (const auto& [tier, amount] : accrued) {
    std::vector<Sales*> segments;
    std::vector<int64_t> requests;
    for (auto& [segment, sales] : *period) {
      if (segment.customer_tier != tier || sales.requests <= 0) continue;
      segments.push_back(&sales);
      requests.push_back(sales.requests);
    }
    const std::vector<int64_t> parts = Apportion(amount, requests);
    bool overflow = parts.empty() && __builtin_add_overflow(left, amount, &left);
    for (size_t i = 0; i < parts.size(); ++i) {
      segments[i]->subscription_micro_usd = parts[i];
      if (!segments[i]->revenue_micro_usd) continue;
      int64_t* revenue = &*segments[i]->revenue_micro_usd;
      overflow = overflow || __builtin_add_overflow(*revenue, parts[i], revenue);
    }
    if (overflow) {
      return absl::OutOfRangeError(fmt::format(
          "revenue with the subscriptions of customer tier {} is more than 64 bits hold; expected "
          "less",
          tier));
    }
  }
  return left;
}

}  // namespace fleetmeter::outcomes
