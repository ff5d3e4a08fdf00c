#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace fleetmeter {
namespace {

using std::chrono::steady_clock;

void CloseOnce(int* fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

absl::Status Errno(std::string_view what) { return absl::ErrnoToStatus(errno, std::string(what)); }

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const std::string& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> Environment(const std::map<std::string, std::string>& more) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (more.count(std::string(text.substr(0, text.find('=')))) == 0) out.emplace_back(text);
  }
  for (const auto& [key, value] : more) out.push_back(key + "=" + value);
  return out;
}

}  // namespace

// Both ends of what connects us with the child. `exec` tells why the program could not be executed.
struct ChildProcess::Pipes {
  int in[2] = {-1, -1};
  int out[2] = {-1, -1};
  int err[2] = {-1, -1};
  int exec[2] = {-1, -1};

  ~Pipes() {
    for (int* pair : {in, out, err, exec}) {
      CloseOnce(&pair[0]);
      CloseOnce(&pair[1]);
    }
  }

  absl::Status Open(const ChildOptions& options) {
    for (int* pair : {err, exec}) {
      if (pipe2(pair, O_CLOEXEC) != 0) return Errno("pipe");
    }
    if (options.on_terminal) {
      const winsize size{static_cast<unsigned short>(options.rows),
                         static_cast<unsigned short>(options.columns), 0, 0};
      if (openpty(&out[0], &out[1], nullptr, nullptr, &size) != 0) return Errno("openpty");
      fcntl(out[0], F_SETFD, FD_CLOEXEC);
      fcntl(out[1], F_SETFD, FD_CLOEXEC);
      in[0] = fcntl(out[1], F_DUPFD_CLOEXEC, 0);
      in[1] = fcntl(out[0], F_DUPFD_CLOEXEC, 0);
      return absl::OkStatus();
    }
    for (int* pair : {in, out}) {
      if (pipe2(pair, O_CLOEXEC) != 0) return Errno("pipe");
    }
    return absl::OkStatus();
  }

  // In the child, between fork and exec: async-signal-safe calls only.
  [[noreturn]] void BecomeChild(char** argv, char** env, pid_t parent) const {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    // What runs the test may ignore or block some; the program must not inherit that.
    for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTERM}) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    dup2(err[1], STDERR_FILENO);
    execvpe(argv[0], argv, env);
    const int error = errno;
    [[maybe_unused]] const ssize_t written = write(exec[1], &error, sizeof(error));
    _exit(127);
  }
};

absl::StatusOr<std::unique_ptr<ChildProcess>> ChildProcess::Start(
    const std::vector<std::string>& argv, const ChildOptions& options) {
  std::unique_ptr<ChildProcess> child(new ChildProcess);
  if (absl::Status status = child->Launch(argv, options); !status.ok()) return status;
  return child;
}

absl::Status ChildProcess::Launch(const std::vector<std::string>& argv,
                                  const ChildOptions& options) {
  if (argv.empty()) return absl::InvalidArgumentError("no program");
  Pipes pipes;
  if (absl::Status status = pipes.Open(options); !status.ok()) return status;
  const std::vector<std::string> env = Environment(options.env);
  const std::vector<char*> argv_pointers = Pointers(argv);
  const std::vector<char*> env_pointers = Pointers(env);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) return Errno("fork");
  if (pid_ == 0) {
    pipes.BecomeChild(const_cast<char**>(argv_pointers.data()),
                      const_cast<char**>(env_pointers.data()), parent);
  }
  CloseOnce(&pipes.exec[1]);
  int error = 0;
  if (read(pipes.exec[0], &error, sizeof(error)) == sizeof(error)) {
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    return absl::ErrnoToStatus(error, argv[0]);
  }
  process_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  stop_ = eventfd(0, EFD_CLOEXEC);
  stdin_ = std::exchange(pipes.in[1], -1);
  stdout_ = std::exchange(pipes.out[0], -1);
  stderr_ = std::exchange(pipes.err[0], -1);
  on_terminal_ = options.on_terminal;
  drain_ = std::thread([this] { Drain(); });
  return process_ < 0 ? Errno("pidfd_open") : absl::OkStatus();
}

ChildProcess::~ChildProcess() {
  if (pid_ > 0 && !exit_code_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  if (drain_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(stop_, &one, sizeof(one));
    drain_.join();
  }
  for (int* fd : {&process_, &stdin_, &stdout_, &stderr_, &stop_}) CloseOnce(fd);
}

void ChildProcess::Drain() {
  pollfd fds[] = {{stdout_, POLLIN, 0}, {stderr_, POLLIN, 0}, {stop_, POLLIN, 0}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    if (poll(fds, 3, -1) < 0 && errno != EINTR) break;
    if (fds[2].revents != 0) break;  // grandchildren may hold the pipes for ever
    MutexLock lock(mutex_);
    if (fds[0].revents != 0 && !Take(stdout_, &stdout_text_)) fds[0].fd = -1;
    if (fds[1].revents != 0 && !Take(stderr_, &stderr_text_)) fds[1].fd = -1;
    changed_.NotifyAll();
  }
  MutexLock lock(mutex_);
  ended_ = true;
  changed_.NotifyAll();
}

bool ChildProcess::Take(int fd, std::string* text) {
  char buffer[65'536];
  const ssize_t size = read(fd, buffer, sizeof(buffer));
  if (size > 0) text->append(buffer, static_cast<size_t>(size));
  // A terminal whose other side is closed gives EIO rather than an end.
  return size > 0 || (size < 0 && errno == EINTR);
}

std::optional<std::string> ChildProcess::ReadLine(std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (true) {
    if (const size_t end = stdout_text_.find('\n', read_to_); end != std::string::npos) {
      std::string line = stdout_text_.substr(read_to_, end - read_to_);
      read_to_ = end + 1;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      return line;
    }
    if (ended_ && read_to_ < stdout_text_.size()) {
      const size_t from = std::exchange(read_to_, stdout_text_.size());
      return stdout_text_.substr(from);
    }
    if (ended_ || !changed_.WaitUntil(mutex_, deadline)) return std::nullopt;
  }
}

bool ChildProcess::AwaitStdout(std::string_view text, std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (stdout_text_.find(text) == std::string::npos) {
    if (ended_ || !changed_.WaitUntil(mutex_, deadline)) return false;
  }
  return true;
}

bool ChildProcess::Write(std::string_view text) {
  // A child that is gone must not end the test with SIGPIPE.
  sigset_t pipe_signal, before;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  bool ok = stdin_ >= 0;
  while (ok && !text.empty()) {
    const ssize_t size = write(stdin_, text.data(), text.size());
    if (size > 0) text.remove_prefix(static_cast<size_t>(size));
    ok = size > 0 || (size < 0 && errno == EINTR);
  }
  const timespec now{};
  if (!ok) sigtimedwait(&pipe_signal, nullptr, &now);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ok;
}

void ChildProcess::CloseStdin() {
  if (on_terminal_) {
    Write("\x04");
  } else {
    CloseOnce(&stdin_);
  }
}

void ChildProcess::Signal(int signal) const {
  if (!exit_code_) kill(pid_, signal);
}

std::optional<int> ChildProcess::Wait(std::chrono::milliseconds timeout) {
  if (exit_code_) return exit_code_;
  const auto deadline = steady_clock::now() + timeout;
  pollfd fd{process_, POLLIN, 0};
  int ready = 0;
  do {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - steady_clock::now()).count();
    ready = poll(&fd, 1, static_cast<int>(std::max<int64_t>(left, 0)));
  } while (ready < 0 && errno == EINTR);
  int status = 0;
  if (ready <= 0 || waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  MutexLock lock(mutex_);
  while (!ended_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  return exit_code_;
}

std::string ChildProcess::Stdout() const {
  MutexLock lock(mutex_);
  return stdout_text_;
}

std::string ChildProcess::Stderr() const {
  MutexLock lock(mutex_);
  return stderr_text_;
}

}  // namespace fleetmeter
