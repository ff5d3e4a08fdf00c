// Margin per inference request, by model and customer tier, and why it changed. Pure.
//
// Money is integer micro-USD, volume is requests. Whatever is divided is divided last; what cannot
// be divided (no requests) or is not known (no price, no cost) is nothing, never 0.
//
// Money may come without requests (a refund, chips that stood ready): it counts in the sums of
// which it is a part, and has no margin per request of its own. Requests may be below 0 where
// corrections of a window took away more than it had: the sums stay exact, and again nothing is
// divided by them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/segment.h"

namespace fleetmeter::outcomes {

// One segment in one period.
struct Sales {
  int64_t requests = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
  std::optional<int64_t> revenue_micro_usd = std::nullopt;  // nothing: the model has no price
  std::optional<int64_t> cost_micro_usd =
      std::nullopt;  // nothing: no chip time is known to serve it, or it has no price
  int64_t subscription_micro_usd = 0;  // of the revenue: what the customer tier pays by the month
  // Told of the period as well, for time that revenue and cost are not both told of yet. In none of
  // the above.
  int64_t requests_of_other_time = 0;

  bool known() const { return revenue_micro_usd && cost_micro_usd; }
  // Revenue less cost; 0 where either is not known (ask known()).
  int64_t margin_micro_usd() const { return known() ? *revenue_micro_usd - *cost_micro_usd : 0; }
};

using Period = std::map<Segment, Sales>;

// Margin of a set of segments. Only segments whose revenue and cost are known count as margin;
// `known_requests` of `requests` are theirs.
struct Margin {
  int64_t requests = 0;
  int64_t known_requests = 0;
  int64_t revenue_micro_usd = 0;  // of the known
  int64_t cost_micro_usd = 0;     // of the known
  int64_t margin_micro_usd = 0;
  int64_t subscription_micro_usd = 0;  // of the revenue

  // Nothing unless there are known requests.
  std::optional<double> usd_per_request() const;
  // OutOfRange if a sum leaves 64 bits; the margin is then good for nothing.
  absl::Status Add(const Sales& sales);
  absl::Status Add(const Margin& other);

  friend bool operator==(const Margin&, const Margin&) = default;
};

absl::StatusOr<Margin> Total(const Period& period);

// --- Why margin changed -------------------------------------------------------------------------

// The change of total margin from one period to the next, in parts that add up to it exactly:
//   volume: as many more requests at the margin there was
//   mix:    requests that moved between segments, at the margin the segments had; segments that
//           came or went are mix, and so is money of segments that had no requests before
//   price:  revenue per request of each segment, at its present volume
//   cost:   cost per request of each segment, likewise; less cost is a gain
// Of segments that are known in both periods, and of those there are in one only.
struct MarginChange {
  int64_t change_micro_usd = 0;
  int64_t volume_micro_usd = 0;
  int64_t mix_micro_usd = 0;
  int64_t price_micro_usd = 0;
  int64_t cost_micro_usd = 0;
  int64_t requests_before = 0;
  int64_t requests_after = 0;
  double usd_per_request_before = 0;
  double usd_per_request_after = 0;
  // Segments left out because their revenue or cost is not known in a period in which they served.
  std::vector<Segment> left_out;

  // Parts of the change per request, which has no volume effect.
  double mix_usd_per_request() const;
  double price_usd_per_request() const;
  double cost_usd_per_request() const;
};

// FailedPrecondition if there were no known requests in one of the periods; OutOfRange as above.
absl::StatusOr<MarginChange> ExplainChange(const Period& before, const Period& after);

// --- The rule -----------------------------------------------------------------------------------

// Margin per request is lower than in the period before: exactly, by cross-multiplication.
// Nothing if it is not known in one of the two.
std::optional<bool> Declined(const Margin& before, const Margin& after);

}  // namespace fleetmeter::outcomes
