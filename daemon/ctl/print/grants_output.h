// Grants and how they were used. JSON is the daemon's answer by the names of capacity.proto. Pure.
#pragma once

#include <string>

#include "daemon/ctl/print/output_format.h"
#include "fleetmeter/v1/capacity.pb.h"

namespace fleetmeter::ctl {

std::string FormatGrants(const v1::ListGrantsResponse& response, OutputFormat format, size_t width);

// The rows of some grants, each line behind `indent`, at most `width` columns wide; 0: as wide as
// they are.
std::string GrantsTable(const google::protobuf::RepeatedPtrField<v1::UsedGrant>& grants,
                        size_t width, const std::string& indent);

}  // namespace fleetmeter::ctl
