#include "daemon/accounting/submission_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace fleetmeter {

SubmissionQueue::Submitted SubmissionQueue::TryPush(Submission& submission) {
  MutexLock lock(mutex_);
  if (stopping_) return Submitted::kStopping;
  if (!room_.TryTake(submission.stream.identity, WeightOf(submission))) {
    NoteFull();
    return Submitted::kFull;
  }
  full_since_monotonic_ = 0;
  waiting_.push_back(std::move(submission));
  changed_.NotifyAll();
  return Submitted::kYes;
}

bool SubmissionQueue::HasRoomFor(const std::string& identity, size_t weight) {
  MutexLock lock(mutex_);
  if (stopping_ || room_.Has(identity, std::min(weight, limit_))) return true;
  NoteFull();
  return false;
}

void SubmissionQueue::NoteFull() {
  if (full_since_monotonic_ == 0) full_since_monotonic_ = clock_.MonotonicNanos();
}

size_t SubmissionQueue::WeightOf(const Submission& submission) const {
  return std::max(submission.reports.size(), std::min(submission.weight, limit_));
}

std::vector<Submission> SubmissionQueue::Take(size_t most_reports, int64_t wait_nanos) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(wait_nanos);
  std::vector<Submission> taken;
  MutexLock lock(mutex_);
  while (waiting_.empty() && !stopping_) {
    if (!changed_.WaitUntil(mutex_, deadline)) return taken;
  }
  size_t reports = 0;
  while (!waiting_.empty()) {
    const size_t size = WeightOf(waiting_.front());
    if (!taken.empty() && reports + size > most_reports) break;
    reports += size;
    room_.GiveBack(waiting_.front().stream.identity, size);
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  full_since_monotonic_ = 0;
  return taken;
}

void SubmissionQueue::Stop() {
  MutexLock lock(mutex_);
  stopping_ = true;
  changed_.NotifyAll();
}

bool SubmissionQueue::Drained() const {
  MutexLock lock(mutex_);
  return stopping_ && waiting_.empty();
}

size_t SubmissionQueue::waiting_reports() const {
  MutexLock lock(mutex_);
  return room_.taken();
}

int64_t SubmissionQueue::FullForNanos() const {
  MutexLock lock(mutex_);
  return full_since_monotonic_ == 0 ? 0 : clock_.MonotonicNanos() - full_since_monotonic_;
}

}  // namespace fleetmeter
