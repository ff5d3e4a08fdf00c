// The states of a chip as the protocol says them. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/domain/report/usage_report.h"
#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter {

v1::ChipState ToWire(ChipState state);

// Nothing for a state that the sender left out, or that this version does not know.
std::optional<ChipState> FromWire(v1::ChipState state);

// "assigned", or "unspecified" where FromWire gives nothing.
std::string_view Name(v1::ChipState state);

}  // namespace fleetmeter
