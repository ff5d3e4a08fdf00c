#include "daemon/ingest/decode_demand.h"

#include <fmt/format.h>

#include <string>
#include <tuple>
#include <utility>

#include "daemon/ingest/decode_label.h"

namespace fleetmeter {
namespace {

// With these the sums of 900,000 reports fit 64 bits.
constexpr int64_t kMostWaitingMicroChips = 10'000'000 * kMicroChipsPerChip;
constexpr int64_t kMostRequests = 10'000'000;
constexpr int64_t kLongestWaitSeconds = 1'000'000'000;

std::optional<Rejection> WrongDemand(RejectReason reason, std::string field, std::string detail) {
  return Rejection{reason, std::move(field), std::move(detail)};
}

std::optional<Rejection> CheckWaitingLabels(const v1::Waiting& wire) {
  const std::pair<const std::string*, const char*> labels[] = {{&wire.pool(), "pool"},
                                                               {&wire.team(), "team"},
                                                               {&wire.workload(), "workload"},
                                                               {&wire.chip(), "chip"},
                                                               {&wire.reason(), "reason"}};
  for (const auto& [value, name] : labels) {
    if (auto bad = CheckLabel(*value, name)) return bad;
  }
  if (!wire.pool().empty()) return std::nullopt;
  return WrongDemand(RejectReason::kMalformed, "pool", "pool is missing; expected one of the plan");
}

std::optional<Rejection> CheckWaitingAmounts(const v1::Waiting& wire) {
  const std::tuple<int64_t, int64_t, int64_t, const char*> amounts[] = {
      {wire.micro_chips(), 1, kMostWaitingMicroChips, "micro_chips"},
      {wire.requests(), 1, kMostRequests, "requests"},
      {wire.oldest_wait_seconds(), 0, kLongestWaitSeconds, "oldest_wait_seconds"},
      {wire.median_wait_seconds(), 0, kLongestWaitSeconds, "median_wait_seconds"}};
  for (const auto& [value, least, most, name] : amounts) {
    if (value >= least && value <= most) continue;
    return WrongDemand(RejectReason::kBadMeasure, name,
                       fmt::format("{} is {}; expected {} to {}", name, value, least, most));
  }
  if (!wire.has_median_wait_seconds()) return std::nullopt;
  if (!wire.has_oldest_wait_seconds()) {
    return WrongDemand(RejectReason::kMalformed, "oldest_wait_seconds",
                       "oldest_wait_seconds is missing; expected with median_wait_seconds");
  }
  if (wire.median_wait_seconds() <= wire.oldest_wait_seconds()) return std::nullopt;
  return WrongDemand(RejectReason::kBadMeasure, "median_wait_seconds",
                     fmt::format("the median wait is {} s and the oldest {} s; expected the median "
                                 "to be at most that",
                                 wire.median_wait_seconds(), wire.oldest_wait_seconds()));
}

std::optional<Rejection> CheckWaitCounts(const v1::Waiting& wire) {
  if (wire.requests_by_wait_size() == 0 && !wire.has_total_wait_seconds()) return std::nullopt;
  constexpr int kClasses = static_cast<int>(kWaitBoundsSeconds.size()) + 1;
  if (wire.requests_by_wait_size() != kClasses || !wire.has_total_wait_seconds()) {
    return WrongDemand(RejectReason::kMalformed, "requests_by_wait",
                       fmt::format("{} counts and {} total_wait_seconds; expected {} and one, or "
                                   "neither",
                                   wire.requests_by_wait_size(),
                                   wire.has_total_wait_seconds() ? "one" : "no", kClasses));
  }
  int64_t counted = 0;
  for (const int64_t count : wire.requests_by_wait()) {
    if (count < 0 || count > wire.requests() - counted) {
      return WrongDemand(RejectReason::kBadMeasure, "requests_by_wait",
                         fmt::format("a count is {}; expected counts from 0 that add up to at most "
                                     "the {} requests",
                                     count, wire.requests()));
    }
    counted += count;
  }
  const int64_t most = counted * kLongestWaitSeconds;
  const int64_t total = wire.total_wait_seconds();
  if (total >= 0 && total <= most) return std::nullopt;
  return WrongDemand(RejectReason::kBadMeasure, "total_wait_seconds",
                     fmt::format("total_wait_seconds is {}; expected 0 to {}", total, most));
}

std::optional<WaitCounts> ToWaitCounts(const v1::Waiting& wire) {
  if (wire.requests_by_wait_size() == 0) return std::nullopt;
  WaitCounts waits;
  for (size_t i = 0; i < waits.requests.size(); ++i) {
    waits.requests[i] = wire.requests_by_wait(static_cast<int>(i));
  }
  waits.total_seconds = static_cast<double>(wire.total_wait_seconds());
  return waits;
}

WaitingWork ToWaiting(const v1::Waiting& wire) {
  WaitingWork waiting;
  waiting.pool = wire.pool();
  waiting.team = wire.team();
  waiting.workload = wire.workload();
  waiting.chip = wire.chip();
  waiting.reason = wire.reason();
  waiting.micro_chips = wire.micro_chips();
  waiting.requests = wire.requests();
  if (wire.has_oldest_wait_seconds()) waiting.oldest_wait_seconds = wire.oldest_wait_seconds();
  if (wire.has_median_wait_seconds()) waiting.median_wait_seconds = wire.median_wait_seconds();
  waiting.waits = ToWaitCounts(wire);
  return waiting;
}

std::optional<Rejection> CheckSpokenFor(const v1::Demand& wire) {
  if (auto bad = CheckLabel(wire.scheduler(), "scheduler")) return bad;
  const std::pair<int, const char*> sizes[] = {{wire.pools_size(), "pools"},
                                               {wire.waiting_size(), "waiting"}};
  for (const auto& [size, name] : sizes) {
    if (size <= kMaxDemandEntries) continue;
    return WrongDemand(RejectReason::kMalformed, name,
                       fmt::format("{} entries; expected at most {}", size, kMaxDemandEntries));
  }
  for (int i = 0; i < wire.pools_size(); ++i) {
    if (auto bad = CheckLabel(wire.pools(i), "")) {
      bad->field = fmt::format("pools[{}]", i);
      return bad;
    }
  }
  return std::nullopt;
}

std::optional<Rejection> DecodeWaiting(const v1::Waiting& wire, int64_t& micro_chips,
                                       Demand& demand) {
  if (auto bad = CheckWaitingLabels(wire)) return bad;
  if (auto bad = CheckWaitingAmounts(wire)) return bad;
  if (auto bad = CheckWaitCounts(wire)) return bad;
  micro_chips += wire.micro_chips();
  if (micro_chips > kMostWaitingMicroChips) {
    return WrongDemand(RejectReason::kBadMeasure, "micro_chips",
                       fmt::format("what waits adds up to more than {} chips; expected at most "
                                   "that in a report",
                                   kMostWaitingMicroChips / kMicroChipsPerChip));
  }
  demand.waiting.push_back(ToWaiting(wire));
  return std::nullopt;
}

std::optional<Rejection> DecodeOne(const v1::Demand& wire, int64_t& micro_chips, Demand& demand) {
  if (auto bad = CheckSpokenFor(wire)) return bad;
  demand.scheduler = wire.scheduler();
  demand.pools.assign(wire.pools().begin(), wire.pools().end());
  for (int i = 0; i < wire.waiting_size(); ++i) {
    if (auto bad = DecodeWaiting(wire.waiting(i), micro_chips, demand)) {
      bad->field = fmt::format("waiting[{}].{}", i, bad->field);
      return bad;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Rejection> DecodeDemand(const v1::UsageReport& wire, std::vector<Demand>& demand) {
  if (wire.demand_size() > kMaxDemandsPerReport) {
    return WrongDemand(RejectReason::kMalformed, "demand",
                       fmt::format("{} schedulers; expected at most {}", wire.demand_size(),
                                   kMaxDemandsPerReport));
  }
  int64_t micro_chips = 0;  // cannot overflow: each entry is bounded, and checked before the next
  for (int i = 0; i < wire.demand_size(); ++i) {
    if (auto bad = DecodeOne(wire.demand(i), micro_chips, demand.emplace_back())) {
      bad->field = fmt::format("demand[{}].{}", i, bad->field);
      return bad;
    }
  }
  return std::nullopt;
}

}  // namespace fleetmeter
