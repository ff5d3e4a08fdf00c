// The framework's rule on margin: if margin per inference request declines year over year, research
// is to be prioritized. With the figures behind it, volume always beside them. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/margin.h"

namespace fleetmeter::outcomes {

// One line: the total, a model, a customer tier, or a segment.
struct MarginLine {
  enum class Scope { kTotal, kModel, kCustomerTier, kSegment };
  Scope scope = Scope::kTotal;
  std::string model;             // of kModel and kSegment
  std::string customer_tier;     // of kCustomerTier and kSegment
  std::optional<Margin> before;  // nothing: there was none of it
  std::optional<Margin> after;
  std::optional<Margin> compared;      // of after, what lies alike in before
  double request_share = 0;            // of all requests after
  std::optional<double> margin_share;  // of a positive total margin
  // From before to compared.
  std::optional<double> change_ratio;  // of margin per request; of a positive one before
  std::optional<bool> declined;        // nothing: not known in both periods
  // What margin per request alone would hide.
  bool much_volume_below_average = false;
  bool high_margin_little_volume = false;

  bool merged = false;  // of the rows that LimitLines left no room for

  // "total", "model opus", "customer tier free", "model opus, customer tier free".
  std::string Name() const;
};

struct VolumeRule {
  double much = 0.2;     // share of requests from which volume is much
  double little = 0.02;  // and up to which it is little
};

struct MarginReview {
  std::vector<MarginLine> lines;  // total, models, customer tiers, segments
  // Why the total changed. Nothing: no known requests in one of the periods.
  std::optional<MarginChange> change;
  // Of the requests of segments that can be judged, the part in segments that declined. Nothing:
  // none can be judged.
  std::optional<double> declined_request_share;
  std::vector<std::string> due;  // a sentence for each line that declined
};

// Whether the rule calls for a review: the total declined, or most requests are in segments that
// did, which a better mix may hide in the total. A few small segments that declined call for none.
// Nothing: neither can be told.
std::optional<bool> ReviewDue(const MarginReview& review);

// `before` is the same window a year earlier, and `compared` the part of `after` that lies alike:
// what changed is told of these two, and shares are of `after`.
absl::StatusOr<MarginReview> ReviewMargin(const Period& before, const Period& after,
                                          const Period& compared, const VolumeRule& rule);
inline absl::StatusOr<MarginReview> ReviewMargin(const Period& before, const Period& after,
                                                 const VolumeRule& rule) {
  return ReviewMargin(before, after, after, rule);
}

// Keeps at most `most` (at least 1) lines of each scope: those with most requests, in both periods
// together. The others of a scope become one line, whose names are "overflow". Sentences and
// segments that were left out of the change, beyond as many for each of three scopes, are told as a
// number. Returns how many lines were merged.
absl::StatusOr<size_t> LimitLines(size_t most, const VolumeRule& rule, MarginReview* review);

}  // namespace fleetmeter::outcomes
