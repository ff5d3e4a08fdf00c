// What a model's serving costs less for each unit of work than before: the gain in efficiency of
// GLOSSARY.md. Pure.
//
// A unit is a weighted token (serving_cost.h), or a request where tokens are not told of all
// requests. Costs are allocated costs: chip-time at the prices that the catalog named when it was
// booked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/view/window_margin.h"

namespace fleetmeter {

// What one model served on the known days of a window, and what that cost.
struct ServedWork {
  int64_t requests = 0;
  // In parts of a token, outcomes::TokenWeights. Nothing: of some requests nobody told the tokens.
  std::optional<absl::int128> weighted_tokens;
  // Nothing: a chip that serves it has no price, or nobody named the chips that do.
  std::optional<int64_t> cost_micro_usd;
};
// OutOfRange if a sum leaves 64 bits. `period` is what `facts` make on the basis of allocated cost.
absl::StatusOr<ServedWork> WorkOfModel(const std::string& model, const WindowFacts& facts,
                                       const outcomes::Period& period,
                                       const outcomes::TokenWeights& weights);

struct EfficiencyGain {
  std::string_view unit;  // "weighted token" or "request"
  double usd_per_unit_before = 0;
  double usd_per_unit_since = 0;
  double units_since = 0;
  // (usd_per_unit_before - usd_per_unit_since) x units_since. Below 0: it costs more than before.
  int64_t micro_usd = 0;
};
// Nothing where one of the two has no requests or no known cost; `why` says so in whole sentences.
// OutOfRange if the gain leaves 64 bits.
absl::StatusOr<std::optional<EfficiencyGain>> GainSince(const ServedWork& before,
                                                        const ServedWork& since,
                                                        std::vector<std::string>* why);

}  // namespace fleetmeter
