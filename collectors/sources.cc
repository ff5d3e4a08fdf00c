#include "collectors/sources.h"

namespace fleetmeter::collector {

// Each is defined among the source's own files.
#define SOURCE(function, folder, files) std::unique_ptr<SourceCommand> function(CLI::App& app);
#include "collectors/sources.list"
#undef SOURCE

SourceCommands AddSources(CLI::App& app) {
  SourceCommands commands;
#define SOURCE(function, folder, files) commands.push_back(function(app));
#include "collectors/sources.list"
#undef SOURCE
  return commands;
}

}  // namespace fleetmeter::collector
