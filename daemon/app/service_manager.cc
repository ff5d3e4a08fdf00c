#include "daemon/app/service_manager.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>
#include <system_error>

namespace fleetmeter {
namespace {

void Tell(const std::string& message) {
  const int result = sd_notify(/*unset_environment=*/0, message.c_str());
  // 0: there is no service manager. A message that got lost is systemd's to act upon.
  if (result < 0) {
    spdlog::warn("the service manager could not be told {}: {}",
                 message.substr(0, message.find('\n')), std::system_category().message(-result));
  }
}

// A line break would begin another assignment.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

}  // namespace

void TellReady(const std::string& status) { Tell("READY=1\nSTATUS=" + OneLine(status)); }

void TellReloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t micros = int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
  Tell(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", micros));
}

void TellStopping() { Tell("STOPPING=1\nSTATUS=stopping"); }
void TellStatus(const std::string& status) { Tell("STATUS=" + OneLine(status)); }
void TellAlive() { Tell("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> WatchdogPeriod() {
  uint64_t micros = 0;
  const int enabled = sd_watchdog_enabled(/*unset_environment=*/0, &micros);
  if (enabled < 0) {
    spdlog::warn("WATCHDOG_USEC of the environment is not understood: {}",
                 std::system_category().message(-enabled));
  }
  if (enabled <= 0) return std::nullopt;
  return std::chrono::microseconds(micros);
}

}  // namespace fleetmeter
