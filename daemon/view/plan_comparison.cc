#include "daemon/view/plan_comparison.h"

#include <algorithm>
#include <utility>

#include "daemon/base/clock.h"

namespace fleetmeter {
namespace {

// What the pools of a tier, of a category or of all of them have in common.
struct Holding {
  double assigned = 0;
  double measured = 0;
  double busy = 0;
  double heard_any = 0;
  double unheard_any = 0;  // or unaccounted for

  void Add(const PoolUse& use) {
    assigned += use.assigned_h100e;
    measured += use.measured_h100e;
    busy += use.busy_h100e;
    heard_any += use.heard_any_h100e;
    unheard_any += use.unheard_any_h100e + use.unaccounted_any_h100e;
  }
  std::optional<double> coverage() const {
    const double expected = heard_any + unheard_any;
    if (expected <= 0) return std::nullopt;
    return heard_any / expected;
  }
};

template <class Key>
double ShareOf(const std::map<Key, double>& shares, Key key) {
  const auto found = shares.find(key);
  return found == shares.end() ? 0 : found->second;
}

class Comparer {
 public:
  explicit Comparer(const Snapshot& snapshot) : snapshot_(snapshot), plan_(*snapshot.plan) {}

  PlanComparison Compare() {
    out_.thresholds = snapshot_.thresholds;
    out_.coverage = snapshot_.supply_coverage;
    out_.expected_h100e = snapshot_.supply_expected_h100e;
    known_ = out_.coverage && *out_.coverage > 0 && *out_.coverage >= out_.thresholds.coverage;
    AddUpPools();
    AddUpSupply();
    for (const Tier tier : kTiers) out_.tiers[tier] = TierRow(tier);
    for (const Category category : kCategories) {
      out_.categories[category] =
          Row(ShareOf(plan_.category_shares, category), by_category_[category]);
    }
    if (known_) {
      out_.unassigned_share = Share(unassigned_);
      out_.unavailable_share = Share(unavailable_);
      out_.unplanned_share = Share(unplanned_);
    }
    FillBuffer();
    FillP0();
    FillInference();
    out_.pace = WorkOutPace(out_, plan_, *snapshot_.reference);
    return std::move(out_);
  }

 private:
  double Share(double h100e) const { return out_.heard_h100e > 0 ? h100e / out_.heard_h100e : 0; }

  void AddUpPools() {
    for (const auto& [name, use] : snapshot_.uses) {
      const Pool* pool = plan_.FindPool(name);
      const double held = use.assigned_h100e + use.MissingH100e();
      held_ += held;
      over_[name] = std::max(0.0, held - (pool != nullptr ? pool->allocated_h100e : 0));
      assigned_ += use.assigned_h100e;
      if (pool == nullptr) {
        unplanned_ += use.assigned_h100e;
        continue;
      }
      by_tier_[pool->tier].Add(use);
      by_category_[pool->category].Add(use);
    }
  }

  // Assigned chips count as their pools count them, which may be by their workload's own ratio, so
  // that the parts add up.
  void AddUpSupply() {
    for (const SupplyView& row : snapshot_.supply) {
      const auto in_h100e = [&](ChipState state) {
        return static_cast<double>(row.micro_chips[static_cast<size_t>(state)]) /
               kMicroChipsPerChip / row.chips_per_h100e;
      };
      unassigned_ += in_h100e(ChipState::kUnassigned);
      unavailable_ += in_h100e(ChipState::kUnhealthy) + in_h100e(ChipState::kReserved);
    }
    out_.heard_h100e = assigned_ + unassigned_ + unavailable_;
  }

  PlanShare TierRow(Tier tier) {
    const double planned = ShareOf(plan_.tier_shares, tier);
    return tier == Tier::kBuffer ? Planned(planned) : Row(planned, by_tier_[tier]);
  }

  PlanShare Planned(double share) const {
    PlanShare row;
    row.planned_share = share;
    row.planned_h100e = share * plan_.supply_h100e;
    return row;
  }

  PlanShare Row(double planned, const Holding& holding) const {
    PlanShare row = Planned(planned);
    row.coverage = holding.coverage();
    // Without a source that names its pools it is known to hold nothing, as the supply is heard.
    if (!known_ || row.coverage.value_or(1) < out_.thresholds.coverage) return row;
    row.actual_h100e = holding.assigned;
    row.actual_share = Share(holding.assigned);
    row.drift = *row.actual_share - planned;
    return row;
  }

  void FillBuffer() {
    Buffer& buffer = out_.buffer;
    buffer.planned_h100e = out_.tiers[Tier::kBuffer].planned_h100e;
    if (!known_) return;
    const double free_of_buffer = out_.expected_h100e - buffer.planned_h100e;
    const double consumed =
        std::clamp(held_ + unavailable_ - free_of_buffer, 0.0, buffer.planned_h100e);
    buffer.consumed_h100e = consumed;
    if (consumed <= 0) return;
    double causes = unavailable_;
    for (const auto& [pool, over] : over_) causes += over;
    // Pools within their allocations fit beside the buffer (CompilePlan), so somebody is the cause;
    // but for a supply that is worth less than when the plan took effect.
    if (causes <= 0) {
      buffer.consumers.push_back({"", consumed});
      return;
    }
    const auto add = [&](const std::string& pool, double cause) {
      if (cause > 0) buffer.consumers.push_back({pool, consumed * cause / causes});
    };
    add("", unavailable_);
    for (const auto& [pool, over] : over_) add(pool, over);
    std::stable_sort(buffer.consumers.begin(), buffer.consumers.end(),
                     [](const auto& a, const auto& b) { return a.h100e > b.h100e; });
  }

  // What hosts held that are not heard is not missing, but neither are their free chips at hand.
  void FillP0() {
    if (!known_) return;
    double missing = 0;
    for (const PoolView& view : snapshot_.pools) {
      if (view.pool->tier != Tier::kP0) continue;
      missing += std::max(0.0, view.pool->allocated_h100e - view.use->assigned_h100e -
                                   view.use->MissingH100e() - view.uncertain_h100e);
    }
    out_.p0_shortfall_h100e = std::max(0.0, missing - unassigned_);
  }

  void FillInference() {
    const Holding& inference = by_category_[Category::kInference];
    if (inference.assigned <= 0) return;
    out_.inference_measured = inference.measured / inference.assigned;
    if (!out_.categories[Category::kInference].actual_share) return;
    if (inference.measured <= 0 || *out_.inference_measured < out_.thresholds.measured) return;
    out_.inference_utilization = inference.busy / inference.measured;
  }

  const Snapshot& snapshot_;
  const Plan& plan_;
  PlanComparison out_;
  bool known_ = false;  // whether what is heard from may speak for the fleet
  std::map<Tier, Holding> by_tier_;
  std::map<Category, Holding> by_category_;
  std::map<std::string, double> over_;  // by pool: held beyond its allocation
  // H100e.
  double held_ = 0;  // assigned, unheard or unaccounted for
  double assigned_ = 0;
  double unplanned_ = 0;
  double unassigned_ = 0;
  double unavailable_ = 0;
};

}  // namespace

PlanComparison ComparePlan(const Snapshot& snapshot) { return Comparer(snapshot).Compare(); }

}  // namespace fleetmeter
