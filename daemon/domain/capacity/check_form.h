// What is wrong with a form, all of it at once. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/domain/capacity/capacity_event.h"
#include "daemon/domain/capacity/capacity_form.h"
#include "daemon/domain/fleet/catalog.h"
#include "daemon/domain/fleet/plan.h"

namespace fleetmeter::capacity {

inline constexpr int64_t kMostHours = int64_t{3} * 366 * 24;  // three years
inline constexpr int64_t kMostChips = 100'000'000;
inline constexpr int64_t kMostCores = 10'000'000'000;
inline constexpr size_t kMostTextBytes = 4'096;  // of each text that people write
inline constexpr size_t kMostLabelBytes = 128;   // of workload, type, model and run, as in reports
inline constexpr size_t kMostIdBytes = 64;
inline constexpr int64_t kMostMicroUsd = 1'000'000'000'000'000'000;  // a trillion dollars
// Work that has begun since the last meeting may be asked for afterwards. A meeting is every two
// weeks.
inline constexpr int64_t kMostHoursAgo = int64_t{14} * 24;
// What a gain is expected by: at most so long after the request's end.
inline constexpr int64_t kMostDaysToGain = int64_t{10} * 366;

struct FormContext {
  const Plan& plan;  // in force
  const Catalog& catalog;
  int64_t now_unix_seconds = 0;
  bool knows_supply = false;  // whoever is told may know how much there is
};

// Each violation names the field by its name in capacity.proto, what it was, and what was expected;
// a name that is unknown names the nearest ones that are known. A request that is beyond its pool's
// allocation needs an ROI and the trade-off; the violation says which is missing. More chips than
// the plan's supply of all kinds is refused, with both sums to whoever may know them; for that,
// chips count as the supply counts them, whatever the workload type. Text may be of any script,
// must be UTF-8, and may hold line breaks and tabs but no other control characters.
//
// The start may have passed by at most kMostHoursAgo, or be ahead by at most kMostHours; the end is
// still to come. A gain is more than 0, lies within its interval, and comes no earlier than on the
// day of the start.
std::vector<Violation> CheckForm(const CapacityForm& form, const FormContext& context);

// What these chips are worth at a time, by the workload type's ratio where the catalog has one;
// micro-H100e, to the nearest. A kind that is unknown is worth 0.
Worth WorthOf(const Catalog& catalog, const std::string& chip, int64_t chips,
              const std::string& workload_type, int64_t unix_seconds);

// H100e-hours that a form asks for, in micro-H100e-hours.
int64_t MicroH100eHours(const Worth& worth, int64_t hours);

}  // namespace fleetmeter::capacity
