#include "daemon/view/holder_review.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/units.h"
#include "daemon/ledger/read/read_holders.h"

namespace fleetmeter {
namespace {

// Reports of the beginning of an hour may take so long to come.
constexpr int64_t kUnderWayNanos = 5 * kMinute;
constexpr int64_t kFirstLookSeconds = 7 * kSecondsPerDay;

int64_t HourOf(int64_t unix_nanos) {
  const int64_t seconds = unix_nanos / kNanosPerSecond;
  return seconds - seconds % kSecondsPerHour;
}

// Those of a team, or one of its workloads with a kind of chips.
struct Asked {
  std::set<int64_t> hours;
  HeldHoursAnswer answer{.kind = HeldHoursAnswer::Kind::kEarlier};
};

class HolderReview {
 public:
  HolderReview(Database& ledger, std::string_view pool, int64_t now_unix_nanos,
               PoolHoldings holdings, const FirstHours& first)
      : ledger_(ledger),
        pool_(pool),
        holdings_(std::move(holdings)),
        told_(std::vector<WindowSet>()) {
    question_.present = HourOf(now_unix_nanos);
    question_.lately = HourOf(now_unix_nanos - kUnderWayNanos);
    question_.read_from = question_.present + kSecondsPerHour;
    question_.books_from = first.told;
    question_.kept_from = first.kept;
    std::vector<WindowSet> all;
    for (const auto& [chip, sources] : holdings_.told) {
      told_by_chip_.emplace(chip, ToldByAll(sources));
      all.insert(all.end(), sources.begin(), sources.end());
    }
    told_ = ToldByAll(all);
    for (const auto& [held, micro_chips] : holdings_.assigned) teams_.try_emplace(held.first);
  }

  absl::StatusOr<std::vector<HoldingTeam>> Review() {
    const int64_t first = std::max(question_.books_from, question_.kept_from);
    int64_t length = kFirstLookSeconds;
    while (SaysMore() && question_.read_from > first) {
      const int64_t to = question_.read_from;
      question_.read_from = std::max(first, to - length);
      length *= 2;
      absl::Status status = ReadHeldHoursWithin(ledger_, pool_, question_.read_from, to, &hours_);
      if (!status.ok()) return status;
      TakeHours();
    }
    return Told();
  }

 private:
  bool HoldsNow(const HolderName& name) const {
    return holdings_.assigned.contains({name.team, name.chip});
  }

  void TakeHours() {
    for (const auto& [name, hours] : hours_) {
      if (!HoldsNow(name)) continue;
      workloads_[name].hours.insert(hours.begin(), hours.end());
      teams_[name.team].hours.insert(hours.begin(), hours.end());
    }
    hours_.clear();
    for (auto& [name, asked] : workloads_) {
      asked.answer = LookBack(question_, asked.hours, told_by_chip_.at(name.chip));
    }
    for (auto& [team, asked] : teams_) asked.answer = LookBack(question_, asked.hours, told_);
  }

  // Whether earlier hours may say more. Of a workload that no hour has named yet nobody can ask.
  bool SaysMore() const {
    const auto more = [](const auto& each) {
      return each.second.answer.kind == HeldHoursAnswer::Kind::kEarlier;
    };
    return std::any_of(teams_.begin(), teams_.end(), more) ||
           std::any_of(workloads_.begin(), workloads_.end(), more);
  }

  std::vector<HoldingTeam> Told() const {
    std::map<std::string, HoldingTeam> teams;
    for (const auto& [name, asked] : teams_) {
      if (asked.answer.kind != HeldHoursAnswer::Kind::kHolds) continue;
      teams[name] = {.team = name, .micro_chips = {}, .since = asked.answer.since, .workloads = {}};
    }
    for (const auto& [held, micro_chips] : holdings_.assigned) {
      const auto team = teams.find(held.first);
      if (team != teams.end()) team->second.micro_chips[held.second] = micro_chips;
    }
    for (const auto& [name, asked] : workloads_) {
      const auto team = teams.find(name.team);
      const bool holds = asked.answer.kind == HeldHoursAnswer::Kind::kHolds;
      if (team == teams.end() || !holds) continue;
      team->second.workloads.push_back({name.workload, name.chip, asked.answer.since});
    }
    std::vector<HoldingTeam> out;
    for (auto& [name, team] : teams) out.push_back(std::move(team));
    return out;
  }

  Database& ledger_;
  const std::string_view pool_;
  const PoolHoldings holdings_;
  HeldHoursQuestion question_;
  ToldByAll told_;  // of all kinds of chips
  std::map<std::string, ToldByAll> told_by_chip_;
  HeldHours hours_;  // that are read and not taken yet
  std::map<std::string, Asked> teams_;
  std::map<HolderName, Asked> workloads_;
};

}  // namespace

absl::StatusOr<std::vector<HoldingTeam>> ReviewHolders(Database& ledger, std::string_view pool,
                                                       int64_t now_unix_nanos) {
  auto holdings = ReadPoolHoldingsWithin(ledger, pool);
  if (!holdings.ok()) return holdings.status();
  const auto first = ReadFirstHoursWithin(ledger);
  if (!first.ok()) return first.status();
  return HolderReview(ledger, pool, now_unix_nanos, *std::move(holdings), *first).Review();
}

}  // namespace fleetmeter
