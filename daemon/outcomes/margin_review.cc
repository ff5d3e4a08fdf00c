#include "daemon/outcomes/margin_review.h"

#include <map>
#include <set>

#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

using Scope = MarginLine::Scope;
using Named = std::map<Segment, Margin>;  // "" where the scope has no model or customer tier

absl::StatusOr<Named> Margins(const Period& period, Scope scope) {
  Named margins;
  for (const auto& [segment, sales] : period) {
    const Segment key = {
        scope == Scope::kModel || scope == Scope::kSegment ? segment.model : "",
        scope == Scope::kCustomerTier || scope == Scope::kSegment ? segment.customer_tier : ""};
    if (absl::Status status = margins[key].Add(sales); !status.ok()) return status;
  }
  return margins;
}

std::optional<Margin> Get(const Named& margins, const Segment& key) {
  const auto found = margins.find(key);
  return found == margins.end() ? std::nullopt : std::optional(found->second);
}

std::optional<double> PerRequest(const std::optional<Margin>& margin) {
  return margin ? margin->usd_per_request() : std::nullopt;
}

// Shares of the total, and what margin per request alone would hide.
void Relate(const Margin& total, const VolumeRule& rule, MarginLine* line) {
  if (!line->after) return;
  if (total.requests > 0) {
    line->request_share =
        static_cast<double>(line->after->requests) / static_cast<double>(total.requests);
  }
  if (total.margin_micro_usd > 0 && line->after->known_requests > 0) {
    line->margin_share = static_cast<double>(line->after->margin_micro_usd) /
                         static_cast<double>(total.margin_micro_usd);
  }
  const auto own = line->after->usd_per_request();
  const auto average = total.usd_per_request();
  if (!own || !average || line->scope == Scope::kTotal) return;
  line->much_volume_below_average = *own < *average && line->request_share >= rule.much;
  line->high_margin_little_volume = *own > *average && line->request_share <= rule.little;
}

MarginLine MakeLine(Scope scope, const Segment& key, const Named& before, const Named& after) {
  MarginLine line;
  line.scope = scope;
  line.model = key.model;
  line.customer_tier = key.customer_tier;
  line.before = Get(before, key);
  line.after = Get(after, key);
  if (line.before && line.after) line.declined = Declined(*line.before, *line.after);
  const auto was = PerRequest(line.before);
  const auto is = PerRequest(line.after);
  if (was && is && *was > 0) line.change_ratio = (*is - *was) / *was;
  return line;
}

std::string UsdText(double usd) {
  return usd < 0 ? fmt::format("-${:.6f}", -usd) : fmt::format("${:.6f}", usd);
}

std::string Why(const MarginLine& line) {
  return fmt::format(
      "margin per request of {} fell from {} to {} year over year, on {} requests ({:.1f}% of all)",
      line.Name(), UsdText(*PerRequest(line.before)), UsdText(*PerRequest(line.after)),
      line.after->known_requests, line.request_share * 100);
}

}  // namespace

std::string MarginLine::Name() const {
  switch (scope) {
    case Scope::kTotal:
      return "the total";
    case Scope::kModel:
      return fmt::format("model {}", model);
    case Scope::kCustomerTier:
      return fmt::format("customer tier {}", customer_tier);
    case Scope::kSegment:
      return fmt::format("model {}, customer tier {}", model, customer_tier);
  }
  return "unknown";
}

absl::StatusOr<MarginReview> ReviewMargin(const Period& before, const Period& after,
                                          const VolumeRule& rule) {
  MarginReview review;
  Margin total;
  for (const Scope scope : {Scope::kTotal, Scope::kModel, Scope::kCustomerTier, Scope::kSegment}) {
    const auto was = Margins(before, scope);
    if (!was.ok()) return was.status();
    const auto is = Margins(after, scope);
    if (!is.ok()) return is.status();
    if (scope == Scope::kTotal && !is->empty()) total = is->begin()->second;
    std::set<Segment> keys;
    for (const auto& [key, margin] : *was) keys.insert(key);
    for (const auto& [key, margin] : *is) keys.insert(key);
    for (const Segment& key : keys) {
      MarginLine line = MakeLine(scope, key, *was, *is);
      Relate(total, rule, &line);
      if (line.declined.value_or(false)) review.due.push_back(Why(line));
      review.lines.push_back(std::move(line));
    }
  }
  if (auto change = ExplainChange(before, after); change.ok()) {
    review.change = *std::move(change);
  } else if (!absl::IsFailedPrecondition(change.status())) {
    return change.status();
  }
  return review;
}

}  // namespace fleetmeter::outcomes
