#include "daemon/domain/capacity/commitment_walk.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/domain/capacity/capacity_amounts.h"

namespace fleetmeter::capacity {
namespace {

// A thousandth of an H100e has room for the rounding of thousands of grants.
constexpr int64_t kRoundingMicroH100e = 1'000;
// Of the supply; CompilePlan takes sums that are more by so little.
constexpr double kPlanTolerance = 1e-9;

size_t IndexOf(Category category) { return static_cast<size_t>(category); }

bool HasOwnShares(const Plan& plan) {
  std::array<double, kCategories.size()> allocated = {};
  for (const Pool& pool : plan.pools) allocated[IndexOf(pool.category)] += pool.allocated_h100e;
  return std::any_of(
      plan.category_shares.begin(), plan.category_shares.end(), [&](const auto& share) {
        const double more = share.second * plan.supply_h100e - allocated[IndexOf(share.first)];
        return std::abs(more) > kPlanTolerance * plan.supply_h100e;
      });
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
  const absl::int128 before = load.committed() - load.added_within - load.added_beyond;
  return {.now = std::max<absl::int128>(load.allocated, load.committed()),
          .before = std::max<absl::int128>(load.allocated, before)};
}

PlanLimits LimitsOf(const Plan& plan) {
  const auto buffer = plan.tier_shares.find(Tier::kBuffer);
  const double kept = buffer == plan.tier_shares.end() ? 0 : buffer->second;
  PlanLimits limits = {
      .categories = {},
      .all = MicroH100e((1 - kept) * plan.supply_h100e),
      .tolerance = kRoundingMicroH100e + MicroH100e(kPlanTolerance * plan.supply_h100e)};
  if (!HasOwnShares(plan)) return limits;
  for (const auto& [category, share] : plan.category_shares) {
    limits.categories[IndexOf(category)] = MicroH100e(share * plan.supply_h100e);
  }
  return limits;
}

CommitmentWalk::CommitmentWalk(std::vector<Commitment> commitments, const ReferenceData& reference,
                               int64_t from_unix_seconds, int64_t to_unix_seconds)
    : commitments_(std::move(commitments)), reference_(reference) {
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
  const Plan& plan = reference_.PlanAt(UnixNanos(from_unix_seconds()));
  if (&plan != plan_) EnterPlan(plan);
  for (; next_change_ < changes_.size(); ++next_change_) {
    const Change& change = changes_[next_change_];
    if (change.at_unix_seconds > from_unix_seconds()) break;
    Take(change);
  }
  return true;
}

void CommitmentWalk::EnterPlan(const Plan& plan) {
  plan_ = &plan;
  limits_ = LimitsOf(plan);
  for (auto& [name, load] : pools_) {
    load.planned = nullptr;
    load.allocated = 0;
  }
  for (const Pool& pool : plan.pools) {
    PoolLoad& load = pools_[pool.name];
    load.planned = &pool;
    load.allocated = MicroH100e(pool.allocated_h100e);
  }
  by_category_ = {};
  need_ = {};
  for (const auto& [name, load] : pools_) CountNeed(load, 1);
}

void CommitmentWalk::Take(const Change& change) {
  const Commitment& commitment = commitments_[change.commitment];
  PoolLoad& load = pools_[commitment.pool];
  CountNeed(load, -1);
  const absl::int128 amount = absl::int128(change.sign) * commitment.micro_h100e;
  (commitment.beyond ? load.beyond : load.within) += amount;
  if (commitment.added) (commitment.beyond ? load.added_beyond : load.added_within) += amount;
  CountNeed(load, 1);
}

void CommitmentWalk::CountNeed(const PoolLoad& load, int sign) {
  const Need need = NeedOf(load);
  AddTo(&need_, need, sign);
  if (load.planned != nullptr) AddTo(&by_category_[IndexOf(load.planned->category)], need, sign);
}

const PoolLoad* CommitmentWalk::Find(std::string_view pool) const {
  const auto found = pools_.find(pool);
  return found == pools_.end() ? nullptr : &found->second;
}

const Need& CommitmentWalk::need(Category category) const {
  return by_category_[IndexOf(category)];
}

}  // namespace fleetmeter::capacity
