#include "daemon/domain/capacity/rank_key.h"

#include <algorithm>
#include <compare>

namespace fleetmeter::capacity {
namespace {

struct Fraction {
  absl::int128 numerator = 0;
  absl::int128 denominator = 1;  // above 0
};

absl::int128 FloorOf(const Fraction& fraction) {
  const absl::int128 down = fraction.numerator / fraction.denominator;
  return fraction.numerator % fraction.denominator < 0 ? down - 1 : down;
}

// Exact where cross products would have no room: whole parts decide, or else the inverses of what
// is left do, the other way round. That is the algorithm of Euclid, so that it ends.
std::strong_ordering CompareFractions(Fraction a, Fraction b) {
  for (bool turned = false;; turned = !turned) {
    const absl::int128 whole_a = FloorOf(a);
    const absl::int128 whole_b = FloorOf(b);
    if (whole_a != whole_b) {
      return (whole_a < whole_b) != turned ? std::strong_ordering::less
                                           : std::strong_ordering::greater;
    }
    const absl::int128 rest_a = a.numerator - whole_a * a.denominator;
    const absl::int128 rest_b = b.numerator - whole_b * b.denominator;
    if (rest_a == 0 && rest_b == 0) return std::strong_ordering::equal;
    if (rest_a == 0 || rest_b == 0) {
      return (rest_a == 0) != turned ? std::strong_ordering::less : std::strong_ordering::greater;
    }
    a = {a.denominator, rest_a};
    b = {b.denominator, rest_b};
  }
}

// Less: `a` is served first.
std::strong_ordering CompareOwnersPlace(const RankKey& a, const RankKey& b) {
  if (a.owners_place && b.owners_place) return *a.owners_place <=> *b.owners_place;
  return b.owners_place.has_value() <=> a.owners_place.has_value();
}

std::strong_ordering CompareRoi(const RankKey& a, const RankKey& b) {
  if (!a.discounted_micro_usd || !b.discounted_micro_usd) {
    return b.discounted_micro_usd.has_value() <=> a.discounted_micro_usd.has_value();
  }
  return CompareFractions({*b.discounted_micro_usd, b.micro_h100e_hours},
                          {*a.discounted_micro_usd, a.micro_h100e_hours});
}

struct Decided {
  RankRule rule = RankRule::kId;
  std::strong_ordering order = std::strong_ordering::equal;
};

Decided Decide(const RankKey& a, const RankKey& b) {
  if (const auto order = a.nature <=> b.nature; order != 0) return {RankRule::kNature, order};
  if (const auto order = CompareOwnersPlace(a, b); order != 0) {
    return {RankRule::kOwnersOrder, order};
  }
  if (const auto order = CompareRoi(a, b); order != 0) return {RankRule::kRoi, order};
  if (const auto order = a.asked_unix_nanos <=> b.asked_unix_nanos; order != 0) {
    return {RankRule::kAge, order};
  }
  return {RankRule::kId, a.request_id <=> b.request_id};
}

}  // namespace

RankKey KeyOf(const CapacityRequest& request, const OwnersOrder* order) {
  const CapacityForm& form = request.form;
  RankKey key = {.nature = form.nature,
                 .owners_place = {},
                 .workload = form.workload,
                 .discounted_micro_usd = {},
                 // What rounds to nothing is no reason to divide by it.
                 .micro_h100e_hours = std::max<absl::int128>(
                     absl::int128(request.worth.micro_h100e) * form.hours, 1),
                 .asked_unix_nanos = request.asked_unix_nanos,
                 .request_id = form.request_id};
  if (form.nature == Nature::kGrowthBet && form.roi) {
    key.discounted_micro_usd = DiscountedMicroUsd(*form.roi);
  }
  if (order == nullptr) return key;
  const auto found = std::find(order->workloads.begin(), order->workloads.end(), form.workload);
  if (found != order->workloads.end()) {
    key.owners_place = static_cast<size_t>(found - order->workloads.begin());
  }
  return key;
}

const OwnersOrder* OrderFor(const CapacityBook& book, const CapacityRequest& request) {
  const auto found = book.orders().find({request.form.pool, request.form.nature});
  return found == book.orders().end() ? nullptr : &found->second;
}

RankRule RuleBetween(const RankKey& a, const RankKey& b) { return Decide(a, b).rule; }

bool ComesBefore(const RankKey& a, const RankKey& b) { return Decide(a, b).order < 0; }

}  // namespace fleetmeter::capacity
