// The latest whole line of what a program or a named pipe writes, read by a thread of its own, so
// that the writer never waits for us.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/process/child_process.h"
#include "daemon/base/mutex.h"

namespace fleetmeter::collector {

struct FedLine {
  std::string text;
  std::chrono::steady_clock::time_point at;  // when it had come whole
};

// Reads one descriptor to its end. Thread-safe.
class LineFeed {
 public:
  // Takes `fd`. Lines that are longer than `max_line_bytes` are dropped and counted.
  LineFeed(int fd, size_t max_line_bytes);
  ~LineFeed();
  LineFeed(const LineFeed&) = delete;
  LineFeed& operator=(const LineFeed&) = delete;

  // The latest whole line; waits for the first one until `deadline` or the end. Nothing: none.
  std::optional<FedLine> Latest(std::chrono::steady_clock::time_point deadline);
  // The writer has closed it.
  bool ended() const;
  int64_t dropped() const;

 private:
  void Run();
  void Take(std::string_view bytes);

  const int fd_;
  const size_t max_line_bytes_;
  int stop_ = -1;  // readable when the thread is to end

  // Of the thread.
  std::string pending_;
  bool skipping_ = false;

  mutable Mutex mutex_;
  CondVar changed_;
  std::optional<FedLine> latest_ ABSL_GUARDED_BY(mutex_);
  int64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread thread_;
};

// A child that writes lines to its standard output. Its end, or ours, ends it. One thread uses it.
class FeedingProcess {
 public:
  // `argv[0]` is a path, or a name to be looked up in PATH. NotFound and the like say why it could
  // not be started.
  static absl::StatusOr<std::unique_ptr<FeedingProcess>> Start(const std::vector<std::string>& argv,
                                                               size_t max_line_bytes);
  // Ends the child and what it started, kindly at first.
  ~FeedingProcess();
  FeedingProcess(const FeedingProcess&) = delete;
  FeedingProcess& operator=(const FeedingProcess&) = delete;

  LineFeed& feed() { return *feed_; }
  // "exit code 1", "signal 9"; nothing while it runs.
  std::optional<std::string> HowItEnded();

 private:
  FeedingProcess() = default;

  std::unique_ptr<LineFeed> feed_;
  ChildProcess child_;  // ends before its feed does
};

}  // namespace fleetmeter::collector
