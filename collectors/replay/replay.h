// Replay sources: recorded or invented fleets that are reported as if they were happening now.
// The program's main fills an options struct and gets a Source; formats are in README.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "collectors/core/source.h"

namespace fleetmeter::collector {

// What happens when the recorded time has run to `until`.
enum class AtEnd { kStop, kLoop };

// "stop" or "loop".
std::optional<AtEnd> ParseAtEnd(std::string_view text);

// Which part of the recorded time is replayed, and how. Seconds are on the recording's own scale.
struct ReplayOptions {
  std::optional<int64_t> from_seconds;   // absent: where the recording begins
  std::optional<int64_t> until_seconds;  // absent: where it ends; a CSV fleet has no end
  // Recorded seconds per second. The collector's loop multiplies with it: a window's duration is
  // speed times its length. The source only checks that it is above 0 and at most 1,000,000.
  double speed = 1;
  // Report the state at `from` for ever. Excludes until and loop.
  bool hold = false;
  AtEnd at_end = AtEnd::kStop;  // kLoop needs an end
};

struct CsvReplayOptions {
  std::string path;  // plain or gzip
  ReplayOptions replay;
};

// Alibaba's GPU trace of 2023 ("openb").
struct OpenbReplayOptions {
  std::string nodes_path;
  std::string pods_path;
  std::string rules_path;  // YAML: which pod belongs to which pool
  // Told once, while loading, about pods that are left out. May be empty.
  std::function<void(const std::string&)> note;
  ReplayOptions replay;
};

// Duty cycles of Alibaba's GenAI serving pods of 2026: each pod is a host with one chip.
struct DutyCycleReplayOptions {
  std::string path;  // plain or gzip
  std::string chip;  // kind of every chip
  std::string pool;
  std::string team;
  std::string workload;       // may be empty
  std::string workload_type;  // may be empty
  ReplayOptions replay;
};

// Each reads its whole input first. InvalidArgument names file, line and column, or the option;
// NotFound a file that cannot be opened.
absl::StatusOr<std::unique_ptr<Source>> MakeCsvSource(const CsvReplayOptions& options);
absl::StatusOr<std::unique_ptr<Source>> MakeOpenbSource(const OpenbReplayOptions& options);
absl::StatusOr<std::unique_ptr<Source>> MakeDutyCycleSource(const DutyCycleReplayOptions& options);

}  // namespace fleetmeter::collector
