#include "daemon/ctl/print/demand_text.h"

#include <fmt/format.h>

#include "daemon/ctl/print/number_text.h"
#include "daemon/ctl/print/text_cells.h"

namespace fleetmeter::ctl {
namespace {

constexpr char kNobodyTells[] = "- (no data)";

std::string TwoUnits(int64_t large, const char* large_unit, int64_t small, const char* small_unit) {
  if (small == 0) return fmt::format("{} {}", large, large_unit);
  return fmt::format("{} {} {} {}", large, large_unit, small, small_unit);
}

std::optional<int64_t> OldestWait(const v1::PoolDemand& demand) {
  return demand.has_oldest_wait_seconds() ? std::optional(demand.oldest_wait_seconds())
                                          : std::nullopt;
}

// "8 chips (h9000)" of those whose worth is not known; empty if there are none.
std::string UncountedText(const v1::PoolDemand& demand, bool with_kinds) {
  int64_t micro_chips = 0;
  std::string kinds;
  for (const v1::UncountedChips& uncounted : demand.uncounted()) {
    micro_chips += uncounted.micro_chips();
    kinds += (kinds.empty() ? "" : ", ") + Printable(uncounted.chip());
  }
  if (micro_chips == 0) return "";
  const std::string chips = ChipsOfMicro(micro_chips) + " chips";
  return with_kinds ? fmt::format("{} ({})", chips, kinds) : chips;
}

std::string Added(const std::string& amount, const std::string& uncounted) {
  return uncounted.empty() ? amount : amount + " + " + uncounted;
}

}  // namespace

std::string WaitText(std::optional<int64_t> seconds) {
  constexpr int64_t kMinuteSeconds = 60;
  constexpr int64_t kHourSeconds = 3'600;
  constexpr int64_t kDaySeconds = 86'400;
  if (!seconds) return kUnknown;
  if (*seconds < kMinuteSeconds) return fmt::format("{} s", *seconds);
  if (*seconds < kHourSeconds) return fmt::format("{} min", *seconds / kMinuteSeconds);
  if (*seconds < kDaySeconds) {
    return TwoUnits(*seconds / kHourSeconds, "h", *seconds % kHourSeconds / kMinuteSeconds, "min");
  }
  return TwoUnits(*seconds / kDaySeconds, "d", *seconds % kDaySeconds / kHourSeconds, "h");
}

std::string DemandAmount(const v1::Pool& pool) {
  if (!pool.has_demand()) return kUnknown;
  return Added(Amount(pool.demand().h100e()), UncountedText(pool.demand(), false));
}

std::string OldestWaitText(const v1::Pool& pool) {
  return pool.has_demand() ? WaitText(OldestWait(pool.demand())) : kUnknown;
}

std::string DemandSentence(const v1::Pool& pool) {
  if (!pool.has_demand()) return kNobodyTells;
  const v1::PoolDemand& demand = pool.demand();
  if (demand.requests() == 0) return "nothing waits";
  std::string text = fmt::format(
      "{} in {} requests", Added(Amount(demand.h100e()) + " H100e", UncountedText(demand, true)),
      demand.requests());
  if (const auto oldest = OldestWait(demand)) text += ", the oldest for " + WaitText(oldest);
  if (demand.has_median_wait_seconds()) {
    text += fmt::format(", half of them for {} or longer", WaitText(demand.median_wait_seconds()));
  }
  return text;
}

std::string ServableText(const v1::Pool& pool) {
  if (!pool.has_demand()) return kNobodyTells;
  const v1::PoolDemand& demand = pool.demand();
  if (demand.requests() == 0) return "nothing waits";
  if (!demand.has_servable_h100e()) return "unknown";
  const std::string own = Amount(demand.servable_h100e()) + " H100e within the headroom";
  if (!demand.has_servable_by_borrowing_h100e()) return own;
  return fmt::format("{}, {} H100e by borrowing", own,
                     Amount(demand.servable_by_borrowing_h100e()));
}

}  // namespace fleetmeter::ctl
