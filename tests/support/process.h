// Real processes for tests: start a program, read what it prints line by line, signal it, wait.
// Every wait has a limit and ends as soon as what it waits for has happened.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

struct ChildOptions {
  // Added to this process's environment.
  std::map<std::string, std::string> env;
  // Standard output and input are a terminal of this size; Stdout() then has its line ends, \r\n.
  bool on_terminal = false;
  int columns = 120;
  int rows = 30;
};

// One child process and what it printed. A thread of its own empties the child's pipes, so a child
// that prints a lot is never held up. The destructor kills the child (that process alone) and waits
// for its end; the kernel does the same should the test itself die. One thread uses an object.
class ChildProcess {
 public:
  // `argv[0]` is the program's path, or a name to be looked up in PATH. NotFound and the like
  // if it cannot be executed.
  static absl::StatusOr<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& argv,
                                                             const ChildOptions& options = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // The next line of standard output that was not read yet, without its line end. nullopt: none
  // came in time, or the output has ended.
  std::optional<std::string> ReadLine(std::chrono::milliseconds timeout);

  // Whether standard output held `text`, from its beginning, before the time was up.
  bool AwaitStdout(std::string_view text, std::chrono::milliseconds timeout);

  // To standard input. False when the child has closed it.
  bool Write(std::string_view text);
  // The child reads the end of its input. On a terminal: as if Ctrl-D was pressed.
  void CloseStdin();

  void Signal(int signal) const;

  // Exit code, or 128 + the signal that ended it. All output is in once it has a value.
  // nullopt: still running.
  std::optional<int> Wait(std::chrono::milliseconds timeout);

  // Everything so far.
  std::string Stdout() const;
  std::string Stderr() const;
  pid_t pid() const { return pid_; }

 private:
  ChildProcess() = default;
  struct Pipes;
  absl::Status Launch(const std::vector<std::string>& argv, const ChildOptions& options);
  void Drain();
  // False when `fd` has ended.
  bool Take(int fd, std::string* text);

  // Constant once started. Descriptors are -1 when there is none.
  pid_t pid_ = -1;
  int process_ = -1;  // becomes readable when the child ends
  int stdin_ = -1;
  int stdout_ = -1;
  int stderr_ = -1;
  int stop_ = -1;
  bool on_terminal_ = false;

  // Of the thread that uses the object.
  size_t read_to_ = 0;
  std::optional<int> exit_code_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::string stdout_text_ ABSL_GUARDED_BY(mutex_);
  std::string stderr_text_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread drain_;
};

}  // namespace fleetmeter
