// SIGINT, SIGTERM and, where asked for, the end of the input: a wish to end, taken in order rather
// than by dying with a hidden cursor.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "daemon/base/mutex.h"

namespace fleetmeter::ctl {

// Blocks the signals in this thread and in those it starts from now on: called before the first of
// them, so that all leave the signals to StopSignals.
void BlockStopSignals();

// Owns a thread that waits for the blocked signals. Made after what `on_stop` uses, so that it goes
// before it.
class StopSignals {
 public:
  // `on_stop` is called at most once, from the thread. With `watch_input` the end of a terminal or
  // pipe on standard input counts as a stop; the end of a file does not: /dev/null ends at once.
  StopSignals(bool watch_input, std::function<void()> on_stop);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Whether it is time to stop; waits that long for it.
  bool WaitFor(std::chrono::milliseconds time);

 private:
  void Run(bool watch_input, const std::function<void()>& on_stop);

  // Constant after construction.
  int signals_ = -1;
  int quit_ = -1;

  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

}  // namespace fleetmeter::ctl
