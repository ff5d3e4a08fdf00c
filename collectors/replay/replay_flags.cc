#include "collectors/replay/replay_flags.h"

#include <CLI/CLI.hpp>

namespace fleetmeter::collector {
namespace {

constexpr double kFastest = 1'000'000;

}  // namespace

void AddReplayFlags(CLI::App& command, ReplayOptions& options) {
  command.add_option("--from", options.from_seconds,
                     "Begin at this second of the recording (default: its first)");
  auto* until = command.add_option("--until", options.until_seconds,
                                   "End at this second of the recording (default: its last)");
  command
      .add_option("--speed", options.speed,
                  "Recorded seconds per second; above 1 the daemon must accept replays")
      ->check(CLI::Range(1.0, kFastest))
      ->capture_default_str();
  auto* hold = command.add_flag("--hold", options.hold,
                                "Report the state at --from for ever, without moving on");
  auto* loop = command.add_flag_callback(
      "--loop", [&options] { options.at_end = AtEnd::kLoop; }, "Begin again at the end");
  hold->excludes(until);
  hold->excludes(loop);
}

}  // namespace fleetmeter::collector
