#include "collectors/replay/replay_flags.h"

#include "daemon/config/settings/kinds.h"

namespace fleetmeter::collector {
namespace {

constexpr double kFastest = 1'000'000;
constexpr int64_t kLatestSecond = 1'000'000'000'000;

void ReadRecordedSecond(const YamlValue& value, std::optional<int64_t>& second) {
  if (!value.present()) return;
  int64_t seconds = 0;
  value.ReadInteger(-kLatestSecond, kLatestSecond, &seconds);
  second = seconds;
}

}  // namespace

void AddReplayFlags(Flags& command, ReplayOptions& options) {
  command
      .Add("--from", &options.from_seconds,
           "Begin at this second of the recording. The default is its first")
      .ValueName("SECOND");
  Flag until = command
                   .Add("--until", &options.until_seconds,
                        "End at this second of the recording. The default is its last")
                   .ValueName("SECOND");
  command
      .Add("--speed", &options.speed,
           "How many recorded seconds pass in a second. Above 1 the daemon must accept replays")
      .InRange(1.0, kFastest)
      .ShowDefault();
  Flag hold = command.AddSwitch("--hold", &options.hold,
                                "Report the state at --from for ever, without moving on");
  Flag loop = command.AddSwitch(
      "--loop", [&options] { options.at_end = AtEnd::kLoop; }, "Begin again at the end");
  hold.Excludes(until);
  hold.Excludes(loop);
}

void ReadReplayKeys(YamlMap& entry, ReplayOptions& options) {
  ReadRecordedSecond(entry.Optional("from"), options.from_seconds);
  ReadRecordedSecond(entry.Optional("until"), options.until_seconds);
  entry.Optional("speed").ReadNumber(1.0, kFastest, &options.speed);
  const YamlValue hold = entry.Optional("hold");
  hold.ReadBool(&options.hold);
  bool loop = false;
  entry.Optional("loop").ReadBool(&loop);
  if (loop) options.at_end = AtEnd::kLoop;
  if (options.hold && (loop || options.until_seconds)) {
    hold.Complain("is set beside until or loop; expected one of them");
  }
}

std::string ReadReplayPath(YamlMap& entry, std::string_view key, std::string_view what) {
  std::string path;
  FilePath{}.Read(entry.Required(key, what), &path);
  return path;
}

}  // namespace fleetmeter::collector
