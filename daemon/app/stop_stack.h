// How everything that has been started is stopped: what started last stops first.
//
// Whatever starts pushes its stop at once. So a start that fails half way is undone by the same
// steps as a stop, in the same order. Used by one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fleetmeter {

class StopStack {
 public:
  using Clock = std::chrono::steady_clock;

  // What each step is told, so that those who wait for others know for how long they may.
  struct Limit {
    std::chrono::nanoseconds allowed;  // for all steps together
    Clock::time_point until;           // when that time is up
  };
  using Step = std::function<void(const Limit& limit)>;

  StopStack() = default;
  // Takes the steps that are left, and waits for nobody.
  ~StopStack();
  StopStack(const StopStack&) = delete;
  StopStack& operator=(const StopStack&) = delete;

  // `step` must do no harm where what it stops has not come to run, or has stopped by itself.
  // `name` is for the error below.
  void Push(std::string name, Step step);

  // Takes each step once, the latest first. A step that takes long does not keep the others from
  // being taken. DeadlineExceeded: together they took longer than `allowed`; names the slowest.
  absl::Status Run(std::chrono::nanoseconds allowed);

 private:
  struct Named {
    std::string name;
    Step step;
  };
  std::vector<Named> steps_;
};

}  // namespace fleetmeter
