#include "collectors/live/neuron/line_feed.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr size_t kFeedBufferBytes = 64 << 10;
constexpr auto kEndKindly = std::chrono::seconds(1);

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
  ChildPipe out;
  if (!out.status().ok()) return out.status();
  std::unique_ptr<FeedingProcess> process(new FeedingProcess);
  absl::Status started = process->child_.Start(
      {.argv = argv, .output = out.writing(), .errors = -1, .environment = {}});
  if (!started.ok()) return started;
  process->feed_ = std::make_unique<LineFeed>(out.TakeReading(), max_line_bytes);
  return process;
}

FeedingProcess::~FeedingProcess() { child_.EndKindly(kEndKindly); }

std::optional<std::string> FeedingProcess::HowItEnded() {
  const std::optional<int> status = child_.Status();
  return status ? std::optional(collector::HowItEnded(*status)) : std::nullopt;
}

}  // namespace fleetmeter::collector
