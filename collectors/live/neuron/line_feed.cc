#include "collectors/live/neuron/line_feed.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr size_t kFeedBufferBytes = 64 << 10;
constexpr auto kEndKindly = std::chrono::seconds(1);
constexpr auto kEndStep = std::chrono::milliseconds(10);

// What a child is given: an empty input, the pipe as its output, and no errors to be heard.
class SpawnSettings {
 public:
  explicit SpawnSettings(int out) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions_, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_init(&attributes_);
    // A group of its own, so that what it starts can be ended with it; and the signals as usual,
    // whatever this thread has blocked.
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnSettings() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  int Spawn(const std::vector<std::string>& argv, pid_t* pid) {
    std::vector<std::string> copies = argv;
    std::vector<char*> pointers;
    for (std::string& argument : copies) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    return posix_spawnp(pid, pointers[0], &actions_, &attributes_, pointers.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

LineFeed::LineFeed(int fd, size_t max_line_bytes)
    : fd_(fd),
      max_line_bytes_(max_line_bytes),
      stop_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

LineFeed::~LineFeed() {
  const uint64_t one = 1;
  // An eventfd takes it at once, unless something is very wrong; then closing wakes nobody either.
  while (write(stop_, &one, sizeof(one)) < 0 && errno == EINTR) continue;
  thread_.join();
  close(fd_);
  close(stop_);
}

void LineFeed::Run() {
  std::vector<char> buffer(kFeedBufferBytes);
  for (;;) {
    std::array<pollfd, 2> waiting = {pollfd{fd_, POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
    if (poll(waiting.data(), waiting.size(), -1) < 0 && errno == EINTR) continue;
    if (waiting[1].revents != 0) return;
    const ssize_t got = read(fd_, buffer.data(), buffer.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) break;
    Take(std::string_view(buffer.data(), static_cast<size_t>(got)));
  }
  MutexLock lock(mutex_);
  ended_ = true;
  changed_.NotifyAll();
}

void LineFeed::Take(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const bool whole = end < bytes.size();
    if (!skipping_) pending_.append(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (pending_.size() > max_line_bytes_) {
      pending_.clear();
      skipping_ = true;
      MutexLock lock(mutex_);
      ++dropped_;
    }
    if (!whole) return;
    if (!skipping_ && pending_.find_first_not_of(" \t\r") != std::string::npos) {
      MutexLock lock(mutex_);
      latest_ = FedLine{std::move(pending_), std::chrono::steady_clock::now()};
      changed_.NotifyAll();
    }
    pending_.clear();
    skipping_ = false;
  }
}

std::optional<FedLine> LineFeed::Latest(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mutex_);
  while (!latest_ && !ended_) {
    if (!changed_.WaitUntil(mutex_, deadline)) break;
  }
  return latest_;
}

bool LineFeed::ended() const {
  MutexLock lock(mutex_);
  return ended_;
}

int64_t LineFeed::dropped() const {
  MutexLock lock(mutex_);
  return dropped_;
}

absl::StatusOr<std::unique_ptr<FeedingProcess>> FeedingProcess::Start(
    const std::vector<std::string>& argv, size_t max_line_bytes) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    return absl::ResourceExhaustedError(
        fmt::format("cannot make a pipe ({}); expected a free descriptor",
                    std::generic_category().message(errno)));
  }
  std::unique_ptr<FeedingProcess> process(new FeedingProcess);
  const int error = SpawnSettings(ends[1]).Spawn(argv, &process->pid_);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    process->pid_ = -1;
    const std::string why = fmt::format("cannot start {} ({}); expected a program", argv.at(0),
                                        std::generic_category().message(error));
    if (error == ENOENT) return absl::NotFoundError(why);
    return error == EACCES ? absl::PermissionDeniedError(why) : absl::UnavailableError(why);
  }
  process->feed_ = std::make_unique<LineFeed>(ends[0], max_line_bytes);
  return process;
}

FeedingProcess::~FeedingProcess() {
  if (pid_ < 0) return;
  const auto until = std::chrono::steady_clock::now() + kEndKindly;
  if (!HowItEnded()) kill(-pid_, SIGTERM);
  while (!HowItEnded() && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kEndStep);
  }
  kill(-pid_, SIGKILL);  // what it started and left behind
  if (!status_) waitpid(pid_, nullptr, 0);
}

std::optional<std::string> FeedingProcess::HowItEnded() {
  int status = 0;
  if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  if (!status_) return std::nullopt;
  if (WIFSIGNALED(*status_)) return fmt::format("signal {}", WTERMSIG(*status_));
  return fmt::format("exit code {}", WEXITSTATUS(*status_));
}

}  // namespace fleetmeter::collector
