// What stands below the help of a command, of what stands below that of its group or the program.
// Pure.
#pragma once

#include <string>
#include <vector>

namespace fleetmeter::ctl {

// `above` has parts, each a title such as "Examples:" with its lines, or paragraphs of their own.
// Of the examples, those of the command `path` stay. Of a group, the other parts stay, since they
// are about all of its commands; those of the program do not.
std::string FooterOfCommand(const std::string& above, const std::vector<std::string>& path);

}  // namespace fleetmeter::ctl
