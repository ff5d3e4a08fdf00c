#include "collectors/process/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr std::chrono::milliseconds kLongestPause{20};

class SpawnSettings {
 public:
  explicit SpawnSettings(const ChildSettings& settings) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    Direct(settings.output, STDOUT_FILENO);
    Direct(settings.errors, STDERR_FILENO);
    posix_spawnattr_init(&attributes_);
    // The signals as usual, whatever this thread has blocked and this program ignores.
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

  int Spawn(std::vector<std::string> argv, std::vector<std::string> environment, pid_t* pid) {
    const std::vector<char*> arguments = Pointers(argv);
    const std::vector<char*> entries = Pointers(environment);
    return posix_spawnp(pid, arguments[0], &actions_, &attributes_, arguments.data(),
                        entries.data());
  }

 private:
  void Direct(int from, int to) {
    if (from >= 0) {
      posix_spawn_file_actions_adddup2(&actions_, from, to);
    } else {
      posix_spawn_file_actions_addopen(&actions_, to, "/dev/null", O_WRONLY, 0);
    }
  }

  static std::vector<char*> Pointers(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

// "TZ=" of "TZ=UTC".
std::string_view NamePart(std::string_view entry) {
  return entry.substr(0, std::min(entry.find('='), entry.size() - 1) + 1);
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& own) {
  std::vector<std::string> all = own;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced = std::any_of(own.begin(), own.end(), [&](const std::string& ours) {
      return text.starts_with(NamePart(ours));
    });
    if (!replaced) all.emplace_back(text);
  }
  return all;
}

absl::Status CannotRun(const std::string& program, int error) {
  const std::string why = fmt::format("{} cannot be run ({}); expected a program", Quoted(program),
                                      std::generic_category().message(error));
  if (error == ENOENT) return absl::NotFoundError(why);
  return error == EACCES ? absl::PermissionDeniedError(why) : absl::UnavailableError(why);
}

}  // namespace

ChildPipe::ChildPipe() {
  if (pipe2(ends_.data(), O_CLOEXEC) != 0) ends_ = {-1, -1};
}

ChildPipe::~ChildPipe() {
  Close(0);
  Close(1);
}

absl::Status ChildPipe::status() const {
  if (ends_[0] >= 0) return absl::OkStatus();
  return absl::ResourceExhaustedError("no pipe can be made; expected two descriptors more");
}

int ChildPipe::TakeReading() { return std::exchange(ends_[0], -1); }

void ChildPipe::Close(size_t end) {
  if (ends_[end] >= 0) close(ends_[end]);
  ends_[end] = -1;
}

ChildProcess::~ChildProcess() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);  // also what it started and left behind
  while (!status_ && waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
}

absl::Status ChildProcess::Start(const ChildSettings& settings) {
  const int error =
      SpawnSettings(settings).Spawn(settings.argv, EnvironmentWith(settings.environment), &pid_);
  if (error == 0) return absl::OkStatus();
  pid_ = -1;
  return CannotRun(settings.argv.at(0), error);
}

std::optional<int> ChildProcess::Status() {
  int status = 0;
  if (pid_ >= 0 && !status_ && waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
  return status_;
}

std::optional<int> ChildProcess::StatusBy(std::chrono::steady_clock::time_point deadline) {
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(2 * pause, kLongestPause)) {
    if (const auto status = Status()) return status;
    if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
    std::this_thread::sleep_for(pause);
  }
}

void ChildProcess::EndKindly(std::chrono::milliseconds patience) {
  if (pid_ < 0 || Status()) return;
  kill(-pid_, SIGTERM);
  StatusBy(std::chrono::steady_clock::now() + patience);
}

std::string HowItEnded(int status) {
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("exit code {}", WEXITSTATUS(status));
}

}  // namespace fleetmeter::collector
