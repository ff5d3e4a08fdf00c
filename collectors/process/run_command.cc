#include "collectors/process/run_command.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>

#include "collectors/process/child_process.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

using Deadline = std::chrono::steady_clock::time_point;

constexpr size_t kMostLastWords = 4'096;

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
absl::Status ReadAll(const std::string& program, const ChildPipe& out, const ChildPipe& err,
                     Deadline deadline, int64_t max_bytes, std::string& text, std::string& words) {
  std::array<pollfd, 2> ends{pollfd{out.reading(), POLLIN, 0}, pollfd{err.reading(), POLLIN, 0}};
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
  ChildPipe out;
  ChildPipe err;
  if (!out.status().ok()) return out.status();
  if (!err.status().ok()) return err.status();
  ChildProcess child;
  absl::Status started = child.Start(
      {.argv = argv, .output = out.writing(), .errors = err.writing(), .environment = {"TZ=UTC"}});
  if (!started.ok()) return started;
  out.CloseWriting();
  err.CloseWriting();
  std::string text;
  std::string words;
  if (absl::Status status = ReadAll(argv[0], out, err, deadline, max_bytes, text, words);
      !status.ok()) {
    return status;
  }
  // It has closed its outputs, so that its end is near.
  const std::optional<int> status = child.StatusBy(deadline);
  if (!status) return TooLate(argv[0]);
  if (WIFEXITED(*status) && IsGood(WEXITSTATUS(*status), other_codes)) return text;
  return absl::UnavailableError(fmt::format("{} ended with {} and said {}; expected code 0",
                                            Quoted(argv[0]), HowItEnded(*status), LastLine(words)));
}

}  // namespace fleetmeter::collector
