// Tiers and scenarios: who gets how many hours of a year's supply, and what that earns, trains and
// leaves for research (tables "Total Per Tier" and "P1 and P2 Breakout"). Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "daemon/domain/framework/assumptions.h"

namespace fleetmeter::framework {

// Hours of a year by category: inference, training and research, each present.
using CategoryHours = std::map<Category, double>;

double Sum(const CategoryHours& hours);

// Shares are decimal and sums binary: what is over by less than this part of the supply fits.
inline constexpr double kShareTolerance = 1e-9;

// A scenario worked out. P0 + P1 + P2 + buffer = supply; P1 has no rest; P2 may.
struct Allocation {
  std::string scenario;
  std::string title;
  double supply_hours = 0;
  std::map<Tier, double> tiers;  // hours, all four
  CategoryHours p1;
  CategoryHours p2;

  double Of(Category category) const;  // P1 and P2 together; safety: P0
  double Share(double hours) const { return supply_hours > 0 ? hours / supply_hours : 0; }
  double unallocated_hours() const;  // of P2
};

// Solves what is to be solved: inference from a revenue target, training from the need of a year,
// the rest. InvalidArgument says by how many hours it does not fit, or that there is no such
// scenario and which there are.
absl::StatusOr<Allocation> Allocate(const Assumptions& assumptions, std::string_view scenario);

// What hours of a year are good for.
struct Outcome {
  double utilization = 0;  // of the hours that serve inference
  std::string curve;
  double usd_per_h100_hour = 0;        // after discount
  double serviceable_revenue_usd = 0;  // inference hours x that, a year
  double training_hours = 0;
  // Of the baseline's training hours; nothing if it trains nothing.
  std::optional<double> training_ratio;
  double research_hours = 0;
};

// What others are measured by: the baseline scenario of assumptions that nobody has changed.
struct Baseline {
  Allocation allocation;
  Outcome outcome;
};

absl::StatusOr<Baseline> MakeBaseline(const Assumptions& assumptions);

// The outcome of an allocation at the assumptions' own utilization and curve.
Outcome OutcomeOf(const Assumptions& assumptions, const Allocation& allocation,
                  double baseline_training_hours);

// "9,108,214,286".
std::string HoursText(double hours);

}  // namespace fleetmeter::framework
