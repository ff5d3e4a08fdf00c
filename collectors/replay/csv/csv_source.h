// Replays a fleet from a CSV file in our own format (../README.md).
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"
#include "collectors/replay/replay_options.h"

namespace fleetmeter::collector {

struct CsvReplayOptions {
  std::string path;  // plain or gzip
  ReplayOptions replay;
};

// Reads the whole file first. InvalidArgument names file, line and column, or the option; NotFound
// a file that cannot be opened.
absl::StatusOr<std::unique_ptr<Source>> MakeCsvSource(const CsvReplayOptions& options);

}  // namespace fleetmeter::collector
