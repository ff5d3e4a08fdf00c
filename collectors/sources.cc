#include "collectors/sources.h"

namespace fleetmeter::collector {

// Each is defined among the source's own files.
#define SOURCE(function, folder, files) std::unique_ptr<SourceCommand> function(Flags& program);
#include "collectors/sources.list"
#undef SOURCE

SourceCommands AddSources(Flags& program) {
  SourceCommands commands;
#define SOURCE(function, folder, files) commands.push_back(function(program));
#include "collectors/sources.list"
#undef SOURCE
  return commands;
}

}  // namespace fleetmeter::collector
