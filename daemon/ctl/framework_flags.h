// Flags that several of the commands about the allocation framework and its plans have.
#pragma once

#include <string>
#include <vector>

#include "daemon/base/flags.h"

namespace fleetmeter::ctl {

// --plan: the file of a framework, or of a plan.
Flag AddPlanFile(Flags& flags, const std::string& help, std::string* path);

// --set KEY=VALUE, any number of times.
Flag AddSet(Flags& flags, std::vector<std::string>* set);

Flag AddScenario(Flags& flags, const std::string& help, std::string* scenario);

// --catalog: what a plan is checked against.
Flag AddCatalog(Flags& flags, std::string* path);

}  // namespace fleetmeter::ctl
