#include "collectors/process/run_command.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>

#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr size_t kMostLastWords = 4'096;

// Both ends, closed with the object.
struct CommandPipe {
  CommandPipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) ends = {-1, -1};
  }
  ~CommandPipe() {
    Close(0);
    Close(1);
  }
  CommandPipe(const CommandPipe&) = delete;
  CommandPipe& operator=(const CommandPipe&) = delete;

  void Close(size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }

  std::array<int, 2> ends{-1, -1};
};

// A child in a process group of its own, which is killed with the object unless it was waited for.
class CommandChild {
 public:
  ~CommandChild() {
    if (pid_ < 0) return;
    kill(-pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  absl::Status Start(const std::vector<std::string>& argv, const CommandPipe& out,
                     const CommandPipe& err) {
    std::vector<char*> arguments;
    for (const std::string& text : argv) arguments.push_back(const_cast<char*>(text.c_str()));
    arguments.push_back(nullptr);
    std::vector<char*> environment;
    for (char** entry = environ; *entry != nullptr; ++entry) {
      if (std::string_view(*entry).substr(0, 3) != "TZ=") environment.push_back(*entry);
    }
    std::string zone = "TZ=UTC";
    environment.push_back(zone.data());
    environment.push_back(nullptr);

    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, out.ends[1], 1);
    posix_spawn_file_actions_adddup2(&files, err.ends[1], 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int error = posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(),
                                   environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    if (error == 0) return absl::OkStatus();
    pid_ = -1;
    return absl::NotFoundError(
        fmt::format("{} cannot be run: {}; expected a program that can be run", Quoted(argv[0]),
                    std::generic_category().message(error)));
  }

  // Its status of waitpid. Nothing: it has not ended in time.
  std::optional<int> Await(Deadline deadline) {
    int status = 0;
    // It has closed its output, so that its end is near.
    for (auto pause = std::chrono::milliseconds(1);; pause = std::min(2 * pause, kLongest)) {
      const pid_t ended = waitpid(pid_, &status, WNOHANG);
      if (ended == pid_) {
        pid_ = -1;
        return status;
      }
      if (std::chrono::steady_clock::now() >= deadline) return std::nullopt;
      std::this_thread::sleep_for(pause);
    }
  }

 private:
  static constexpr std::chrono::milliseconds kLongest{20};

  pid_t pid_ = -1;
};

// Reads what there is. False: the pipe has ended.
bool ReadSome(int fd, std::string& text) {
  std::array<char, 65'536> buffer;
  const ssize_t count = read(fd, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<size_t>(count));
  return count > 0;
}

absl::Status TooLate(const std::string& program) {
  return absl::DeadlineExceededError(
      fmt::format("{} has not ended in time, and was killed; expected its end", Quoted(program)));
}

// Both outputs until they end.
absl::Status ReadAll(const std::string& program, CommandPipe& out, CommandPipe& err,
                     Deadline deadline, int64_t max_bytes, std::string& text, std::string& words) {
  std::array<pollfd, 2> ends{pollfd{out.ends[0], POLLIN, 0}, pollfd{err.ends[0], POLLIN, 0}};
  while (ends[0].fd >= 0 || ends[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return TooLate(program);
    const int ready =
        poll(ends.data(), ends.size(), static_cast<int>(std::min<int64_t>(left.count(), 60'000)));
    if (ready <= 0) continue;
    if (ends[0].revents != 0 && !ReadSome(ends[0].fd, text)) ends[0].fd = -1;
    if (ends[1].revents != 0 && !ReadSome(ends[1].fd, words)) ends[1].fd = -1;
    if (words.size() > kMostLastWords) words.erase(0, words.size() - kMostLastWords);
    if (static_cast<int64_t>(text.size()) > max_bytes) {
      return absl::ResourceExhaustedError(fmt::format(
          "{} prints more than {} bytes, and was killed; expected less, or a larger max_body",
          Quoted(program), max_bytes));
    }
  }
  return absl::OkStatus();
}

std::string LastLine(std::string_view words) {
  while (!words.empty() && (words.back() == '\n' || words.back() == '\r')) words.remove_suffix(1);
  const size_t newline = words.rfind('\n');
  return AsciiQuoted(newline == std::string_view::npos ? words : words.substr(newline + 1));
}

bool IsGood(int code, const std::vector<int>& other_codes) {
  return code == 0 || std::find(other_codes.begin(), other_codes.end(), code) != other_codes.end();
}

}  // namespace

absl::StatusOr<std::string> RunCommand(const std::vector<std::string>& argv, Deadline deadline,
                                       int64_t max_bytes, const std::vector<int>& other_codes) {
  CommandPipe out;
  CommandPipe err;
  if (out.ends[0] < 0 || err.ends[0] < 0) {
    return absl::ResourceExhaustedError("no pipe is left; expected two descriptors more");
  }
  CommandChild child;
  if (absl::Status status = child.Start(argv, out, err); !status.ok()) return status;
  out.Close(1);
  err.Close(1);
  std::string text;
  std::string words;
  if (absl::Status status = ReadAll(argv[0], out, err, deadline, max_bytes, text, words);
      !status.ok()) {
    return status;
  }
  const std::optional<int> status = child.Await(deadline);
  if (!status) return TooLate(argv[0]);
  if (WIFEXITED(*status) && IsGood(WEXITSTATUS(*status), other_codes)) return text;
  const std::string how = WIFEXITED(*status) ? fmt::format("code {}", WEXITSTATUS(*status))
                                             : fmt::format("signal {}", WTERMSIG(*status));
  return absl::UnavailableError(fmt::format("{} ended with {} and said {}; expected code 0",
                                            Quoted(argv[0]), how, LastLine(words)));
}

}  // namespace fleetmeter::collector
