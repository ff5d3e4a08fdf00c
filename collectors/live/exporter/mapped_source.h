// The keys of a source that reads samples through a mapping (collectors/mappings).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "collectors/live/source_type.h"
#include "collectors/mappings/map_devices.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {

struct MappedSettings {
  Mapping mapping;
  std::string prefix;  // that may stand in front of names of series
  std::string model;
  std::optional<int64_t> ids_per_chip;
  std::optional<bool> knows_holders;
  std::optional<bool> exported_labels;
  std::chrono::milliseconds stale_after{300'000};
};

// The keys mapping, prefix, model, ids_per_chip, knows_holders, exported_labels, stale_after.
// Nothing: the mapping is wrong, which was complained about.
std::optional<MappedSettings> ReadMappedSettings(YamlMap& entry,
                                                 std::chrono::milliseconds stale_after);

// What the engine is asked for one look; it remembers whether holders were ever seen.
class MappedLooks {
 public:
  // `host` is of rows that name none; empty: they have to, and what comes may be a part of a host.
  MappedLooks(MappedSettings settings, std::string host);

  const Mapping& mapping() const { return settings_.mapping; }
  const MappedNames& names() const { return names_; }
  std::chrono::milliseconds stale_after() const { return settings_.stale_after; }
  // `so_far` has what was wrong with the rows already.
  absl::StatusOr<Observation> Map(std::vector<MappedRow> rows, Observation so_far,
                                  int64_t unix_nanos);

 private:
  const MappedSettings settings_;
  const MappedNames names_;
  const std::string host_;
  bool saw_holders_ = false;
};

}  // namespace fleetmeter::collector
