#include "daemon/base/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <thread>

#include "daemon/base/text.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kLongestDelayMillis = 600'000;

std::optional<int64_t> ParseCount(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value < 0) return std::nullopt;
  return value;
}

std::optional<FailpointAction> ParseAction(std::string_view text) {
  FailpointAction action;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    const auto hit = ParseCount(text.substr(at + 1));
    if (!hit || *hit == 0) return std::nullopt;
    action.only_hit = static_cast<uint64_t>(*hit);
    text = text.substr(0, at);
  }
  constexpr std::string_view kDelay = "delay:";
  if (text == "abort") {
    action.kind = FailpointAction::Kind::kAbort;
  } else if (text == "error") {
    action.kind = FailpointAction::Kind::kError;
  } else if (text.starts_with(kDelay)) {
    const auto millis = ParseCount(text.substr(kDelay.size()));
    if (!millis || *millis > kLongestDelayMillis) return std::nullopt;
    action.kind = FailpointAction::Kind::kDelay;
    action.delay_millis = *millis;
  } else {
    return std::nullopt;
  }
  return action;
}

}  // namespace

absl::StatusOr<std::map<std::string, FailpointAction, std::less<>>> ParseFailpoints(
    std::string_view text) {
  std::map<std::string, FailpointAction, std::less<>> actions;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    const size_t equals = item.find('=');
    const auto action = equals == std::string_view::npos || equals == 0
                            ? std::nullopt
                            : ParseAction(item.substr(equals + 1));
    if (!action) {
      return absl::InvalidArgumentError(
          fmt::format("{} is no failpoint; expected NAME=abort, NAME=delay:MILLISECONDS or "
                      "NAME=error, with @N behind it for the N-th time only",
                      Quoted(item)));
    }
    actions[std::string(item.substr(0, equals))] = *action;
  }
  return actions;
}

absl::Status Failpoints::Pass(std::string_view name) {
  const auto found = actions_.find(name);
  if (found == actions_.end()) return absl::OkStatus();
  const FailpointAction& action = found->second;
  {
    MutexLock lock(mutex_);
    const uint64_t hit = ++hits_[std::string(name)];
    if (action.only_hit != 0 && action.only_hit != hit) return absl::OkStatus();
  }
  switch (action.kind) {
    case FailpointAction::Kind::kAbort:
      kill(getpid(), SIGKILL);
      std::_Exit(137);  // not reached: the signal cannot be refused
    case FailpointAction::Kind::kDelay:
      std::this_thread::sleep_for(std::chrono::milliseconds(action.delay_millis));
      return absl::OkStatus();
    case FailpointAction::Kind::kError:
      return absl::UnavailableError(fmt::format("failpoint {}", name));
  }
  return absl::OkStatus();
}

Failpoints& Failpoints::OfProcess() {
  // Made once and never destroyed: threads may pass while the process ends.
  static Failpoints& process = *[] {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody sets any
    const char* text = std::getenv("FLEETMETER_FAILPOINTS");
    auto actions = ParseFailpoints(text == nullptr ? "" : text);
    if (!actions.ok()) {
      fmt::print(stderr, "FLEETMETER_FAILPOINTS: {}\n", std::string(actions.status().message()));
      std::_Exit(2);
    }
    return new Failpoints(*std::move(actions));
  }();
  return process;
}

}  // namespace fleetmeter
