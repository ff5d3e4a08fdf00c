#include "collectors/try/try_command.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>
#include <utility>

#include "collectors/live/live_group.h"
#include "collectors/try/round_output.h"
#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr uint64_t kMostLooks = 100;
constexpr int kSourceFailed = 1;
constexpr int kWrongName = 2;

// Keeps one source, if one is named. False: there is none of that name.
bool Choose(const std::string& name, std::vector<LiveMember>& members) {
  if (name.empty()) return true;
  std::vector<std::string> names;
  for (const LiveMember& member : members) names.push_back(member.name);
  std::erase_if(members, [&](const LiveMember& member) { return member.name != name; });
  if (!members.empty()) return true;
  fmt::print(stderr, "fleetmeter-collector: --source is {}{}; expected one of {}\n", Quoted(name),
             DidYouMeanText(name, names), fmt::join(names, ", "));
  return false;
}

bool PrintText(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
         std::fflush(stdout) == 0;
}

}  // namespace

TryCommand::TryCommand(Flags& program)
    : command_(program.AddCommand(
          "try", "Look at the sources of --config, and print what would be reported and why")) {
  command_.TakeFlagsOfParent();
  command_.Add("--source", &source_, "Look at this source of the configuration only")
      .ValueName("NAME");
  command_.AddSwitch("--once", &once_, "Look once, which is the default");
  command_
      .Add("--looks", &looks_,
           "Look this often, an interval apart, and print the last look. This is for sources that\n"
           "measure between two looks")
      .InRange(uint64_t{1}, kMostLooks)
      .ShowDefault();
  command_.Add("--output,-o", &output_, "The form of the output")
      .OneOf({"table", "json"})
      .ShowDefault();
  command_
      .Add(
          "--explain", &explain_,
          "Say why this device, holder or host is counted where it is. DEVICE is a number, a UUID\n"
          "or a name")
      .ValueName("DEVICE");
}

int TryCommand::Run(CollectorConfig config) const {
  if (!Choose(source_, config.members)) return kWrongName;
  const auto interval = std::chrono::duration<double>(config.delivery.interval_seconds);
  const SystemClock clock;
  LiveGroup group(std::move(config.live), std::move(config.members), clock,
                  std::make_shared<SourceHealth>());
  ServedViews served;
  LiveRound round = group.Look();
  TakeServed(round, served);
  for (uint64_t i = 1; i < (once_ ? 1 : looks_); ++i) {
    std::this_thread::sleep_for(interval);
    round = group.Look();
    TakeServed(round, served);
  }
  if (!explain_.empty()) {
    const std::string text = Explain(round, explain_);
    if (text.empty()) {
      fmt::print(stderr,
                 "fleetmeter-collector: --explain is {}; expected a device, a holder or a host\n",
                 Quoted(explain_));
      return kWrongName;
    }
    if (!PrintText(text)) return kSourceFailed;
  } else if (!PrintText(output_ == "json" ? RoundAsJson(round, served)
                                          : RoundAsTable(round, served))) {
    return kSourceFailed;
  }
  const bool all = std::all_of(round.sources.begin(), round.sources.end(),
                               [](const auto& source) { return source.second.ok(); });
  return all ? 0 : kSourceFailed;
}

}  // namespace fleetmeter::collector
