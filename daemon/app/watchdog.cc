#include "daemon/app/watchdog.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace fleetmeter {

Watchdog::Watchdog(Options options, std::vector<Check> checks, Health& health)
    : options_(std::move(options)), checks_(std::move(checks)), health_(health) {}

Watchdog::~Watchdog() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::Start() {
  Round();
  thread_ = std::thread([this] { Run(); });
}

void Watchdog::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

void Watchdog::Round() {
  std::string trouble;
  for (const Check& check : checks_) {
    const absl::Status status = check.run();
    if (status.ok()) continue;
    if (!trouble.empty()) trouble += "; ";
    trouble += fmt::format("{}: {}", check.name, std::string(status.message()));
  }
  bool recovered = false;
  {
    MutexLock lock(mutex_);
    if (stopping_) return;  // what is being stopped may well not answer
    recovered = health_.Note(trouble);
  }
  if (!trouble.empty()) return spdlog::error("watchdog: {}", trouble);
  if (recovered) spdlog::info("watchdog: all checks succeed again");
  options_.alive();
}

void Watchdog::Run() {
  while (true) {
    {
      const auto next = std::chrono::steady_clock::now() + options_.interval;
      MutexLock lock(mutex_);
      while (!stopping_ && changed_.WaitUntil(mutex_, next)) {
      }
      if (stopping_) return;
    }
    Round();
  }
}

}  // namespace fleetmeter
