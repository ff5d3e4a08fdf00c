// One live source on a thread of its own, so that a source that hangs delays nobody but itself.
//
// Ask and Await are for one thread, the one that samples.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "collectors/live/live_source.h"

namespace fleetmeter::collector {

// What came of one look.
struct LookResult {
  absl::StatusOr<Observation> observation = absl::UnknownError("not asked");
  std::chrono::nanoseconds took{0};
};

class Prober {
 public:
  // Starts the thread. `clock` outlives the prober and its thread.
  Prober(std::string name, std::unique_ptr<LiveSource> source, std::chrono::milliseconds timeout,
         const Clock& clock);
  // Waits two seconds for a look that is under way, and then leaves its thread to itself.
  ~Prober();
  Prober(const Prober&) = delete;
  Prober& operator=(const Prober&) = delete;

  const std::string& name() const { return name_; }

  // Begins a look, unless an earlier one is still under way.
  void Ask();
  // Waits for the look that Ask began, until its deadline. DeadlineExceeded: it is still under way.
  // A source that missed its deadline is not waited for again until it has answered.
  LookResult Await();

 private:
  struct Shared;

  const std::string name_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<Shared> shared_;
  std::chrono::steady_clock::time_point deadline_;  // of the look that was begun last
  bool overdue_ = false;                            // the look under way has missed its deadline
  std::thread thread_;
};

}  // namespace fleetmeter::collector
