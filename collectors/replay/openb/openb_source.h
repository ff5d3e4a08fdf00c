// Replays Alibaba's GPU trace of 2023 ("openb").
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"
#include "collectors/replay/replay_options.h"

namespace fleetmeter::collector {

struct OpenbReplayOptions {
  std::string nodes_path;
  std::string pods_path;
  std::string rules_path;  // YAML: which pod belongs to which pool
  // Told once, while loading, about pods that are left out. May be empty.
  std::function<void(const std::string&)> note;
  ReplayOptions replay;
};

// Reads its whole input first. InvalidArgument names file, line and column, or the option;
// NotFound a file that cannot be opened.
absl::StatusOr<std::unique_ptr<Source>> MakeOpenbSource(const OpenbReplayOptions& options);

}  // namespace fleetmeter::collector
