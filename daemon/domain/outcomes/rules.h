// What outcomes are judged by, as the configuration's section `outcomes` says. Plain values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/base/day_zone.h"
#include "daemon/domain/outcomes/benchmark_suite.h"
#include "daemon/domain/outcomes/margin_review.h"
#include "daemon/domain/outcomes/price_book.h"

namespace fleetmeter::outcomes {

// What a token counts for when a model's cost is apportioned to customer tiers; parts per million,
// so that the arithmetic stays in integers.
struct TokenWeights {
  int64_t input = 1'000'000;  // not cached
  int64_t cached_input = 100'000;
  int64_t output = 5'000'000;

  friend bool operator==(const TokenWeights&, const TokenWeights&) = default;
};

// A trailing window: so many whole days, today included.
struct Window {
  std::string name;  // "28d"
  int64_t days = 0;

  friend bool operator==(const Window&, const Window&) = default;
};

inline constexpr int64_t kMaxWindowDays = 3'660;
// "quarter" (91 days), "year" (365 days) or days: "28d". Nothing: it is none of these.
std::optional<Window> ParseWindow(std::string_view name);

struct Rules {
  // Whose days and quarters outcomes are counted by.
  DayZone day_zone;
  PriceBook prices;
  std::optional<BenchmarkSuite> suite;  // nothing: no capability is worked out
  TokenWeights weights;
  std::vector<Window> windows = {{"28d", 28}, {"quarter", 91}, {"year", 365}};
  VolumeRule volume;
  // Most segments (model and customer tier) with metrics of their own; the rest are one,
  // "overflow".
  int64_t segment_series = 500;
  // Most segments that the books tell apart; the customer tiers beyond are booked as "overflow".
  int64_t segments = 100'000;
  // Types of workloads whose runs are post-training; the others are pre-training.
  std::set<std::string, std::less<>> post_training_types = {"posttrain", "rl", "sft", "finetune"};
};

}  // namespace fleetmeter::outcomes
