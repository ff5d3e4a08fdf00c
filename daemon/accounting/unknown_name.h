// The rejection of a name that plan or catalog does not know, with the nearest that they do. Pure.
#pragma once

#include <string>

#include "daemon/domain/reference_data.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

Rejection UnknownPool(const std::string& pool, const std::string& field, const Plan& plan);
Rejection UnknownChip(const std::string& chip, const std::string& field, const Catalog& catalog);

}  // namespace fleetmeter
