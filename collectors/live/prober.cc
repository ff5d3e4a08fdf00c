#include "collectors/live/prober.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <utility>

#include "daemon/base/mutex.h"

namespace fleetmeter::collector {
namespace {

constexpr auto kPatience = std::chrono::seconds(2);

}  // namespace

// What the thread and the prober share: it outlives whichever of them goes first.
struct Prober::Shared {
  Shared(std::unique_ptr<LiveSource> its_source, const Clock& its_clock)
      : source(std::move(its_source)), clock(its_clock) {}

  void Run() {
    for (;;) {
      Look look;
      {
        MutexLock lock(mutex);
        while (!asked && !ending) changed.Wait(mutex);
        if (ending) {
          ended = true;
          changed.NotifyAll();
          return;
        }
        asked = false;
        look.deadline = deadline;
      }
      LookResult found = LookOnce(look);
      MutexLock lock(mutex);
      result = std::move(found);
      busy = false;
      changed.NotifyAll();
    }
  }

  LookResult LookOnce(Look look) {
    look.unix_nanos = clock.UnixNanos();
    look.monotonic_nanos = clock.MonotonicNanos();
    const auto begun = std::chrono::steady_clock::now();
    LookResult found;
    found.observation = source->Observe(look);
    found.took = std::chrono::steady_clock::now() - begun;
    return found;
  }

  const std::unique_ptr<LiveSource> source;  // the thread's own
  const Clock& clock;
  Mutex mutex;
  CondVar changed;
  bool asked ABSL_GUARDED_BY(mutex) = false;
  bool busy ABSL_GUARDED_BY(mutex) = false;  // asked, and not answered yet
  bool ending ABSL_GUARDED_BY(mutex) = false;
  bool ended ABSL_GUARDED_BY(mutex) = false;
  std::chrono::steady_clock::time_point deadline ABSL_GUARDED_BY(mutex);
  LookResult result ABSL_GUARDED_BY(mutex);
};

Prober::Prober(std::string name, std::unique_ptr<LiveSource> source,
               std::chrono::milliseconds timeout, const Clock& clock)
    : name_(std::move(name)),
      timeout_(timeout),
      shared_(std::make_shared<Shared>(std::move(source), clock)),
      thread_([shared = shared_] { shared->Run(); }) {}

Prober::~Prober() {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  bool ended = false;
  {
    MutexLock lock(shared_->mutex);
    shared_->ending = true;
    shared_->changed.NotifyAll();
    while (!shared_->ended && shared_->changed.WaitUntil(shared_->mutex, until)) continue;
    ended = shared_->ended;
  }
  if (ended) {
    thread_.join();
  } else {
    spdlog::warn("source {} hangs and is left behind", name_);
    thread_.detach();
  }
}

void Prober::Ask() {
  MutexLock lock(shared_->mutex);
  if (shared_->busy) return;
  deadline_ = std::chrono::steady_clock::now() + timeout_;
  overdue_ = false;
  shared_->deadline = deadline_;
  shared_->asked = true;
  shared_->busy = true;
  shared_->changed.NotifyAll();
}

LookResult Prober::Await() {
  MutexLock lock(shared_->mutex);
  while (shared_->busy && !overdue_) {
    if (!shared_->changed.WaitUntil(shared_->mutex, deadline_)) overdue_ = shared_->busy;
  }
  if (!shared_->busy) return std::exchange(shared_->result, LookResult());
  LookResult late;
  late.observation = absl::DeadlineExceededError(
      fmt::format("has not answered within {} ms; expected an answer by then", timeout_.count()));
  late.took = timeout_;
  return late;
}

}  // namespace fleetmeter::collector
