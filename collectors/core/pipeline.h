// One source on its way to the daemon: samples it at an interval, and has a sender deliver it.
//
// Start, Stop and the questions are for one thread, the program's main thread; sampling runs on a
// thread of its own. stats() may be asked by any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "collectors/core/outbox.h"
#include "collectors/core/sender.h"
#include "collectors/core/source.h"
#include "collectors/core/window_clock.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

struct PipelineOptions {
  std::string name;  // for metrics and the log; empty: the source's
  SenderOptions sender;
  std::chrono::nanoseconds interval{std::chrono::seconds(10)};
  // The source's time runs this many times faster than the clock.
  double speed = 1;
};

struct PipelineStats {
  std::string source;  // the pipeline's name
  OutboxStats outbox;
  SenderStats sender;
  uint64_t samples_failed = 0;
  uint64_t ticks_skipped = 0;  // for want of room
  uint64_t ticks_held = 0;     // for a wall clock that was set back
  bool refused = false;        // by the daemon, for good
};

class Pipeline {
 public:
  // `clock` outlives the pipeline.
  Pipeline(PipelineOptions options, std::unique_ptr<Source> source, std::unique_ptr<Outbox> outbox,
           const Clock& clock);
  ~Pipeline();

  void Start();
  // Stops sampling; what is left is still delivered.
  void StopSampling();
  // Gives up on what is not delivered.
  void Stop();

  // The source is at its end, and everything is delivered; or nothing more can be.
  bool Done() const;
  // The outbox failed: the process has to end, and a new one to recover what is on the disk.
  bool Failed() const { return !outbox_->failure().ok(); }
  // OK, or what went wrong so far, e.g. reports left behind.
  absl::Status status() const;
  const std::string& name() const { return name_; }
  PipelineStats stats() const;

 private:
  void Run();
  // False at the end of the source.
  bool SampleOnce(bool last = false);
  void FlushAtEnd();
  // Until the wall clock has come out of time that windows were reported for, or the deadline.
  bool AwaitWallTime(std::chrono::steady_clock::time_point deadline) const;
  void Finish(std::chrono::steady_clock::time_point next);
  void WaitUntil(std::chrono::steady_clock::time_point when);

  const PipelineOptions options_;
  const std::unique_ptr<Source> source_;
  const std::string name_;
  const Clock& clock_;
  const std::unique_ptr<Outbox> outbox_;
  Sender sender_;
  std::optional<WindowClock> windows_;  // the sampling thread's own
  std::atomic<uint64_t> samples_failed_ = 0;
  std::atomic<uint64_t> ticks_skipped_ = 0;
  std::atomic<uint64_t> ticks_held_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fleetmeter::collector
