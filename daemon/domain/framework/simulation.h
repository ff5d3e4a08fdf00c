// What if: a start (a scenario, or the live fleet), what is changed, and what that gives and costs.
// Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/framework/assumptions.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"

namespace fleetmeter::framework {

// How a year's supply is used, and how well. What P0's guarantee, buffer and the three categories
// leave is unallocated.
struct Position {
  double supply_hours = 0;
  double p0_hours = 0;      // kept for P0: its guarantee, or what safety holds where that is more
  double safety_hours = 0;  // of that, what safety holds
  double buffer_hours = 0;
  CategoryHours hours;     // inference, training and research, each present
  double utilization = 0;  // of the hours that serve inference

  // What P1 and P2 may hold: supply less P0 and buffer.
  double budget_hours() const { return supply_hours - p0_hours - buffer_hours; }
  double unallocated_hours() const;  // negative: the three hold more than their budget
  double Share(double of_hours) const { return supply_hours > 0 ? of_hours / supply_hours : 0; }
};

Position PositionOf(const Allocation& allocation, double utilization);

// A fleet as it is found. Shares are of its supply; the hours are those of a year like this moment.
struct LiveShares {
  double supply_h100e = 0;
  std::map<Category, double> shares;  // inference, training, research, safety
  double utilization = 0;             // fleetmeter_plan_inference_utilization_ratio
};

// P0 and buffer are the assumptions' shares, unless safety holds more than P0.
Position PositionOf(const Assumptions& assumptions, const LiveShares& live);

// When utilization changes: keep inference's hours and let revenue change, or keep revenue and let
// inference's hours change, so that capacity is freed.
enum class Mode { kGrowRevenue, kFreeCapacity };

// Who gets the rest when research, which otherwise takes it, is given a share: the categories that
// were not named, in equal parts (the paper's 70% row) or as they were to each other.
enum class RestRule { kEqual, kProportional };

struct Changes {
  std::optional<double> utilization;
  std::optional<double> revenue_usd;  // inference gets the hours that earn it
  std::map<Category, double> shares;  // of the supply
  std::set<Category> held;            // keep the baseline's hours
  Mode mode = Mode::kGrowRevenue;
  RestRule rest = RestRule::kEqual;
};

struct Forgone {
  // Less than the baseline; 0 where it is more.
  double revenue_usd = 0;
  double training_hours = 0;
  double research_hours = 0;
};

struct Simulation {
  Position before;
  Outcome outcome_before;
  Position after;
  Outcome outcome_after;
  // kFreeCapacity: inference hours that the revenue after no longer needs, since an hour earns more
  // than before. Negative: it needs them in addition.
  double freed_hours = 0;
  Forgone forgone;  // after, against the baseline
};

// Where a simulation in a scenario starts: its allocation, at the assumptions' utilization. If the
// scenario's own demands do not fit, what the changes give to categories (hold, shares, revenue)
// stands in for what those demand, since it is what will be: they fit, or do not, with that. Errors
// are those of Allocate.
absl::StatusOr<Position> StartIn(const Assumptions& assumptions, std::string_view scenario,
                                 const Baseline& baseline, const Changes& changes);

// Rules: what is named gets what was said. If research is not named it takes what the others leave
// of the budget (P1 and P2), and the others keep their hours; if it is, `rest` says who takes it.
// In kFreeCapacity what is freed stays unallocated, unless another category is named.
// InvalidArgument says by how much the changes do not fit, or which of them contradict each other.
absl::StatusOr<Simulation> Simulate(const Assumptions& assumptions, const Position& start,
                                    const Baseline& baseline, const Changes& changes);

// Revenue, training and research of a position.
Outcome OutcomeOf(const Assumptions& assumptions, const Position& position,
                  double baseline_training_hours);

// --- Table "Sensitivity Analysis" ---------------------------------------------------------------

// A row: the baseline scenario under other assumptions, and what is changed in it.
struct SensitivityCase {
  std::string name;
  std::string title;
  Assumptions assumptions;
  Changes changes;
  // Why its assumptions cannot be, under what was set on top of the document; empty: they can.
  std::string wrong;
};

struct SensitivityRow {
  const SensitivityCase* of = nullptr;
  Position position;
  Outcome outcome;
  Forgone forgone;
  std::string does_not_fit;  // why there is no such position; empty: there is
};

// In the order of the cases, those that do not fit included.
std::vector<SensitivityRow> WorkOutSensitivity(const Baseline& baseline,
                                               const std::vector<SensitivityCase>& cases);

}  // namespace fleetmeter::framework
