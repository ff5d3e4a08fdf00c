// Which part of a recording is replayed, and how. The formats of the recordings are in README.md.
#pragma once

#include <cstdint>
#include <optional>

namespace fleetmeter::collector {

// What happens when the recorded time has run to `until`.
enum class AtEnd { kStop, kLoop };

// Seconds are on the recording's own scale.
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

}  // namespace fleetmeter::collector
