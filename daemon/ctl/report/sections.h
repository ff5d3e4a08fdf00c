// The parts of the allocation report, in its order, and what several of them share. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/report/allocation_answers.h"
#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

Section InShort(const Answers& answers);
Section CommitteeRequests(const Answers& answers);  // beyond allocations
Section PoolRequests(const Answers& answers);       // within them
Section PlanAndActual(const Answers& answers);
Section Underused(const Answers& answers);
Section HeadroomAndDemand(const Answers& answers);
Section BufferAccount(const Answers& answers);
Section MarginOutcome(const Answers& answers);
Section CapabilityOutcome(const Answers& answers);
Section DecidedSince(const Answers& answers);
Section CameOfGrants(const Answers& answers);
Section BudgetsAndLending(const Answers& answers);
Section ChangesSince(const Answers& answers);

// A part that is not there.
Section MissingSection(std::string id, std::string title, const absl::Status& why);

// Versions of everything that numbers rest on, and when they were taken.
std::vector<Figure> BasisFigures(const Answers& answers);

// What an H100-hour earns when it serves inference, in US dollars after discount, by the framework
// in force (Plan.GetFramework: revenue). Nothing: the daemon has no framework.
std::optional<double> UsdPerH100Hour(const Answers& answers);

// A pool whose utilization is below kUnderused, and what it does not use.
inline constexpr double kUnderused = 0.5;  // as the alert about underuse has it
struct UnusedPool {
  const v1::Pool* pool = nullptr;
  double h100e = 0;
};
// Those that use least first. Pools whose utilization is not known are not among them.
std::vector<UnusedPool> UnusedPools(const v1::ListPoolsResponse& pools);

// `max(0, allocated - unhealthy - unheard - unaccounted - uncertain - busy - unmeasured)`
// (GLOSSARY.md); nothing while the utilization is not known.
std::optional<double> UnusedH100e(const v1::Pool& pool);

// "team in pool": who asks.
std::string WhoAsks(const v1::CapacityForm& form);
int64_t GrantedHours(const v1::CapacityGrant& grant);
// "critical", "company goal: GOAL", "growth bet".
std::string NatureText(const v1::CapacityForm& form);
// "revenue, $1.20M to $2.00M with a probability of 90%, by 2027-03-01".
std::string IntervalText(const v1::Roi& roi);

}  // namespace fleetmeter::ctl::report
