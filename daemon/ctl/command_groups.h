// Commands that share a first word, such as `plan show` and `plan diff`.
#pragma once

#include <string_view>

#include "daemon/base/flags.h"
#include "daemon/ctl/connection.h"

namespace fleetmeter::ctl {

struct CommandGroup {
  const char* name;
  const char* help;
  const char* footer;                                  // below its --help, and that of its commands
  void (*add_flags)(Flags& group, Connection* fills);  // of all its commands; null: none
};

// Null if there is no such group.
const CommandGroup* FindGroup(std::string_view name);

}  // namespace fleetmeter::ctl
