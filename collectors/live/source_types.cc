#include "collectors/live/source_type.h"

namespace fleetmeter::collector {

// Each is defined among the source's own files.
#define LIVE_SOURCE(function, folder, files) std::unique_ptr<SourceType> function();
#include "collectors/live/live_sources.list"
#undef LIVE_SOURCE

SourceTypes AllSourceTypes() {
  SourceTypes types;
#define LIVE_SOURCE(function, folder, files) types.push_back(function());
#include "collectors/live/live_sources.list"
#undef LIVE_SOURCE
  return types;
}

}  // namespace fleetmeter::collector
