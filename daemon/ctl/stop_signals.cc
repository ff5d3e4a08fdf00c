#include "daemon/ctl/stop_signals.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <utility>

namespace fleetmeter::ctl {
namespace {

sigset_t Set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

bool InputCanEnd() {
  struct stat about{};
  return fstat(STDIN_FILENO, &about) == 0 &&
         (isatty(STDIN_FILENO) == 1 || S_ISFIFO(about.st_mode) || S_ISSOCK(about.st_mode));
}

// A terminal that we are in the background of would stop us for reading from it.
bool InputIsOurs() {
  return isatty(STDIN_FILENO) == 0 || tcgetpgrp(STDIN_FILENO) == -1 ||
         tcgetpgrp(STDIN_FILENO) == getpgrp();
}

// Of what nobody takes, the rest is forgotten.
constexpr size_t kMostTyped = 1'024;
constexpr char kEndOfInput = '\x04';

}  // namespace

bool InputIsOurTerminal() { return isatty(STDIN_FILENO) == 1 && InputIsOurs(); }

void BlockStopSignals() {
  const sigset_t set = Set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

StopSignals::StopSignals(bool watch_input, std::function<void()> on_stop) {
  const sigset_t set = Set();
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  quit_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this, watch_input, on_stop = std::move(on_stop)] {
    Run(watch_input && InputCanEnd() && InputIsOurs(), on_stop);
  });
}

StopSignals::~StopSignals() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(quit_, &one, sizeof(one));
  thread_.join();
  close(signals_);
  close(quit_);
}

bool StopSignals::ReadInput() {
  char buffer[256];
  const ssize_t size = read(STDIN_FILENO, buffer, sizeof(buffer));
  if (size <= 0) return size < 0 && (errno == EINTR || errno == EAGAIN);
  // The key that ends the input of a terminal, where keys come one by one.
  const bool ends = std::find(buffer, buffer + size, kEndOfInput) != buffer + size;
  if (ends && isatty(STDIN_FILENO) == 1) return false;
  MutexLock lock(mutex_);
  const size_t room = kMostTyped - std::min(kMostTyped, typed_.size());
  typed_.append(buffer, std::min(static_cast<size_t>(size), room));
  changed_.NotifyAll();
  return true;
}

void StopSignals::Run(bool watch_input, const std::function<void()>& on_stop) {
  pollfd fds[] = {{signals_, POLLIN, 0}, {quit_, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
  const nfds_t count = watch_input ? 3 : 2;
  while (true) {
    if (poll(fds, count, -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (fds[1].revents != 0) return;
    if (fds[0].revents != 0 || (count == 3 && fds[2].revents != 0 && !ReadInput())) break;
  }
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    changed_.NotifyAll();
  }
  on_stop();
}

bool StopSignals::WaitFor(std::chrono::milliseconds time, std::string* typed) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!stopped_ && typed_.empty() && changed_.WaitUntil(mutex_, deadline)) {
  }
  *typed = std::exchange(typed_, "");
  return stopped_;
}

bool StopSignals::WaitFor(std::chrono::milliseconds time) {
  const auto deadline = std::chrono::steady_clock::now() + time;
  MutexLock lock(mutex_);
  while (!stopped_ && changed_.WaitUntil(mutex_, deadline)) {
  }
  return stopped_;
}

}  // namespace fleetmeter::ctl
