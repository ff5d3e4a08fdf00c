// Replays duty cycles of Alibaba's GenAI serving pods of 2026: each pod is a host with one chip.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"
#include "collectors/replay/replay_options.h"

namespace fleetmeter::collector {

struct DutyCycleReplayOptions {
  std::string path;  // plain or gzip
  std::string chip;  // kind of every chip
  std::string pool;
  std::string team;
  std::string workload;       // may be empty
  std::string workload_type;  // may be empty
  ReplayOptions replay;
};

// Reads the whole file first. InvalidArgument names file, line and column, or the option; NotFound
// a file that cannot be opened.
absl::StatusOr<std::unique_ptr<Source>> MakeDutyCycleSource(const DutyCycleReplayOptions& options);

}  // namespace fleetmeter::collector
