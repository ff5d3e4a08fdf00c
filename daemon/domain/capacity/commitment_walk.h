// A walk through time over what is committed to grants, beside the plan of the time. Pure.
//
// It stops at each stage, a span of time in which neither grants nor the plan change. Sums are kept
// from stage to stage, so that a walk over thousands of grants is cheap.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/reference_data.h"

namespace fleetmeter::capacity {

struct Commitment {
  // Of the book, which outlives it.
  std::string_view pool;
  std::string_view request_id;
  int64_t decided_unix_nanos = 0;
  int64_t from_unix_seconds = 0;
  int64_t to_unix_seconds = 0;  // half-open
  int64_t micro_h100e = 0;
  bool beyond = false;  // its pool's allocation
  bool added = false;   // by what is being decided, and not there before
};

// Of a grant, as it stands.
Commitment CommitmentOf(const CapacityForm& form, const Grant& grant);
// Of all grants, ascending by request.
std::vector<Commitment> CommitmentsOf(const CapacityBook& book);

// What is committed of a pool during a stage, in micro-H100e.
struct PoolLoad {
  const Pool* planned = nullptr;  // by the plan in force; nullptr: it has no such pool
  int64_t allocated = 0;
  // Takes its part of the allocation: granted within it, or beyond it and in the plan.
  absl::int128 within = 0;
  absl::int128 in_plan = 0;  // the part of it that was granted beyond an allocation
  // On top of the allocation: granted beyond it, and not in the plan (plan_grants.h).
  absl::int128 beyond = 0;
  absl::int128 added_within = 0;  // parts of these two
  absl::int128 added_beyond = 0;

  absl::int128 committed() const { return within + beyond; }
  absl::int128 uncommitted() const { return allocated - within; }
};

// What pools need: each its allocation, or what takes its part of it if that is more, and what is
// on top. And so without what is added. It is what a plan would allocate that has all grants.
struct Need {
  absl::int128 now = 0;
  absl::int128 before = 0;
};
Need NeedOf(const PoolLoad& load);

// The limits of a plan (plan_limits.h) in micro-H100e.
struct StageLimits {
  std::array<std::optional<int64_t>, kTiers.size()> tiers = {};
  std::array<std::optional<int64_t>, kCategories.size()> categories = {};
  int64_t all = 0;
  int64_t tolerance = 0;
};
StageLimits StageLimitsOf(const Plan& plan);

class CommitmentWalk {
 public:
  // Of [from, to). `reference` outlives it.
  CommitmentWalk(std::vector<Commitment> commitments, const ReferenceData& reference,
                 int64_t from_unix_seconds, int64_t to_unix_seconds);

  // Goes on to the first stage, then to the next; false: there is none any more.
  bool Next();

  int64_t from_unix_seconds() const { return points_[at_]; }
  int64_t to_unix_seconds() const { return points_[at_ + 1]; }
  const Plan& plan() const { return *plan_; }
  const StageLimits& limits() const { return limits_; }
  // All pools of the plan, and those that have grants.
  const std::map<std::string_view, PoolLoad>& pools() const { return pools_; }
  const PoolLoad* Find(std::string_view pool) const;
  const Need& need(Tier tier) const;
  const Need& need(Category category) const;
  const Need& need() const { return need_; }

 private:
  struct Change {
    int64_t at_unix_seconds = 0;
    size_t commitment = 0;
    int sign = 1;
  };

  void AddPoints(int64_t from, int64_t to);
  void EnterPlan(const Plan& plan);
  // What is committed now, by what the plan has of it.
  void TakeAll();
  // Adds a commitment to the load of its pool, or takes it off.
  void Take(size_t commitment, int sign);
  // Adds the need of a pool to those of its tier, its category and of all.
  void CountNeed(const PoolLoad& load, int sign);

  const std::vector<Commitment> commitments_;
  const ReferenceData& reference_;
  std::vector<Change> changes_;  // ascending by time
  size_t next_change_ = 0;
  std::vector<int64_t> points_;  // ascending; a stage is between two neighbours
  size_t at_ = 0;
  bool begun_ = false;
  std::vector<bool> active_;  // by commitment
  const Plan* plan_ = nullptr;
  StageLimits limits_;
  std::map<std::string_view, PoolLoad> pools_;
  std::array<Need, kTiers.size()> by_tier_ = {};
  std::array<Need, kCategories.size()> by_category_ = {};
  Need need_;
};

}  // namespace fleetmeter::capacity
