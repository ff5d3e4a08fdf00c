#include "daemon/app/stop_stack.h"

#include <fmt/format.h>

#include <utility>

namespace fleetmeter {
namespace {

double Seconds(StopStack::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

StopStack::~StopStack() { Run(std::chrono::nanoseconds(0)).IgnoreError(); }

void StopStack::Push(std::string name, Step step) {
  steps_.push_back({std::move(name), std::move(step)});
}

absl::Status StopStack::Run(std::chrono::nanoseconds allowed) {
  const auto begin = Clock::now();
  const Limit limit{allowed, begin + allowed};
  std::string slowest;
  Clock::duration longest{0};
  while (!steps_.empty()) {
    const Named latest = std::move(steps_.back());
    steps_.pop_back();
    const auto before = Clock::now();
    latest.step(limit);
    const auto took = Clock::now() - before;
    if (took < longest) continue;
    longest = took;
    slowest = latest.name;
  }
  const auto took = Clock::now() - begin;
  if (took <= allowed) return absl::OkStatus();
  return absl::DeadlineExceededError(
      fmt::format("stopping took {:.1f} s; expected at most {:.1f} s; the slowest step, {}, took "
                  "{:.1f} s",
                  Seconds(took), Seconds(allowed), slowest, Seconds(longest)));
}

}  // namespace fleetmeter
