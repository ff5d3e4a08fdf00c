#include "daemon/domain/outcomes/margin.h"

#include <limits>

#include "absl/numeric/int128.h"
#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

constexpr double kMicro = 1e6;

absl::Status AddTo(int64_t value, std::string_view what, int64_t* sum) {
  if (!__builtin_add_overflow(*sum, value, sum)) return absl::OkStatus();
  return absl::OutOfRangeError(
      fmt::format("{} add up to more than 64 bits hold; expected less", what));
}

// value x numerator / denominator, to the nearest, halves away from 0. denominator > 0.
absl::int128 Scale(int64_t value, int64_t numerator, int64_t denominator) {
  const absl::int128 product = absl::int128(value) * numerator;
  const absl::int128 half = denominator / 2;
  return (product < 0 ? product - half : product + half) / denominator;
}

std::optional<int64_t> Narrow(absl::int128 value) {
  if (value > std::numeric_limits<int64_t>::max() || value < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value);
}

// A segment in both periods; one that it was not in has no requests and no money.
struct Pair {
  Sales before;
  Sales after;
};

std::map<Segment, Pair> PairUp(const Period& before, const Period& after,
                               std::vector<Segment>* left_out) {
  const Sales nothing{.revenue_micro_usd = 0, .cost_micro_usd = 0};
  std::map<Segment, Pair> pairs;
  for (const auto& [segment, sales] : before) pairs[segment] = {sales, nothing};
  for (const auto& [segment, sales] : after) {
    const auto [it, is_new] = pairs.try_emplace(segment, Pair{nothing, nothing});
    it->second.after = sales;
  }
  std::erase_if(pairs, [&](const auto& entry) {
    const bool known = entry.second.before.known() && entry.second.after.known();
    if (!known) left_out->push_back(entry.first);
    return !known;
  });
  return pairs;
}

double PerRequest(int64_t micro_usd, int64_t requests) {
  return static_cast<double>(micro_usd) / kMicro / static_cast<double>(requests);
}

// Sums of one of the two periods over the pairs.
absl::StatusOr<Margin> TotalOf(const std::map<Segment, Pair>& pairs, Sales Pair::* period) {
  Margin margin;
  for (const auto& [segment, pair] : pairs) {
    if (absl::Status status = margin.Add(pair.*period); !status.ok()) return status;
  }
  return margin;
}

}  // namespace

absl::Status Margin::Add(const Sales& sales) {
  Margin one;
  if (__builtin_add_overflow(sales.requests, sales.requests_of_other_time, &one.requests)) {
    return absl::OutOfRangeError("requests add up to more than 64 bits hold; expected less");
  }
  if (sales.known()) {
    // Of known segments only, so that revenue, cost and volume are of the same requests.
    one.known_requests = sales.requests;
    one.revenue_micro_usd = *sales.revenue_micro_usd;
    one.cost_micro_usd = *sales.cost_micro_usd;
    one.subscription_micro_usd = sales.subscription_micro_usd;
  }
  return Add(one);
}

absl::Status Margin::Add(const Margin& other) {
  const struct {
    std::string_view what;
    int64_t Margin::* sum;
  } kSums[] = {{"requests", &Margin::requests},
               {"requests", &Margin::known_requests},
               {"revenues", &Margin::revenue_micro_usd},
               {"costs", &Margin::cost_micro_usd},
               {"subscriptions", &Margin::subscription_micro_usd}};
  for (const auto& [what, sum] : kSums) {
    if (absl::Status status = AddTo(other.*sum, what, &(this->*sum)); !status.ok()) return status;
  }
  if (__builtin_sub_overflow(revenue_micro_usd, cost_micro_usd, &margin_micro_usd)) {
    return absl::OutOfRangeError("a margin is more than 64 bits hold; expected less");
  }
  return absl::OkStatus();
}

std::optional<double> Margin::usd_per_request() const {
  if (known_requests <= 0) return std::nullopt;
  return PerRequest(margin_micro_usd, known_requests);
}

absl::StatusOr<Margin> Total(const Period& period) {
  Margin total;
  for (const auto& [segment, sales] : period) {
    if (absl::Status status = total.Add(sales); !status.ok()) return status;
  }
  return total;
}

double MarginChange::mix_usd_per_request() const {
  return PerRequest(mix_micro_usd, requests_after);
}
double MarginChange::price_usd_per_request() const {
  return PerRequest(price_micro_usd, requests_after);
}
double MarginChange::cost_usd_per_request() const {
  return PerRequest(cost_micro_usd, requests_after);
}

absl::StatusOr<MarginChange> ExplainChange(const Period& before, const Period& after) {
  MarginChange out;
  const std::map<Segment, Pair> pairs = PairUp(before, after, &out.left_out);
  const auto was = TotalOf(pairs, &Pair::before);
  if (!was.ok()) return was.status();
  const auto is = TotalOf(pairs, &Pair::after);
  if (!is.ok()) return is.status();
  if (was->known_requests <= 0 || is->known_requests <= 0) {
    return absl::FailedPreconditionError(fmt::format(
        "no requests whose revenue and cost are known {}; expected some in both periods",
        was->known_requests <= 0 ? "before" : "after"));
  }
  // What the margin would be at the old margin per request and the new volume, over all and segment
  // by segment. Each is rounded once and used on both sides of it, so that the parts add up.
  const absl::int128 at_new_volume =
      Scale(was->margin_micro_usd, is->known_requests, was->known_requests);
  absl::int128 mix = -at_new_volume;
  absl::int128 price = 0;
  absl::int128 cost = 0;
  for (const auto& [segment, pair] : pairs) {
    if (pair.before.requests <= 0) {
      // Money without requests, before or in a segment that is new, moved with the mix.
      mix += pair.after.margin_micro_usd();
      continue;
    }
    const absl::int128 revenue =
        Scale(*pair.before.revenue_micro_usd, pair.after.requests, pair.before.requests);
    const absl::int128 costs =
        Scale(*pair.before.cost_micro_usd, pair.after.requests, pair.before.requests);
    mix += revenue - costs;
    price += *pair.after.revenue_micro_usd - revenue;
    cost -= *pair.after.cost_micro_usd - costs;
  }
  const auto change = Narrow(absl::int128(is->margin_micro_usd) - was->margin_micro_usd);
  const auto volume = Narrow(at_new_volume - was->margin_micro_usd);
  const auto narrow_mix = Narrow(mix);
  const auto narrow_price = Narrow(price);
  const auto narrow_cost = Narrow(cost);
  if (!change || !volume || !narrow_mix || !narrow_price || !narrow_cost) {
    return absl::OutOfRangeError("a part of the change is more than 64 bits hold; expected less");
  }
  out.change_micro_usd = *change;
  out.volume_micro_usd = *volume;
  out.mix_micro_usd = *narrow_mix;
  out.price_micro_usd = *narrow_price;
  out.cost_micro_usd = *narrow_cost;
  out.requests_before = was->known_requests;
  out.requests_after = is->known_requests;
  out.usd_per_request_before = PerRequest(was->margin_micro_usd, was->known_requests);
  out.usd_per_request_after = PerRequest(is->margin_micro_usd, is->known_requests);
  return out;
}

std::optional<bool> Declined(const Margin& before, const Margin& after) {
  if (before.known_requests <= 0 || after.known_requests <= 0) return std::nullopt;
  return absl::int128(after.margin_micro_usd) * before.known_requests <
         absl::int128(before.margin_micro_usd) * after.known_requests;
}

}  // namespace fleetmeter::outcomes
