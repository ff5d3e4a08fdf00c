// Threads that answer what would hold up the thread that serves connections.
//
// Thread-safe. There is no limit on what waits: a connection asks for one thing at a time, and the
// number of connections is limited.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "daemon/base/mutex.h"

namespace fleetmeter {

class Workers {
 public:
  explicit Workers(size_t threads) {
    for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~Workers() { Stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // Has `work` done soon. After Stop it is dropped.
  void Add(std::function<void()> work) {
    MutexLock lock(mutex_);
    if (stopping_) return;
    waiting_.push_back(std::move(work));
    changed_.NotifyOne();
  }

  // Finishes what is under way, and drops what waits.
  void Stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      waiting_.clear();
      changed_.NotifyAll();
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Run() {
    while (true) {
      std::function<void()> work;
      {
        MutexLock lock(mutex_);
        while (waiting_.empty() && !stopping_) changed_.Wait(mutex_);
        if (stopping_) return;
        work = std::move(waiting_.front());
        waiting_.pop_front();
      }
      work();
    }
  }

  Mutex mutex_;
  CondVar changed_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // last: they use the rest
};

}  // namespace fleetmeter
