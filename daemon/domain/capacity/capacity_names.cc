// The names of files, messages and metrics.
#include <algorithm>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/capacity/rank_requests.h"

namespace fleetmeter::capacity {
namespace {

template <class Values>
auto Parse(const Values& values, std::string_view text) {
  using Value = typename Values::value_type;
  const auto found =
      std::find_if(values.begin(), values.end(), [&](Value value) { return Name(value) == text; });
  return found == values.end() ? std::nullopt : std::optional<Value>(*found);
}

}  // namespace

std::string_view Name(Nature nature) {
  switch (nature) {
    case Nature::kCritical:
      return "critical";
    case Nature::kCompanyGoal:
      return "company_goal";
    case Nature::kGrowthBet:
      return "growth_bet";
  }
  return "";
}

std::string_view Name(Gain gain) { return gain == Gain::kRevenue ? "revenue" : "efficiency"; }

std::string_view Name(Action action) {
  switch (action) {
    case Action::kSubmit:
      return "submit";
    case Action::kAmend:
      return "amend";
    case Action::kWithdraw:
      return "withdraw";
    case Action::kRank:
      return "rank";
    case Action::kGrant:
      return "grant";
    case Action::kDecline:
      return "decline";
    case Action::kRelease:
      return "release";
  }
  return "";
}

std::string_view Name(State state) {
  switch (state) {
    case State::kSubmitted:
      return "submitted";
    case State::kRanked:
      return "ranked";
    case State::kGranted:
      return "granted";
    case State::kGrantedInPart:
      return "granted_in_part";
    case State::kDeclined:
      return "declined";
    case State::kWithdrawn:
      return "withdrawn";
    case State::kActive:
      return "active";
    case State::kEnded:
      return "ended";
    case State::kExpired:
      return "expired";
  }
  return "";
}

std::string_view Name(RankRule rule) {
  switch (rule) {
    case RankRule::kFirst:
      return "first";
    case RankRule::kNature:
      return "nature";
    case RankRule::kOwnersOrder:
      return "owners_order";
    case RankRule::kRoi:
      return "roi";
    case RankRule::kAge:
      return "age";
    case RankRule::kId:
      return "id";
  }
  return "";
}

std::optional<Nature> ParseNature(std::string_view text) { return Parse(kNatures, text); }
std::optional<Gain> ParseGain(std::string_view text) {
  return Parse(std::array{Gain::kRevenue, Gain::kEfficiency}, text);
}
std::optional<Action> ParseAction(std::string_view text) { return Parse(kActions, text); }
std::optional<State> ParseState(std::string_view text) { return Parse(kStates, text); }

}  // namespace fleetmeter::capacity
