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
  // The part of its time in which hours of its pool are told.
  int64_t told_from = 0;
  int64_t told_to = 0;

  bool IsActiveAt(int64_t hour) const { return told_from <= hour && hour < told_to; }
  absl::int128 chips() const { return request->grant->chips; }
  absl::int128 MostInAnHour() const { return chips() * kNanosPerHour; }
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

// What is not told of an hour.
struct UntoldOfHour {
  absl::int128 silent_nanos = 0;        // of the hour, in which nobody told of anything
  absl::int128 unheard_chip_nanos = 0;  // that the grant may have used
};

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
  absl::int128 Run(const UntoldOfHour& untold) {
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
    CountUntold(untold);
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

  // What a grant did not use may have been used by any of the chips that nobody heard.
  void CountUntold(const UntoldOfHour& untold) {
    for (size_t i = 0; i < active_.size(); ++i) {
      const absl::int128 may_be =
          active_[i]->chips() * untold.silent_nanos + untold.unheard_chip_nanos;
      const absl::int128 chip_nanos = std::min(open_[i], may_be);
      active_[i]->use->granted_chip_nanos -= chip_nanos;
      active_[i]->use->untold_chip_nanos += chip_nanos;
    }
  }

  const std::vector<GrantHours*>& active_;
  std::map<std::string_view, Holding>& holdings_;
  std::vector<absl::int128> open_;  // what each may still take in this hour
  std::vector<absl::int128> used_;
};

// Divides `seconds` of a grant's time as what it promised is divided.
void DivideTime(int64_t seconds, GrantUse* use) {
  const absl::int128 promised = use->granted_chip_nanos + use->untold_chip_nanos;
  use->told_seconds =
      promised == 0 ? 0 : static_cast<int64_t>(use->granted_chip_nanos * seconds / promised);
  use->untold_seconds = seconds - use->told_seconds;
}

// Answers one ShareUse.
class UseShare {
 public:
  UseShare(const CapacityBook& book, const ToldUse& told, int64_t from, int64_t to)
      : told_(told), from_(from), to_(to) {
    told_from_ = std::clamp(FullHourFrom(std::clamp<int64_t>(told.told_from_unix_seconds, 0, to)),
                            from_, to_);
    for (const auto& [id, request] : book.requests()) {
      if (request->grant) out_.grants.push_back({.request_id = request->form.request_id});
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

  SharedUse Run() {
    for (const UsedPeriod& period : told_.periods) AddPeriod(period);
    for (const UnheardHour& hour : told_.unheard) AddUnheard(hour);
    for (const TimeSpan& span : told_.silent) AddSilence(span);
    VisitUntoldHours();
    for (auto& [holder, hours] : held_) ShareHolder(holder, &hours);
    for (GrantHours* each : InOrder()) DivideTime(SecondsOf(*each), each->use);
    for (const auto& [team, chip_nanos] : beyond_) {
      if (chip_nanos == 0) continue;
      out_.beyond.push_back({.pool = std::string(team.first),
                             .team = std::string(team.second),
                             .chip_nanos = chip_nanos});
    }
    return std::move(out_);
  }

 private:
  // Since when anybody told of the pool; nothing of it is told before.
  int64_t PoolFromNanos(std::string_view pool) const {
    const auto found = told_.pools_from_unix_nanos.find(pool);
    return found == told_.pools_from_unix_nanos.end() ? INT64_MAX : found->second;
  }

  // The part of a grant's time that is asked for.
  int64_t SecondsOf(const GrantHours& grant) const {
    const Grant& granted = *grant.request->grant;
    return std::max<int64_t>(
        0, std::min(granted.end_unix_seconds, to_) - std::max(granted.start_unix_seconds, from_));
  }

  void AddGrant(const CapacityRequest& request, GrantUse* use) {
    const CapacityForm& form = request.form;
    const Grant& grant = *request.grant;
    GrantHours hours{.request = &request, .use = use};
    const int64_t pool_from = HourOf(PoolFromNanos(form.pool) / kNanosPerSecond);
    hours.told_to = std::min(grant.end_unix_seconds, to_);
    hours.told_from = std::max({grant.start_unix_seconds, told_from_, pool_from});
    const absl::int128 per_second = hours.chips() * kNanosPerSecond;
    use->granted_chip_nanos = per_second * std::max<int64_t>(0, hours.told_to - hours.told_from);
    use->untold_chip_nanos = per_second * SecondsOf(hours) - use->granted_chip_nanos;
    grants_[Holder(form.pool, form.team, form.chip)].push_back(hours);
  }

  void AddPeriod(const UsedPeriod& period) {
    const int64_t start = period.start_unix_seconds;
    const bool told =
        period.seconds == kSecondsPerHour && start >= told_from_ && start + kSecondsPerHour <= to_;
    if (!told) return;
    HeldHours& hours = held_[Holder(period.pool, period.team, period.chip)];
    Holding& holding = hours[start][period.workload];
    holding.assigned += period.assigned_chip_nanos;
    holding.busy += period.busy_chip_nanos;
    holding.measured += period.measured_chip_nanos;
  }

  void AddUnheard(const UnheardHour& hour) {
    if (hour.start_unix_seconds < told_from_ || hour.start_unix_seconds >= to_) return;
    unheard_[Holder(hour.pool, hour.team, hour.chip)][hour.start_unix_seconds] += hour.chip_nanos;
  }

  void AddSilence(const TimeSpan& span) {
    const int64_t from = std::max(HourOf(span.start_unix_nanos / kNanosPerSecond), told_from_);
    for (int64_t hour = from; hour < to_; hour += kSecondsPerHour) {
      const int64_t nanos = NanosIn(span, hour);
      if (nanos == 0) break;
      silent_[hour] += nanos;
    }
  }

  static int64_t NanosIn(const TimeSpan& span, int64_t hour) {
    const int64_t from = std::max(span.start_unix_nanos, hour * kNanosPerSecond);
    const int64_t to = std::min(span.end_unix_nanos, (hour + kSecondsPerHour) * kNanosPerSecond);
    return std::max<int64_t>(0, to - from);
  }

  // Of the hour in which a pool was first told of, what is before that: it is silent for the pool,
  // whoever else was heard.
  absl::int128 SilentNanos(std::string_view pool, int64_t hour) const {
    const int64_t pool_from = PoolFromNanos(pool);
    const TimeSpan hour_span = {hour * kNanosPerSecond, (hour + kSecondsPerHour) * kNanosPerSecond};
    if (pool_from <= hour_span.start_unix_nanos) {
      const auto found = silent_.find(hour);
      return found == silent_.end() ? 0 : found->second;
    }
    int64_t nanos = std::min(pool_from, hour_span.end_unix_nanos) - hour_span.start_unix_nanos;
    for (const TimeSpan& span : told_.silent) {
      nanos += NanosIn({std::max(span.start_unix_nanos, pool_from), span.end_unix_nanos}, hour);
    }
    return nanos;
  }

  absl::int128 UnheardOf(const Holder& holder, int64_t hour) const {
    const auto of_holder = unheard_.find(holder);
    if (of_holder == unheard_.end()) return 0;
    const auto found = of_holder->second.find(hour);
    return found == of_holder->second.end() ? 0 : found->second;
  }

  // Hours in which a grant's holder held nothing are visited as well where they are not all told.
  void VisitUntoldHours() {
    for (const auto& [holder, grants] : grants_) {
      const auto& [pool, team, chip] = holder;
      HeldHours& hours = held_[holder];
      for (const auto& [hour, nanos] : silent_) hours[hour];
      for (const std::string_view whose : {team, std::string_view()}) {
        const auto unheard = unheard_.find(Holder(pool, whose, chip));
        if (unheard == unheard_.end()) continue;
        for (const auto& [hour, nanos] : unheard->second) hours[hour];
      }
      const int64_t pool_from = PoolFromNanos(pool);
      const int64_t first = HourOf(pool_from / kNanosPerSecond);
      if (first >= told_from_ && first < to_) hours[first];
    }
  }

  void ShareHolder(const Holder& holder, HeldHours* hours) {
    const auto& [pool, team, chip] = holder;
    absl::int128& beyond = beyond_[{pool, team}];
    const auto found = grants_.find(holder);
    for (auto& [hour, holdings] : *hours) {
      std::vector<GrantHours*> active;
      if (found != grants_.end()) {
        for (GrantHours& grant : found->second) {
          if (grant.IsActiveAt(hour)) active.push_back(&grant);
        }
      }
      UntoldOfHour untold;
      if (!active.empty()) {
        untold.silent_nanos = SilentNanos(pool, hour);
        untold.unheard_chip_nanos = UnheardOf(holder, hour) + UnheardOf({pool, "", chip}, hour);
      }
      beyond += HourShare(active, &holdings).Run(untold);
    }
  }

  std::vector<GrantHours*> InOrder() {
    std::vector<GrantHours*> all;
    for (auto& [holder, grants] : grants_) {
      for (GrantHours& grant : grants) all.push_back(&grant);
    }
    return all;
  }

  const ToldUse& told_;
  const int64_t from_;
  const int64_t to_;
  int64_t told_from_ = 0;
  SharedUse out_;
  std::map<Holder, std::vector<GrantHours>> grants_;  // the oldest first
  std::map<Holder, HeldHours> held_;
  std::map<Holder, std::map<int64_t, absl::int128>> unheard_;  // by hour; team "": nobody's
  std::map<int64_t, int64_t> silent_;                          // nanoseconds of hours
  std::map<std::pair<std::string_view, std::string_view>, absl::int128> beyond_;
};

void AddGrantUse(const GrantUse& more, GrantUse* sum) {
  const int64_t seconds =
      sum->told_seconds + sum->untold_seconds + more.told_seconds + more.untold_seconds;
  sum->granted_chip_nanos += more.granted_chip_nanos;
  sum->used_chip_nanos += more.used_chip_nanos;
  sum->busy_chip_nanos += more.busy_chip_nanos;
  sum->measured_chip_nanos += more.measured_chip_nanos;
  sum->untold_chip_nanos += more.untold_chip_nanos;
  sum->peak_micro_chips = std::max(sum->peak_micro_chips, more.peak_micro_chips);
  DivideTime(seconds, sum);
}

}  // namespace

SharedUse ShareUse(const CapacityBook& book, const ToldUse& told, int64_t from_unix_seconds,
                   int64_t to_unix_seconds) {
  const int64_t to = HourOf(to_unix_seconds);
  return UseShare(book, told, std::min(FullHourFrom(from_unix_seconds), to), to).Run();
}

void AddUse(const SharedUse& more, SharedUse* sum) {
  for (size_t i = 0; i < more.grants.size(); ++i) AddGrantUse(more.grants[i], &sum->grants[i]);
  std::map<std::pair<std::string, std::string>, absl::int128> beyond;
  for (const SharedUse* use : {&more, static_cast<const SharedUse*>(sum)}) {
    for (const SharedUse::Beyond& each : use->beyond) {
      beyond[{each.pool, each.team}] += each.chip_nanos;
    }
  }
  sum->beyond.clear();
  for (const auto& [team, chip_nanos] : beyond) {
    if (chip_nanos == 0) continue;
    sum->beyond.push_back({.pool = team.first, .team = team.second, .chip_nanos = chip_nanos});
  }
}

}  // namespace fleetmeter::capacity
