// The configuration of fleetmeter-collector: delivery, and the live sources with their rules.
// Strict, as that of the daemon: an unknown key, a wrong type or a value out of range is an error
// that names file, line, key and what was expected. README.md describes the keys.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/config/collector_options.h"
#include "collectors/core/source_command.h"
#include "collectors/live/live_group.h"
#include "collectors/live/source_type.h"

namespace fleetmeter::collector {

// A recording that is replayed, as a source among sources. It has a stream of its own.
struct ConfiguredReplay {
  std::string name;
  std::string settings;  // equal for equal entries
  DescribedSource source;
};

using ReplayCommands = std::vector<std::unique_ptr<SourceCommand>>;

struct CollectorConfig {
  CollectorFlags delivery;  // what flags say without a configuration
  LiveOptions live;
  // One at least of the two.
  std::vector<LiveMember> members;
  std::vector<ConfiguredReplay> replays;
};

// What the key `type` of a source may name.
struct KnownSources {
  const SourceTypes& live;
  const ReplayCommands& replays;
};

// Reads the file and the files of rules that it names, and makes every source; opens no connection.
// All that is wrong is told together, a line each. `files`, unless it is null, gets the paths of
// the other files that were read, also if something is wrong.
absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                    const KnownSources& known,
                                                    std::vector<std::string>* files = nullptr);
// With live sources alone.
absl::StatusOr<CollectorConfig> LoadCollectorConfig(const std::string& path,
                                                    const SourceTypes& types,
                                                    std::vector<std::string>* files = nullptr);

// The same of a text; `name` stands in for the path.
absl::StatusOr<CollectorConfig> ReadCollectorConfig(const std::string& name, std::string_view text,
                                                    const KnownSources& known);
absl::StatusOr<CollectorConfig> ReadCollectorConfig(const std::string& name, std::string_view text,
                                                    const SourceTypes& types);

// What is allowed and yet likely to be meant otherwise, a sentence each: two sources whose hosts
// differ by a domain alone; a source without rules that decides before one that has some.
std::vector<std::string> RemarksOn(const CollectorConfig& config);

}  // namespace fleetmeter::collector
