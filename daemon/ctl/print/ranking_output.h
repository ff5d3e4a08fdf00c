// The undecided requests, best first, and why each stands where it stands. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

std::string FormatRanking(const v1::GetRankingResponse& response, OutputFormat format);

}  // namespace fleetmeter::ctl
