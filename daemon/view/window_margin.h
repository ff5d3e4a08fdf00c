// What the ledger knows of a window, as the period whose margin is reviewed. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/chip_cost.h"
#include "daemon/domain/outcomes/margin.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/ledger/read/read_model_usage.h"
#include "daemon/ledger/read/read_outcomes.h"

namespace fleetmeter {

// What the ledger knows of a window, each model's on the days that are known of it.
struct WindowFacts {
  std::vector<SegmentSum> segments;
  std::vector<ServingSum> serving;
  std::vector<ServedBy> served_by;
  std::map<std::string, int64_t> subscriptions;  // micro-USD that accrued, by customer tier
  std::set<std::string> unknown_models;          // of which no day is known
};

struct WindowPeriod {
  outcomes::Period period;
  // Of which no day is known, be it that somebody is still to tell, or that they have ended.
  std::set<std::string> unknown_models;
  // Of chip-time that nobody named a model for, and of models without any request. Nothing: some of
  // it has no price.
  std::optional<int64_t> unattributed_cost_micro_usd;
  int64_t subscription_micro_usd = 0;               // all that accrued
  int64_t unattributed_subscription_micro_usd = 0;  // of it: tiers without requests
};

// Segments of which nothing is left after corrections are none. Of models of which no day is known
// nothing is known but requests of other time. Revenue of a segment is known if no
// request of it was unpriced, its cost if all chip-time of its model has a price and there is some.
// A model's cost goes to its segments by weighted tokens, or by requests where tokens are missing.
// Costs that are known and the unattributed one add up to what all chip-time cost, but for the
// rounding of each model's. OutOfRange if a sum leaves its type.
absl::StatusOr<WindowPeriod> MakePeriod(const WindowFacts& facts, outcomes::CostBasis basis,
                                        const outcomes::TokenWeights& weights);

}  // namespace fleetmeter
