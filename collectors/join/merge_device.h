// Merges what several sources say of one device, by the precedence that join_hosts.h states. Pure.
#pragma once

#include <string>

#include "collectors/join/sayings.h"

namespace fleetmeter::collector {

// Counts and remarks go to `out`, and so does who decided: JoinedHosts::decided_by.
DeviceReading MergeDevice(const std::string& host, const DeviceSayings& device, JoinedHosts& out);

}  // namespace fleetmeter::collector
