// What unused H100e are worth.
#include <optional>

#include "daemon/ctl/report/sections.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kHoursInDay = 24;

}  // namespace

std::optional<double> UsdPerH100Hour(const Answers& answers) {
  if (!answers.framework.ok() || !answers.framework->has_revenue()) return std::nullopt;
  return answers.framework->revenue().usd_per_h100_hour();
}

std::optional<DayWorth> WorthOfADay(const Answers& answers, const v1::Pool& pool, double h100e) {
  if (pool.has_usd_per_h100e_hour()) {
    return DayWorth{.usd = h100e * kHoursInDay * pool.usd_per_h100e_hour(), .by_chip_price = true};
  }
  const auto usd = UsdPerH100Hour(answers);
  if (!usd) return std::nullopt;
  return DayWorth{.usd = h100e * kHoursInDay * *usd, .by_chip_price = false};
}

UnusedWorth WorthOfUnused(const Answers& answers) {
  UnusedWorth worth;
  for (const auto& [pool, h100e] : UnusedPools(*answers.pools)) {
    const auto day = WorthOfADay(answers, *pool, h100e);
    if (!day) {
      ++worth.unknown;
    } else if (day->by_chip_price) {
      ++worth.by_chip_price;
      worth.chips_usd += day->usd;
    } else {
      ++worth.by_framework;
      worth.framework_usd += day->usd;
    }
  }
  return worth;
}

}  // namespace fleetmeter::ctl::report
