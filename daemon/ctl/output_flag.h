// The option --output, which most commands have.
#pragma once

#include "daemon/base/flags.h"
#include "daemon/ctl/print/output_format.h"

namespace fleetmeter::ctl {

void AddOutput(Flags& flags, OutputFormat* output);

}  // namespace fleetmeter::ctl
