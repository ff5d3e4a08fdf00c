#include "daemon/domain/capacity/commitment_walk.h"

#include <algorithm>
#include <utility>

#include "daemon/domain/capacity/capacity_amounts.h"
#include "daemon/domain/capacity/plan_grants.h"
#include "daemon/domain/fleet/plan_limits.h"

namespace fleetmeter::capacity {
namespace {

size_t IndexOf(Tier tier) { return static_cast<size_t>(tier); }
size_t IndexOf(Category category) { return static_cast<size_t>(category); }

template <size_t n>
std::array<std::optional<int64_t>, n> InMicro(const std::array<std::optional<double>, n>& limits) {
  std::array<std::optional<int64_t>, n> out = {};
  for (size_t i = 0; i < n; ++i) {
    if (limits[i]) out[i] = MicroH100e(*limits[i]);
  }
  return out;
}

// The first full hour at which a plan is in force.
int64_t FirstHourOf(const Plan& plan) {
  const int64_t nanos = std::max<int64_t>(plan.effective_from_unix_nanos, 0);
  const int64_t seconds = nanos / kNanosPerSecond + (nanos % kNanosPerSecond == 0 ? 0 : 1);
  return FullHourFrom(seconds);
}

void AddTo(Need* need, const Need& more, int sign) {
  need->now += sign * more.now;
  need->before += sign * more.before;
}

}  // namespace

Commitment CommitmentOf(const CapacityForm& form, const Grant& grant) {
  return {.pool = form.pool,
          .request_id = form.request_id,
          .decided_unix_nanos = grant.at_unix_nanos,
          .from_unix_seconds = grant.start_unix_seconds,
          .to_unix_seconds = grant.end_unix_seconds,
          .micro_h100e = grant.worth.micro_h100e,
          .beyond = form.beyond_allocation};
}

std::vector<Commitment> CommitmentsOf(const CapacityBook& book) {
  std::vector<Commitment> commitments;
  for (const auto& [id, request] : book.requests()) {
    if (request->grant) commitments.push_back(CommitmentOf(request->form, *request->grant));
  }
  return commitments;
}

Need NeedOf(const PoolLoad& load) {
  const absl::int128 before = load.within - load.added_within;
  return {
      .now = std::max<absl::int128>(load.allocated, load.within) + load.beyond,
      .before = std::max<absl::int128>(load.allocated, before) + load.beyond - load.added_beyond};
}

StageLimits StageLimitsOf(const Plan& plan) {
  const PlanLimits limits = LimitsOf(plan);
  return {.tiers = InMicro(limits.tiers),
          .categories = InMicro(limits.categories),
          .all = MicroH100e(limits.all),
          .tolerance = MicroH100e(limits.grants_tolerance)};
}

CommitmentWalk::CommitmentWalk(std::vector<Commitment> commitments, const ReferenceData& reference,
                               int64_t from_unix_seconds, int64_t to_unix_seconds)
    : commitments_(std::move(commitments)), reference_(reference), active_(commitments_.size()) {
  for (size_t i = 0; i < commitments_.size(); ++i) {
    const Commitment& each = commitments_[i];
    pools_.try_emplace(each.pool);
    if (each.to_unix_seconds <= std::max(each.from_unix_seconds, from_unix_seconds)) continue;
    changes_.push_back({each.from_unix_seconds, i, 1});
    changes_.push_back({each.to_unix_seconds, i, -1});
  }
  std::sort(changes_.begin(), changes_.end(),
            [](const Change& a, const Change& b) { return a.at_unix_seconds < b.at_unix_seconds; });
  if (from_unix_seconds < to_unix_seconds) AddPoints(from_unix_seconds, to_unix_seconds);
}

void CommitmentWalk::AddPoints(int64_t from, int64_t to) {
  points_ = {from, to};
  const auto add = [&](int64_t at) {
    if (at > from && at < to) points_.push_back(at);
  };
  for (const Change& change : changes_) add(change.at_unix_seconds);
  for (const Plan& plan : reference_.plans) add(FirstHourOf(plan));
  std::sort(points_.begin(), points_.end());
  points_.erase(std::unique(points_.begin(), points_.end()), points_.end());
}

bool CommitmentWalk::Next() {
  if (begun_) ++at_;
  begun_ = true;
  if (at_ + 1 >= points_.size()) return false;
  for (; next_change_ < changes_.size(); ++next_change_) {
    const Change& change = changes_[next_change_];
    if (change.at_unix_seconds > from_unix_seconds()) break;
    active_[change.commitment] = change.sign > 0;
    if (plan_ != nullptr) Take(change.commitment, change.sign);
  }
  const Plan& plan = reference_.PlanAt(UnixNanos(from_unix_seconds()));
  if (&plan != plan_) EnterPlan(plan);
  return true;
}

void CommitmentWalk::EnterPlan(const Plan& plan) {
  plan_ = &plan;
  limits_ = StageLimitsOf(plan);
  for (auto& [name, load] : pools_) load = PoolLoad();
  for (const Pool& pool : plan.pools) {
    PoolLoad& load = pools_[pool.name];
    load.planned = &pool;
    load.allocated = MicroH100e(pool.allocated_h100e);
  }
  by_tier_ = {};
  by_category_ = {};
  need_ = {};
  for (const auto& [name, load] : pools_) CountNeed(load, 1);
  TakeAll();
}

void CommitmentWalk::TakeAll() {
  for (size_t i = 0; i < commitments_.size(); ++i) {
    if (active_[i]) Take(i, 1);
  }
}

void CommitmentWalk::Take(size_t commitment, int sign) {
  const Commitment& taken = commitments_[commitment];
  PoolLoad& load = pools_[taken.pool];
  CountNeed(load, -1);
  const absl::int128 amount = absl::int128(sign) * taken.micro_h100e;
  const bool in_plan =
      taken.beyond && PlanHasGrant(*plan_, taken.request_id, taken.decided_unix_nanos);
  const bool on_top = taken.beyond && !in_plan;
  if (in_plan) load.in_plan += amount;
  (on_top ? load.beyond : load.within) += amount;
  if (taken.added) (on_top ? load.added_beyond : load.added_within) += amount;
  CountNeed(load, 1);
}

void CommitmentWalk::CountNeed(const PoolLoad& load, int sign) {
  const Need need = NeedOf(load);
  AddTo(&need_, need, sign);
  if (load.planned == nullptr) return;
  AddTo(&by_tier_[IndexOf(load.planned->tier)], need, sign);
  AddTo(&by_category_[IndexOf(load.planned->category)], need, sign);
}

const PoolLoad* CommitmentWalk::Find(std::string_view pool) const {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? nullptr : &found->second;
}

const Need& CommitmentWalk::need(Tier tier) const { return by_tier_[IndexOf(tier)]; }

const Need& CommitmentWalk::need(Category category) const {
  return by_category_[IndexOf(category)];
}

}  // namespace fleetmeter::capacity
