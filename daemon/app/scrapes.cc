#include "daemon/app/scrapes.h"

namespace fleetmeter {

void Scrapes::BeginFinal() {
  MutexLock lock(mutex_);
  final_ = true;
}

bool Scrapes::final() const {
  MutexLock lock(mutex_);
  return final_;
}

void Scrapes::Sent(bool final) {
  MutexLock lock(mutex_);
  any_sent_ = true;
  if (final) final_sent_ = true;
  changed_.NotifyAll();
}

void Scrapes::AwaitFinal(std::chrono::steady_clock::time_point deadline) const {
  MutexLock lock(mutex_);
  if (!any_sent_) return;
  while (!final_sent_ && changed_.WaitUntil(mutex_, deadline)) {
  }
}

}  // namespace fleetmeter
