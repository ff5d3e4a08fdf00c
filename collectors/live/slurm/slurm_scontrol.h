// Nodes and jobs as `scontrol show nodes` and `scontrol show jobs` print them as text. Pure.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter::collector {

// Whether it begins as scontrol's text does.
bool IsScontrolText(std::string_view text);

// The same in the JSON that slurmrestd and scontrol have, as far as it is asked for. Times are UTC.
// InvalidArgument: a job stands on one line, where its name can pass for any other field.
absl::StatusOr<std::string> JsonOfScontrol(std::string_view text);

}  // namespace fleetmeter::collector
