// What grants brought beside what was promised, budgets, and who lent to whom. JSON is the daemon's
// answer by the names of capacity.proto. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

std::string FormatResults(const v1::GetResultsResponse& response, OutputFormat format);
std::string FormatBudgets(const v1::ListBudgetsResponse& response, OutputFormat format);
std::string FormatLending(const v1::GetLendingResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
