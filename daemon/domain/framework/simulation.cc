#include "daemon/domain/framework/simulation.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter::framework {
namespace {

constexpr double kLeastUsd = 1e-9;  // an hour: with less, hours leave all proportion

std::string HoursAndShare(const Position& position, double hours) {
  return fmt::format("{} hours ({:.2f}% of the supply)", HoursText(hours),
                     position.Share(hours) * 100);
}

// The changes to one position.
class Applier {
 public:
  Applier(const Assumptions& assumptions, const Baseline& baseline, const Changes& changes,
          Simulation* result)
      : revenue_(assumptions),
        curve_(assumptions.revenue.curve),
        baseline_(baseline),
        changes_(changes),
        result_(*result) {}

  absl::Status Apply() {
    if (absl::Status status = FixNamed(); !status.ok()) return status;
    if (absl::Status status = FixInference(); !status.ok()) return status;
    if (fixed_.empty()) return absl::OkStatus();  // a fleet may hold more than its budget: it is so
    for (const auto& [category, hours] : fixed_) result_.after.hours[category] = hours;
    const bool others_named = !changes_.shares.empty() || !changes_.held.empty();
    if (changes_.mode == Mode::kGrowRevenue || others_named) ShareOutRest();
    return CheckFits();
  }

 private:
  absl::Status Contradict(std::string_view a, std::string_view b) const {
    return absl::InvalidArgumentError(
        fmt::format("{} and {} both decide what inference gets; expected one of them", a, b));
  }

  absl::Status FixNamed() {
    for (const Category category : changes_.held) {
      fixed_[category] = baseline_.allocation.Of(category);
    }
    for (const auto& [category, share] : changes_.shares) {
      if (!fixed_.emplace(category, share * result_.after.supply_hours).second) {
        return absl::InvalidArgumentError(
            fmt::format("{} is held and given a share; expected one of the two", Name(category)));
      }
    }
    return absl::OkStatus();
  }

  // Inference from a target, or from the revenue that stays when utilization changes.
  absl::Status FixInference() {
    const bool solves = changes_.revenue_usd || changes_.mode == Mode::kFreeCapacity;
    if (!solves) return absl::OkStatus();
    const double usd = revenue_.UsdPerH100Hour(result_.after.utilization, curve_);
    if (usd < kLeastUsd) {
      return absl::InvalidArgumentError(
          fmt::format("an hour earns next to nothing at {:.6g}% utilization, so no hours earn a "
                      "revenue; expected more",
                      result_.after.utilization * 100));
    }
    if (fixed_.contains(Category::kInference)) {
      return Contradict("a share (or hold) of inference",
                        changes_.revenue_usd ? "a revenue target" : "mode free-capacity");
    }
    const double target =
        changes_.revenue_usd.value_or(result_.outcome_before.serviceable_revenue_usd);
    const double hours = target / usd;
    fixed_[Category::kInference] = hours;
    const double usd_before = result_.outcome_before.usd_per_h100_hour;
    if (changes_.mode == Mode::kFreeCapacity && usd_before >= kLeastUsd) {
      result_.freed_hours = target / usd_before - hours;
    }
    return absl::OkStatus();
  }

  void ShareOutRest() {
    CategoryHours& hours = result_.after.hours;
    if (!fixed_.contains(Category::kResearch)) {
      hours[Category::kResearch] = 0;
      hours[Category::kResearch] = result_.after.budget_hours() - Sum(hours);
      return;
    }
    std::vector<Category> others;
    for (const Category category : kShared) {
      if (!fixed_.contains(category)) others.push_back(category);
    }
    double before = 0;
    for (const Category category : others) before += hours[category];
    const double rest = result_.after.budget_hours() - Sum(fixed_);
    const bool proportional = changes_.rest == RestRule::kProportional && before > 0;
    for (const Category category : others) {
      hours[category] = proportional ? rest * hours[category] / before
                                     : rest / static_cast<double>(others.size());
    }
  }

  absl::Status CheckFits() {
    Position& after = result_.after;
    double over = 0;
    std::vector<std::string> parts;
    for (auto& [category, hours] : after.hours) {
      // What is left for the others may be too little by a rounding error.
      if (hours < 0 && hours > -kShareTolerance * after.supply_hours) hours = 0;
      over += std::max(0.0, -hours);
      if (hours > 0) parts.push_back(fmt::format("{} {}", Name(category), HoursText(hours)));
    }
    over = std::max(over, -after.unallocated_hours());
    if (over <= kShareTolerance * after.supply_hours) return absl::OkStatus();
    return absl::InvalidArgumentError(fmt::format(
        "does not fit: {} hours; expected at most {}, the supply without p0 and buffer. It is {} "
        "too much",
        fmt::join(parts, ", "), HoursAndShare(after, after.budget_hours()),
        HoursAndShare(after, over)));
  }

  const RevenueModel revenue_;
  const std::string& curve_;
  const Baseline& baseline_;
  const Changes& changes_;
  Simulation& result_;
  CategoryHours fixed_;
};

Forgone Against(const Outcome& baseline, const Outcome& outcome) {
  const auto less = [](double was, double is) { return std::max(0.0, was - is); };
  return {.revenue_usd = less(baseline.serviceable_revenue_usd, outcome.serviceable_revenue_usd),
          .training_hours = less(baseline.training_hours, outcome.training_hours),
          .research_hours = less(baseline.research_hours, outcome.research_hours)};
}

// The baseline scenario under the case's assumptions, with its changes.
absl::StatusOr<Simulation> SimulateCase(const Baseline& baseline, const SensitivityCase& of) {
  const auto allocation = Allocate(of.assumptions, of.assumptions.baseline);
  if (!allocation.ok()) return allocation.status();
  return Simulate(of.assumptions, PositionOf(*allocation, of.assumptions.revenue.utilization),
                  baseline, of.changes);
}

}  // namespace

double Position::unallocated_hours() const { return budget_hours() - Sum(hours); }

Position PositionOf(const Allocation& allocation, double utilization) {
  Position position;
  position.supply_hours = allocation.supply_hours;
  position.p0_hours = allocation.tiers.at(Tier::kP0);
  position.safety_hours = position.p0_hours;
  position.buffer_hours = allocation.tiers.at(Tier::kBuffer);
  for (const Category category : kShared) position.hours[category] = allocation.Of(category);
  position.utilization = utilization;
  return position;
}

Position PositionOf(const Assumptions& assumptions, const LiveShares& live) {
  const auto share = [&](Category category) {
    const auto found = live.shares.find(category);
    return found == live.shares.end() ? 0 : found->second;
  };
  Position position;
  position.supply_hours = live.supply_h100e * assumptions.hours_per_year;
  position.safety_hours = share(Category::kSafety) * position.supply_hours;
  position.p0_hours = std::max(assumptions.p0 * position.supply_hours, position.safety_hours);
  position.buffer_hours = assumptions.buffer * position.supply_hours;
  for (const Category category : kShared) {
    position.hours[category] = share(category) * position.supply_hours;
  }
  position.utilization = live.utilization;
  return position;
}

Outcome OutcomeOf(const Assumptions& assumptions, const Position& position,
                  double baseline_training_hours) {
  Outcome outcome;
  outcome.utilization = position.utilization;
  outcome.curve = assumptions.revenue.curve;
  outcome.usd_per_h100_hour =
      RevenueModel(assumptions).UsdPerH100Hour(position.utilization, outcome.curve);
  outcome.serviceable_revenue_usd =
      position.hours.at(Category::kInference) * outcome.usd_per_h100_hour;
  outcome.training_hours = position.hours.at(Category::kTraining);
  if (baseline_training_hours > 0) {
    outcome.training_ratio = outcome.training_hours / baseline_training_hours;
  }
  outcome.research_hours = position.hours.at(Category::kResearch);
  return outcome;
}

absl::StatusOr<Simulation> Simulate(const Assumptions& assumptions, const Position& start,
                                    const Baseline& baseline, const Changes& changes) {
  Simulation result;
  result.before = start;
  result.outcome_before = OutcomeOf(assumptions, start, baseline.outcome.training_hours);
  result.after = start;
  if (changes.utilization) result.after.utilization = *changes.utilization;
  if (absl::Status status = Applier(assumptions, baseline, changes, &result).Apply();
      !status.ok()) {
    return status;
  }
  result.outcome_after = OutcomeOf(assumptions, result.after, baseline.outcome.training_hours);
  result.forgone = Against(baseline.outcome, result.outcome_after);
  return result;
}

std::vector<SensitivityRow> WorkOutSensitivity(const Baseline& baseline,
                                               const std::vector<SensitivityCase>& cases) {
  std::vector<SensitivityRow> rows;
  for (const SensitivityCase& of : cases) {
    SensitivityRow& row = rows.emplace_back();
    row.of = &of;
    row.does_not_fit = of.wrong;
    if (!of.wrong.empty()) continue;
    const auto simulation = SimulateCase(baseline, of);
    if (!simulation.ok()) {
      row.does_not_fit = std::string(simulation.status().message());
      continue;
    }
    row.position = simulation->after;
    row.outcome = simulation->outcome_after;
    row.forgone = simulation->forgone;
  }
  return rows;
}

}  // namespace fleetmeter::framework
