// The rejection of a name that plan or catalog does not know, with the nearest that they do. Pure.
#pragma once

#include <optional>
#include <string>

#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

Rejection UnknownPool(const std::string& pool, const std::string& field, const Plan& plan);
Rejection UnknownChip(const std::string& chip, const std::string& field, const Catalog& catalog);

// What is not known of chip, pool and, of assigned chips, team. `field` names the group.
std::optional<Rejection> CheckNames(const UsageGroup& group, const std::string& field,
                                    const ReferenceData& reference, const Plan& plan);

// Likewise of pool and team of what waits. A kind of chip that the catalog does not know is no
// error there: nothing is booked by it.
std::optional<Rejection> CheckNames(const WaitingWork& waiting, const std::string& field,
                                    const Plan& plan);

}  // namespace fleetmeter
