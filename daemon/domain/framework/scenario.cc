#include "daemon/domain/framework/scenario.h"

#include <algorithm>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/domain/framework/economics.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::framework {
namespace {

// What a demand comes to in hours.
class Solver {
 public:
  explicit Solver(const Assumptions& assumptions)
      : supply_hours_(WorkOutSupply(assumptions).h100e_hours),
        needed_training_hours_(WorkOutTraining(assumptions.training).needed_hours),
        usd_per_h100_hour_(UsdPerH100Hour(assumptions)) {}

  double supply_hours() const { return supply_hours_; }

  // `tier_hours` is what ShareOfTier is a share of. Rest comes to nothing here.
  double HoursOf(const Demand& demand, double tier_hours) const {
    if (const auto* share = std::get_if<ShareOfTier>(&demand)) return share->ratio * tier_hours;
    if (const auto* share = std::get_if<ShareOfSupply>(&demand))
      return share->ratio * supply_hours_;
    if (const auto* hours = std::get_if<Hours>(&demand)) return hours->hours;
    if (const auto* target = std::get_if<RevenueTarget>(&demand)) {
      return target->usd / usd_per_h100_hour_;
    }
    if (const auto* need = std::get_if<TrainingNeed>(&demand)) {
      return need->times * needed_training_hours_;
    }
    return 0;
  }

  // Hours of all categories; Rest takes what the others leave of the tier.
  CategoryHours Solve(const Demands& demands, double tier_hours) const {
    CategoryHours hours;
    double taken = 0;
    for (const Category category : kShared) hours[category] = 0;
    for (const auto& [category, demand] : demands) {
      taken += hours[category] = HoursOf(demand, tier_hours);
    }
    for (const auto& [category, demand] : demands) {
      if (std::holds_alternative<Rest>(demand)) hours[category] = std::max(0.0, tier_hours - taken);
    }
    return hours;
  }

 private:
  const double supply_hours_;
  const double needed_training_hours_;
  const double usd_per_h100_hour_;
};

std::string Parts(const CategoryHours& hours) {
  std::vector<std::string> parts;
  for (const auto& [category, of_category] : hours) {
    if (of_category > 0) {
      parts.push_back(fmt::format("{} {}", Name(category), HoursText(of_category)));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

absl::Status CheckTiers(const Allocation& a) {
  if (a.tiers.at(Tier::kP2) >= -kShareTolerance * a.supply_hours) return absl::OkStatus();
  const auto percent = [&](Tier tier) { return a.Share(a.tiers.at(tier)) * 100; };
  const double sum = percent(Tier::kP0) + percent(Tier::kP1) + percent(Tier::kBuffer);
  return absl::InvalidArgumentError(fmt::format(
      "scenario {} does not fit: p0 {:.6g}% + p1 {:.6g}% + buffer {:.6g}% = {:.6g}% of the supply; "
      "expected at most 100%. It is {} hours too much",
      a.scenario, percent(Tier::kP0), percent(Tier::kP1), percent(Tier::kBuffer), sum,
      HoursText(-a.tiers.at(Tier::kP2))));
}

absl::Status CheckP2(const Allocation& a) {
  const double over = -a.unallocated_hours();
  if (over <= kShareTolerance * a.supply_hours) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "scenario {} does not fit: {} add up to {} hours in p2; expected at most its {}. It is {} "
      "hours ({:.2f}% of the supply) too much",
      a.scenario, Parts(a.p2), HoursText(Sum(a.p2)), HoursText(a.tiers.at(Tier::kP2)),
      HoursText(over), a.Share(over) * 100));
}

}  // namespace

double Sum(const CategoryHours& hours) {
  double sum = 0;
  for (const auto& [category, of_category] : hours) sum += of_category;
  return sum;
}

const Scenario* Assumptions::FindScenario(std::string_view scenario) const {
  const auto found = std::find_if(scenarios.begin(), scenarios.end(),
                                  [&](const Scenario& s) { return s.name == scenario; });
  return found == scenarios.end() ? nullptr : &*found;
}

std::string HoursText(double hours) { return Grouped(fmt::format("{:.0f}", hours)); }

double Allocation::Of(Category category) const {
  if (category == Category::kSafety) return tiers.at(Tier::kP0);
  return p1.at(category) + p2.at(category);
}

double Allocation::unallocated_hours() const { return tiers.at(Tier::kP2) - Sum(p2); }

absl::StatusOr<Allocation> Allocate(const Assumptions& assumptions, std::string_view scenario) {
  const Scenario* found = assumptions.FindScenario(scenario);
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const Scenario& s : assumptions.scenarios) names.push_back(s.name);
    return absl::InvalidArgumentError(fmt::format("there is no scenario {}{}; expected one of {}",
                                                  Quoted(scenario), DidYouMeanText(scenario, names),
                                                  fmt::join(names, ", ")));
  }
  const Solver solver(assumptions);
  Allocation a;
  a.scenario = found->name;
  a.title = found->title;
  a.supply_hours = solver.supply_hours();
  // In P1 a share is of the supply.
  a.p1 = solver.Solve(found->p1, a.supply_hours);
  a.tiers[Tier::kP0] = assumptions.p0 * a.supply_hours;
  a.tiers[Tier::kBuffer] = assumptions.buffer * a.supply_hours;
  a.tiers[Tier::kP1] = Sum(a.p1);
  a.tiers[Tier::kP2] =
      a.supply_hours - a.tiers[Tier::kP0] - a.tiers[Tier::kP1] - a.tiers[Tier::kBuffer];
  if (absl::Status status = CheckTiers(a); !status.ok()) return status;
  a.tiers[Tier::kP2] = std::max(0.0, a.tiers[Tier::kP2]);  // a rounding error less than nothing
  a.p2 = solver.Solve(found->p2, a.tiers[Tier::kP2]);
  if (absl::Status status = CheckP2(a); !status.ok()) return status;
  return a;
}

Outcome OutcomeOf(const Assumptions& assumptions, const Allocation& allocation,
                  double baseline_training_hours) {
  Outcome outcome;
  outcome.utilization = assumptions.revenue.utilization;
  outcome.curve = assumptions.revenue.curve;
  outcome.usd_per_h100_hour = UsdPerH100Hour(assumptions);
  outcome.serviceable_revenue_usd = allocation.Of(Category::kInference) * outcome.usd_per_h100_hour;
  outcome.training_hours = allocation.Of(Category::kTraining);
  if (baseline_training_hours > 0) {
    outcome.training_ratio = outcome.training_hours / baseline_training_hours;
  }
  outcome.research_hours = allocation.Of(Category::kResearch);
  return outcome;
}

absl::StatusOr<Baseline> MakeBaseline(const Assumptions& assumptions) {
  auto allocation = Allocate(assumptions, assumptions.baseline);
  if (!allocation.ok()) return allocation.status();
  Baseline baseline;
  baseline.allocation = *std::move(allocation);
  baseline.outcome =
      OutcomeOf(assumptions, baseline.allocation, baseline.allocation.Of(Category::kTraining));
  return baseline;
}

}  // namespace fleetmeter::framework
