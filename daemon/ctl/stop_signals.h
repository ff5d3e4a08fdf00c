// SIGINT, SIGTERM and, where asked for, the end of the input: a wish to end, taken in order rather
// than by dying with a hidden cursor. And what was typed meanwhile.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "daemon/base/mutex.h"

namespace fleetmeter::ctl {

// Blocks the signals in this thread and in those it starts from now on: called before the first of
// them, so that all leave the signals to StopSignals.
void BlockStopSignals();

// Whether standard input is a terminal whose keys are ours to read: in its foreground.
bool InputIsOurTerminal();

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
  // The same, but returns as soon as something was typed, which is then in `typed`.
  bool WaitFor(std::chrono::milliseconds time, std::string* typed);

 private:
  // False: the input has ended.
  bool ReadInput();
  void Run(bool watch_input, const std::function<void()>& on_stop);

  // Constant after construction.
  int signals_ = -1;
  int quit_ = -1;

  Mutex mutex_;
  CondVar changed_;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::string typed_ ABSL_GUARDED_BY(mutex_);  // and not taken yet

  std::thread thread_;
};

}  // namespace fleetmeter::ctl
