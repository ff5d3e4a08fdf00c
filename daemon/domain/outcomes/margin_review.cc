#include "daemon/domain/outcomes/margin_review.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "daemon/base/text.h"
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

MarginLine MakeLine(Scope scope, const Segment& key, const std::optional<Margin>& before,
                    const std::optional<Margin>& after, const std::optional<Margin>& compared) {
  MarginLine line;
  line.scope = scope;
  line.model = key.model;
  line.customer_tier = key.customer_tier;
  line.before = before;
  line.after = after;
  line.compared = compared;
  if (line.before && line.compared) line.declined = Declined(*line.before, *line.compared);
  const auto was = PerRequest(line.before);
  const auto is = PerRequest(line.compared);
  if (was && is && *was > 0) line.change_ratio = (*is - *was) / *was;
  return line;
}

std::string UsdText(double usd) {
  return usd < 0 ? fmt::format("-${:.6f}", -usd) : fmt::format("${:.6f}", usd);
}

// Of all requests, the part that a line's change speaks for.
double SpokenFor(const MarginLine& line) {
  if (!line.after || line.after->requests <= 0) return 0;
  return line.request_share * static_cast<double>(line.compared->known_requests) /
         static_cast<double>(line.after->requests);
}

std::string Why(const MarginLine& line) {
  return fmt::format(
      "margin per request of {} fell from {} to {} year over year, on {} requests ({:.1f}% of all)",
      line.Name(), UsdText(*PerRequest(line.before)), UsdText(*PerRequest(line.compared)),
      Grouped(std::to_string(line.compared->known_requests)), 100 * SpokenFor(line));
}

// See MarginReview::declined_request_share.
std::optional<double> DeclinedShare(const std::vector<MarginLine>& lines) {
  double judged = 0;
  double declined = 0;
  for (const MarginLine& line : lines) {
    if (line.scope != Scope::kSegment || !line.declined) continue;
    const auto requests = static_cast<double>(line.compared->known_requests);
    judged += requests;
    if (*line.declined) declined += requests;
  }
  return judged > 0 ? std::optional(declined / judged) : std::nullopt;
}

constexpr double kMostRequests = 0.5;

constexpr char kOverflow[] = "overflow";

// The names of the line that others of a scope are merged into.
Segment OverflowOf(Scope scope) {
  return {scope == Scope::kCustomerTier ? "" : kOverflow, scope == Scope::kModel ? "" : kOverflow};
}

int64_t RequestsOf(const MarginLine& line) {
  // Sums of both periods may leave 64 bits; halves cannot, and order alike.
  return (line.before ? line.before->requests / 2 : 0) +
         (line.after ? line.after->requests / 2 : 0);
}

absl::Status AddTo(const std::optional<Margin>& part, std::optional<Margin>* sum) {
  if (!part) return absl::OkStatus();
  if (!*sum) *sum = Margin();
  return (*sum)->Add(*part);
}

// The lines of one scope, the most requested ones in their order and then the merged one.
absl::StatusOr<std::vector<MarginLine>> LimitScope(std::vector<MarginLine> lines, size_t most,
                                                   const VolumeRule& rule, const Margin& total,
                                                   size_t* merged) {
  if (lines.size() <= most) return lines;
  const Segment overflow = OverflowOf(lines.front().scope);
  std::vector<size_t> order(lines.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return RequestsOf(lines[a]) > RequestsOf(lines[b]); });
  std::vector<bool> keep(lines.size(), false);
  // One place is the merged line's.
  for (size_t i = 0; i + 1 < most; ++i) keep[order[i]] = true;
  std::vector<MarginLine> out;
  std::optional<Margin> before;
  std::optional<Margin> after;
  std::optional<Margin> compared;
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool is_overflow = Segment{lines[i].model, lines[i].customer_tier} == overflow;
    if (keep[i] && !is_overflow) {
      out.push_back(std::move(lines[i]));
      continue;
    }
    ++*merged;
    if (auto status = AddTo(lines[i].before, &before); !status.ok()) return status;
    if (auto status = AddTo(lines[i].after, &after); !status.ok()) return status;
    if (auto status = AddTo(lines[i].compared, &compared); !status.ok()) return status;
  }
  MarginLine line = MakeLine(lines.front().scope, overflow, before, after, compared);
  line.merged = true;
  Relate(total, rule, &line);
  out.push_back(std::move(line));
  return out;
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
                                          const Period& compared, const VolumeRule& rule) {
  MarginReview review;
  Margin total;
  for (const Scope scope : {Scope::kTotal, Scope::kModel, Scope::kCustomerTier, Scope::kSegment}) {
    const auto was = Margins(before, scope);
    if (!was.ok()) return was.status();
    const auto is = Margins(after, scope);
    if (!is.ok()) return is.status();
    const auto alike = Margins(compared, scope);
    if (!alike.ok()) return alike.status();
    if (scope == Scope::kTotal && !is->empty()) total = is->begin()->second;
    std::set<Segment> keys;
    for (const auto* margins : {&*was, &*is, &*alike}) {
      for (const auto& [key, margin] : *margins) keys.insert(key);
    }
    for (const Segment& key : keys) {
      MarginLine line = MakeLine(scope, key, Get(*was, key), Get(*is, key), Get(*alike, key));
      Relate(total, rule, &line);
      if (line.declined.value_or(false)) review.due.push_back(Why(line));
      review.lines.push_back(std::move(line));
    }
  }
  review.declined_request_share = DeclinedShare(review.lines);
  if (auto change = ExplainChange(before, compared); change.ok()) {
    review.change = *std::move(change);
  } else if (!absl::IsFailedPrecondition(change.status())) {
    return change.status();
  }
  return review;
}

std::optional<bool> ReviewDue(const MarginReview& review) {
  const auto total =
      std::find_if(review.lines.begin(), review.lines.end(),
                   [](const MarginLine& line) { return line.scope == Scope::kTotal; });
  const std::optional<bool> declined = total == review.lines.end() ? std::nullopt : total->declined;
  if (!declined && !review.declined_request_share) return std::nullopt;
  return declined.value_or(false) || review.declined_request_share.value_or(0) > kMostRequests;
}

absl::StatusOr<size_t> LimitLines(size_t most, const VolumeRule& rule, MarginReview* review) {
  std::map<Scope, std::vector<MarginLine>> scopes;
  Margin total;
  for (MarginLine& line : review->lines) {
    if (line.scope == Scope::kTotal && line.after) total = *line.after;
    scopes[line.scope].push_back(std::move(line));
  }
  review->lines.clear();
  size_t merged = 0;
  for (auto& [scope, lines] : scopes) {
    auto limited = LimitScope(std::move(lines), most, rule, total, &merged);
    if (!limited.ok()) return limited.status();
    std::move(limited->begin(), limited->end(), std::back_inserter(review->lines));
  }
  const size_t most_told = 3 * most;
  if (const size_t due = review->due.size(); due > most_told) {
    review->due.resize(most_told);
    review->due.push_back(fmt::format("and margin per request of {} more", due - most_told));
  }
  if (review->change && review->change->left_out.size() > most_told) {
    const size_t left_out = review->change->left_out.size() - most_told;
    review->change->left_out.resize(most_told);
    review->change->left_out.push_back({fmt::format("and {} more", left_out), ""});
  }
  return merged;
}

}  // namespace fleetmeter::outcomes
