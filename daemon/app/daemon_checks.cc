#include "daemon/app/daemon_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/app/service_manager.h"
#include "daemon/serve/listen/listener_check.h"

namespace fleetmeter {
namespace {

constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kAtLeastEvery = std::chrono::seconds(10);
constexpr int64_t kWriterStuckNanos = 30 * kNanosPerSecond;

Watchdog::Check ListenerCheck(const char* setting, GrpcListener& listener, bool tls) {
  return {setting, [&listener, tls] { return CheckListener(listener, tls, kPatience); }};
}

Watchdog::Check WriterCheck(const Writer& writer) {
  return {
      "writer", [&writer] {
        const int64_t stuck = writer.NanosSinceProgress();
        if (stuck <= kWriterStuckNanos) return absl::OkStatus();
        return absl::UnavailableError(fmt::format("no progress for {} s", stuck / kNanosPerSecond));
      }};
}

}  // namespace

std::unique_ptr<Watchdog> MakeWatchdog(Listeners& listeners, bool tls, const Writer& writer,
                                       Health& health) {
  Watchdog::Options options{.interval = kAtLeastEvery, .alive = TellAlive};
  // Fed four times in each period, so that one failure is not the end.
  if (const auto period = WatchdogPeriod()) {
    options.interval = std::min(options.interval, *period / 4);
  }
  return std::make_unique<Watchdog>(
      std::move(options),
      std::vector<Watchdog::Check>{ListenerCheck("listen.ingest", listeners.ingest(), tls),
                                   ListenerCheck("listen.query", listeners.query(), tls),
                                   WriterCheck(writer)},
      health);
}

}  // namespace fleetmeter
