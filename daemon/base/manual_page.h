// A manual page (man, section 1 or 8) of a program, from what its --help is made of. Pure.
#pragma once

#include <string>

#include "daemon/base/command_description.h"

namespace fleetmeter {

// In the language of man(7): name, synopsis, description, options, commands with theirs, and what
// stands below the help, such as examples. `section` is 1 for everybody's commands and 8 for
// daemons; `version` is that of the program.
std::string ManualPage(const CommandDescription& program, int section, const std::string& version);

}  // namespace fleetmeter
