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

// Which versions changed since the last report, as far as the ledger and that report tell.
void AddVersions(const Answers& answers, Section* section);

// A part that is not there.
Section MissingSection(std::string id, std::string title, const absl::Status& why);

// Versions of everything that numbers rest on, and when they were taken.
std::vector<Figure> BasisFigures(const Answers& answers);

// What an H100-hour earns when it serves inference, in US dollars after discount, by the framework
// in force (Plan.GetFramework: revenue). Nothing: the daemon has no framework.
std::optional<double> UsdPerH100Hour(const Answers& answers);

// What H100e of a pool that nobody uses are worth in a day, in US dollars: at the prices of the
// pool's chips, as the dashboards value them, or else, where one of them has no price, what the
// same H100e would earn if they served inference. Nothing: neither is known.
struct DayWorth {
  double usd = 0;
  bool by_chip_price = false;
};
inline constexpr char kByChipPrice[] = "at the prices of the chips";
inline constexpr char kByFramework[] = "by the framework, if it served inference";
inline constexpr char kNoPriceKnown[] =
    "a chip has no price in the catalog, and the daemon has no framework";
std::optional<DayWorth> WorthOfADay(const Answers& answers, const v1::Pool& pool, double h100e);

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

// What the unused H100e of all underused pools are worth in a day. What chips cost and what they
// would earn are never added up. The counts are of pools.
struct UnusedWorth {
  double chips_usd = 0;
  double framework_usd = 0;
  int by_chip_price = 0;
  int by_framework = 0;
  int unknown = 0;
};
// Of a report that has pools.
UnusedWorth WorthOfUnused(const Answers& answers);

// "team in pool": who asks.
std::string WhoAsks(const v1::CapacityForm& form);
// For how many hours it was granted, also where a part of them was released since.
int64_t GrantedHours(const Answers& answers, const v1::CapacityRequest& request);
bool IsReleased(const Answers& answers, const v1::CapacityRequest& request);
// "critical", "company goal: GOAL", "growth bet".
std::string NatureText(const v1::CapacityForm& form);
// "revenue, $1.20M to $2.00M with a probability of 90%, by 2027-03-01".
std::string IntervalText(const v1::Roi& roi);

}  // namespace fleetmeter::ctl::report
