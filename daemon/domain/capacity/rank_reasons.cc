// Why a request stands where it stands, in a sentence.
#include <string_view>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/rank_key.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

// Of the other request and of the one that is explained; both complete "which ..." and "this one".
struct Clauses {
  std::string other;
  std::string self;
};

std::string_view NatureText(Nature nature) {
  switch (nature) {
    case Nature::kCritical:
      return "is critical";
    case Nature::kCompanyGoal:
      return "is for a goal of the company";
    case Nature::kGrowthBet:
      return "is a growth bet";
  }
  return "";
}

std::string PlaceText(const RankKey& key) {
  if (!key.owners_place) return fmt::format("serves {}, which is not in it", Quoted(key.workload));
  return fmt::format("serves {}, number {} in it", Quoted(key.workload), *key.owners_place + 1);
}

std::string OwnersPlaceText(const RankKey& key) {
  if (!key.owners_place) {
    return fmt::format("serves {}, which is not in the order of the pool's owner",
                       Quoted(key.workload));
  }
  return fmt::format("serves {}, number {} in the order of the pool's owner", Quoted(key.workload),
                     *key.owners_place + 1);
}

// To people a double is exact enough, and more decimals tell near ones apart.
std::string RoiText(const RankKey& key, int decimals) {
  if (!key.discounted_micro_usd) return "";
  return fmt::format(
      "{:.{}f} USD",
      static_cast<double>(*key.discounted_micro_usd) / static_cast<double>(key.micro_h100e_hours),
      decimals);
}

Clauses RoiClauses(const RankKey& other, const RankKey& self) {
  constexpr int kMostDecimals = 12;
  int decimals = 2;
  while (decimals < kMostDecimals && RoiText(other, decimals) == RoiText(self, decimals)) {
    decimals += 2;
  }
  const auto text = [&](const RankKey& key, const char* unit) {
    return key.discounted_micro_usd ? fmt::format("brings {}{}", RoiText(key, decimals), unit)
                                    : std::string("does not say what it brings");
  };
  constexpr auto kUnit = " for each H100e-hour, counted on";
  // The unit goes with the number that is told first.
  return {text(other, kUnit), text(self, other.discounted_micro_usd ? "" : kUnit)};
}

// With parts of a second only where it takes them.
Clauses AgeClauses(const RankKey& other, const RankKey& self) {
  const int64_t other_second = other.asked_unix_nanos / kNanosPerSecond;
  const int64_t self_second = self.asked_unix_nanos / kNanosPerSecond;
  const bool exact = other_second == self_second;
  const auto text = [&](int64_t nanos, int64_t second) {
    return fmt::format("was asked for at {}", exact ? UtcText(nanos) : TimeText(second));
  };
  return {text(other.asked_unix_nanos, other_second), text(self.asked_unix_nanos, self_second)};
}

Clauses ClausesOf(RankRule rule, const RankKey& other, const RankKey& self) {
  switch (rule) {
    case RankRule::kNature:
      return {std::string(NatureText(other.nature)), std::string(NatureText(self.nature))};
    case RankRule::kOwnersOrder:
      return {OwnersPlaceText(other), PlaceText(self)};
    case RankRule::kRoi:
      return RoiClauses(other, self);
    case RankRule::kAge:
      return AgeClauses(other, self);
    case RankRule::kFirst:
    case RankRule::kId:
      break;
  }
  return {"was asked for at the same moment", "has an id that is later in the alphabet"};
}

std::string Sentence(std::string_view beginning, const RankKey& other, Clauses clauses) {
  return fmt::format("{} {}, which {}; this one {}.", beginning, other.request_id, clauses.other,
                     clauses.self);
}

}  // namespace

std::string WhyItFollows(const RankKey& before, const RankKey& self) {
  return Sentence("It follows", before, ClausesOf(RuleBetween(before, self), before, self));
}

std::string WhyItIsFirst(const RankKey& self, const RankKey& after) {
  const RankRule rule = RuleBetween(self, after);
  Clauses clauses = ClausesOf(rule, after, self);
  if (rule == RankRule::kId) clauses.self = "has an id that is earlier in the alphabet";
  return Sentence("It is first, before", after, std::move(clauses));
}

}  // namespace fleetmeter::capacity
