#include "daemon/domain/capacity/grant_use.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/outcomes/apportion.h"

namespace fleetmeter::capacity {
namespace {

// Whose chips they are: a team's in a pool, of one kind.
using Holder = std::tuple<std::string_view, std::string_view, std::string_view>;

struct GrantHours {
  const CapacityRequest* request = nullptr;
  GrantUse* use = nullptr;

  bool IsActiveAt(int64_t hour) const {
    const Grant& grant = *request->grant;
    return grant.start_unix_seconds <= hour && hour < grant.end_unix_seconds;
  }
  absl::int128 MostInAnHour() const { return absl::int128(request->grant->chips) * kNanosPerHour; }
};

// The chips of one workload in one hour, and who took how much of them.
struct Holding {
  std::string_view workload;
  absl::int128 assigned = 0;
  absl::int128 busy = 0;
  absl::int128 measured = 0;
  absl::int128 left = 0;
  std::vector<std::pair<size_t, absl::int128>> taken;  // by which grant, of those of the hour
};

// Of one holder: hours, each with its workloads.
using HeldHours = std::map<int64_t, std::map<std::string_view, Holding>>;

// Parts of `total` as chips were taken, the last for what is left. They add up to it.
std::vector<absl::int128> PartsOf(absl::int128 total, const Holding& holding) {
  std::vector<absl::int128> weights;
  for (const auto& [grant, chips] : holding.taken) weights.push_back(chips);
  weights.push_back(holding.left);
  const auto parts = outcomes::ApportionWide(total, weights);
  // Sums of an hour have room by far.
  return parts.ok() && !parts->empty() ? *parts : std::vector<absl::int128>(weights.size());
}

// Shares out the hour of one holder among the grants that are active then, the oldest first.
class HourShare {
 public:
  HourShare(const std::vector<GrantHours*>& active, std::map<std::string_view, Holding>* holdings)
      : active_(active), holdings_(*holdings) {
    for (const GrantHours* grant : active_) open_.push_back(grant->MostInAnHour());
    used_.resize(active_.size());
  }

  // Returns what is under no grant.
  absl::int128 Run() {
    for (auto& [workload, holding] : holdings_) holding.left = holding.assigned;
    for (size_t i = 0; i < active_.size(); ++i) {
      const auto own = holdings_.find(active_[i]->request->form.workload);
      if (own != holdings_.end()) Take(i, &own->second);
    }
    for (size_t i = 0; i < active_.size(); ++i) {
      for (auto& [workload, holding] : holdings_) Take(i, &holding);
    }
    absl::int128 beyond = 0;
    for (const auto& [workload, holding] : holdings_) {
      CountWork(holding);
      beyond += holding.left;
    }
    CountChips();
    return beyond;
  }

 private:
  void Take(size_t grant, Holding* holding) {
    const absl::int128 chips = std::min(open_[grant], holding->left);
    if (chips <= 0) return;
    open_[grant] -= chips;
    holding->left -= chips;
    used_[grant] += chips;
    holding->taken.emplace_back(grant, chips);
  }

  // Of chips that several took, each has its part of the work.
  void CountWork(const Holding& holding) {
    if (holding.taken.empty()) return;
    const std::vector<absl::int128> busy = PartsOf(holding.busy, holding);
    const std::vector<absl::int128> measured = PartsOf(holding.measured, holding);
    for (size_t i = 0; i < holding.taken.size(); ++i) {
      GrantUse& use = *active_[holding.taken[i].first]->use;
      use.busy_chip_nanos += busy[i];
      use.measured_chip_nanos += measured[i];
    }
  }

  void CountChips() {
    constexpr int64_t kMicros = 1'000'000;
    for (size_t i = 0; i < active_.size(); ++i) {
      GrantUse& use = *active_[i]->use;
      use.used_chip_nanos += used_[i];
      const auto micro_chips = static_cast<int64_t>(used_[i] / (kNanosPerHour / kMicros));
      use.peak_micro_chips = std::max(use.peak_micro_chips, micro_chips);
    }
  }

  const std::vector<GrantHours*>& active_;
  std::map<std::string_view, Holding>& holdings_;
  std::vector<absl::int128> open_;  // what each may still take in this hour
  std::vector<absl::int128> used_;
};

// What a grant promised up to now, as far as hours are told.
GrantUse Promised(const CapacityRequest& request, int64_t told_from, int64_t told_to) {
  const Grant& grant = *request.grant;
  const int64_t end = std::min(grant.end_unix_seconds, told_to);
  const int64_t all = std::max<int64_t>(end - grant.start_unix_seconds, 0);
  const int64_t told = std::max<int64_t>(end - std::max(grant.start_unix_seconds, told_from), 0);
  GrantUse use;
  use.request_id = request.form.request_id;
  use.granted_chip_nanos = absl::int128(grant.chips) * told * kNanosPerSecond;
  use.told_seconds = told;
  use.untold_seconds = all - told;
  return use;
}

// Answers one ShareUse.
class UseShare {
 public:
  UseShare(const CapacityBook& book, int64_t told_from, int64_t told_to)
      : told_from_(told_from), told_to_(told_to) {
    for (const auto& [id, request] : book.requests()) {
      if (request->grant) out_.grants.push_back(Promised(*request, told_from, told_to));
    }
    size_t place = 0;
    for (const auto& [id, request] : book.requests()) {
      if (request->grant) AddGrant(*request, &out_.grants[place++]);
    }
    for (auto& [holder, grants] : grants_) {
      std::stable_sort(grants.begin(), grants.end(), [](const GrantHours& a, const GrantHours& b) {
        return a.request->grant->at_unix_nanos < b.request->grant->at_unix_nanos;
      });
    }
  }

  SharedUse Run(const std::vector<UsedPeriod>& periods) {
    for (const UsedPeriod& period : periods) AddPeriod(period);
    for (auto& [holder, hours] : held_) ShareHolder(holder, &hours);
    for (const auto& [team, chip_nanos] : beyond_) {
      if (chip_nanos == 0) continue;
      out_.beyond.push_back({.pool = std::string(team.first),
                             .team = std::string(team.second),
                             .chip_nanos = chip_nanos});
    }
    return std::move(out_);
  }

 private:
  void AddGrant(const CapacityRequest& request, GrantUse* use) {
    const CapacityForm& form = request.form;
    grants_[Holder(form.pool, form.team, form.chip)].push_back({.request = &request, .use = use});
  }

  void AddPeriod(const UsedPeriod& period) {
    const int64_t start = period.start_unix_seconds;
    const bool told = period.seconds == kSecondsPerHour && start >= told_from_ &&
                      start + kSecondsPerHour <= told_to_;
    if (!told) return;
    HeldHours& hours = held_[Holder(period.pool, period.team, period.chip)];
    Holding& holding = hours[start][period.workload];
    holding.assigned += period.assigned_chip_nanos;
    holding.busy += period.busy_chip_nanos;
    holding.measured += period.measured_chip_nanos;
  }

  void ShareHolder(const Holder& holder, HeldHours* hours) {
    absl::int128& beyond = beyond_[{std::get<0>(holder), std::get<1>(holder)}];
    const auto found = grants_.find(holder);
    for (auto& [hour, holdings] : *hours) {
      std::vector<GrantHours*> active;
      if (found != grants_.end()) {
        for (GrantHours& grant : found->second) {
          if (grant.IsActiveAt(hour)) active.push_back(&grant);
        }
      }
      beyond += HourShare(active, &holdings).Run();
    }
  }

  const int64_t told_from_;
  const int64_t told_to_;
  SharedUse out_;
  std::map<Holder, std::vector<GrantHours>> grants_;  // the oldest first
  std::map<Holder, HeldHours> held_;
  std::map<std::pair<std::string_view, std::string_view>, absl::int128> beyond_;
};

}  // namespace

SharedUse ShareUse(const CapacityBook& book, const std::vector<UsedPeriod>& periods,
                   int64_t told_from_unix_seconds, int64_t now_unix_seconds) {
  // Nothing is told from later on either.
  const int64_t told_from = std::clamp<int64_t>(told_from_unix_seconds, 0, now_unix_seconds);
  return UseShare(book, FullHourFrom(told_from), HourOf(now_unix_seconds)).Run(periods);
}

}  // namespace fleetmeter::capacity
