// The option --output, which most commands have.
#pragma once

#include "daemon/ctl/print/output_format.h"

namespace CLI {
class App;
}

namespace fleetmeter::ctl {

void AddOutput(CLI::App& app, OutputFormat* output);

}  // namespace fleetmeter::ctl
