// Programs that a source starts. Each has a process group of its own, so that what it starts ends
// with it.
#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace fleetmeter::collector {

// Both ends of a pipe, which no child inherits, closed with the object.
class ChildPipe {
 public:
  ChildPipe();
  ~ChildPipe();
  ChildPipe(const ChildPipe&) = delete;
  ChildPipe& operator=(const ChildPipe&) = delete;

  // ResourceExhausted: there was no descriptor left.
  absl::Status status() const;
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  void CloseWriting() { Close(1); }
  // The reading end is the caller's from now on.
  int TakeReading();

 private:
  void Close(size_t end);

  std::array<int, 2> ends_{-1, -1};
};

struct ChildSettings {
  std::vector<std::string> argv;  // argv[0] is a path, or a name to be looked up in PATH
  int output = -1;                // its standard output; -1: nobody hears it
  int errors = -1;                // likewise
  // "NAME=value", instead of what our environment says of NAME.
  std::vector<std::string> environment;
};

// Belongs to one thread. Its input is empty, and its signals are as usual.
class ChildProcess {
 public:
  ChildProcess() = default;
  // Kills the child and what it started.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Once. NotFound: there is no such program. PermissionDenied, Unavailable: it cannot be run.
  absl::Status Start(const ChildSettings& settings);

  // The status of waitpid(2); nothing: it runs.
  std::optional<int> Status();
  // Likewise, once it has ended or the deadline is reached.
  std::optional<int> StatusBy(std::chrono::steady_clock::time_point deadline);
  // Asks it to end, and gives it this time. The destructor does the rest.
  void EndKindly(std::chrono::milliseconds patience);

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
};

// "exit code 1", "signal 9", of a status of waitpid(2).
std::string HowItEnded(int status);

}  // namespace fleetmeter::collector
