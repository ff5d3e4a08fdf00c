// The plan in force beside what is measured, worked out from a snapshot. Pure.
//
// GLOSSARY.md defines the words. A number that is not known is nullopt. Silence is never idleness:
// what is measured is only shown while the coverage of the supply reaches its threshold.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/domain/framework/simulation.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {

// A tier or a category. Shares are of the supply: planned ones of what the plan declares, actual
// ones of what is heard from.
struct PlanShare {
  double planned_share = 0;
  double planned_h100e = 0;  // planned_share x the plan's supply
  // Heard over expected H100e of its pools; nullopt while no source has named one of them.
  std::optional<double> coverage;
  // Assigned to its pools. Also nullopt while its own coverage is below the threshold, and for the
  // buffer, which no pool may hold: see Buffer.
  std::optional<double> actual_h100e;
  std::optional<double> actual_share;
  std::optional<double> drift;
};

struct Buffer {
  struct Consumer {
    std::string pool;  // empty: chips that are unhealthy or reserved
    double h100e = 0;
  };
  double planned_h100e = 0;
  std::optional<double> consumed_h100e;
  // Add up to consumed_h100e. Largest first; nobody with 0.
  std::vector<Consumer> consumers;
};

// A year like this moment, on one of the framework's curves. US dollars a year.
struct RevenuePace {
  std::string curve;
  double planned_usd = 0;
  std::optional<double> serviceable_usd;
  std::optional<double> forgone_usd;
};

struct Pace {
  std::vector<RevenuePace> revenue;  // every curve of the framework
  double planned_training_hours = 0;
  std::optional<double> training_hours;
};

struct PlanComparison {
  KnownThresholds thresholds;
  std::optional<double> coverage;            // of the supply
  double heard_h100e = 0;                    // what actual shares are shares of
  double expected_h100e = 0;                 // of the supply, as coverage counts it
  std::map<Tier, PlanShare> tiers;           // every tier
  std::map<Category, PlanShare> categories;  // every category
  // With the actual shares of all categories, or of all tiers, they add up to 1 where all are
  // known.
  std::optional<double> unassigned_share;
  std::optional<double> unavailable_share;
  std::optional<double> unplanned_share;

  Buffer buffer;
  std::optional<double> p0_shortfall_h100e;

  // Part of what inference holds whose activity is measured; nullopt while it holds nothing.
  std::optional<double> inference_measured;
  std::optional<double> inference_utilization;
  std::optional<Pace> pace;  // nullopt: there is no framework
};

PlanComparison ComparePlan(const Snapshot& snapshot);

// The fleet as a start for what-if questions: actual shares of the expected supply, so that a few
// silent hosts are not a smaller fleet. FailedPrecondition says what is not known.
absl::StatusOr<framework::LiveShares> LiveStart(const PlanComparison& comparison);

// Fills `pace`; ComparePlan does. The model may have no framework.
std::optional<Pace> WorkOutPace(const PlanComparison& comparison, const Plan& plan,
                                const ReferenceData& reference);

}  // namespace fleetmeter
