// One source on its way to the daemon: samples it at an interval, and has a sender deliver it.
//
// Start, Stop and the questions are for one thread, the program's main thread; sampling runs on a
// thread of its own.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "collectors/core/outbox.h"
#include "collectors/core/sender.h"
#include "collectors/core/source.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

struct PipelineOptions {
  SenderOptions sender;
  std::chrono::nanoseconds interval{std::chrono::seconds(10)};
  size_t outbox_reports = 100'000;
  // The source's time runs this many times faster than the clock.
  double speed = 1;
};

class Pipeline {
 public:
  // `clock` outlives the pipeline.
  Pipeline(PipelineOptions options, std::unique_ptr<Source> source, const Clock& clock);
  ~Pipeline();

  void Start();
  // Stops sampling; what is left is still delivered.
  void StopSampling();
  // Gives up on what is not delivered.
  void Stop();

  // The source is at its end, and everything is delivered; or nothing more can be.
  bool Done() const;
  // OK, or what went wrong so far, e.g. reports left behind.
  absl::Status status() const;
  const Source& source() const { return *source_; }

 private:
  void Run();
  // The window since the last one, cut so that a replay ends where it should.
  Window NextWindow();
  bool SampleOnce();
  void WaitUntil(std::chrono::steady_clock::time_point when);

  const PipelineOptions options_;
  const std::unique_ptr<Source> source_;
  const Clock& clock_;
  Outbox outbox_;
  Sender sender_;
  int64_t window_end_unix_ = 0;       // the sampling thread's own
  int64_t window_end_monotonic_ = 0;  // likewise
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace fleetmeter::collector
