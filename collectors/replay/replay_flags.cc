#include "collectors/replay/replay_flags.h"

namespace fleetmeter::collector {
namespace {

constexpr double kFastest = 1'000'000;

}  // namespace

void AddReplayFlags(Flags& command, ReplayOptions& options) {
  command.Add("--from", &options.from_seconds,
              "Begin at this second of the recording (default: its first)");
  Flag until = command.Add("--until", &options.until_seconds,
                           "End at this second of the recording (default: its last)");
  command
      .Add("--speed", &options.speed,
           "Recorded seconds per second; above 1 the daemon must accept replays")
      .InRange(1.0, kFastest)
      .ShowDefault();
  Flag hold = command.AddSwitch("--hold", &options.hold,
                                "Report the state at --from for ever, without moving on");
  Flag loop = command.AddSwitch(
      "--loop", [&options] { options.at_end = AtEnd::kLoop; }, "Begin again at the end");
  hold.Excludes(until);
  hold.Excludes(loop);
}

}  // namespace fleetmeter::collector
