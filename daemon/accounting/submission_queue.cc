#include "daemon/accounting/submission_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace fleetmeter {

SubmissionQueue::Submitted SubmissionQueue::TryPush(Submission& submission) {
  MutexLock lock(mutex_);
  if (stopping_) return Submitted::kStopping;
  const size_t weight = WeightOf(submission);
  if (!HasRoom(submission, weight)) {
    if (full_since_monotonic_ == 0) full_since_monotonic_ = clock_.MonotonicNanos();
    return Submitted::kFull;
  }
  full_since_monotonic_ = 0;
  waiting_reports_ += weight;
  if (weight > 0) waiting_of_[submission.stream.identity] += weight;
  waiting_.push_back(std::move(submission));
  changed_.NotifyAll();
  return Submitted::kYes;
}

size_t SubmissionQueue::WeightOf(const Submission& submission) const {
  return std::max(submission.reports.size(), std::min(submission.weight, limit_reports_));
}

bool SubmissionQueue::HasRoom(const Submission& submission, size_t weight) const {
  if (waiting_reports_ + weight > limit_reports_) return false;
  if (sharing_ == Sharing::kAll) return true;
  const auto own = waiting_of_.find(submission.stream.identity);
  if (own == waiting_of_.end()) return true;
  return own->second + weight <= 3 * (limit_reports_ - waiting_reports_);
}

void SubmissionQueue::Leave(const std::string& identity, size_t weight) {
  if (weight == 0) return;
  const auto own = waiting_of_.find(identity);
  own->second -= weight;
  if (own->second == 0) waiting_of_.erase(own);
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
    Leave(waiting_.front().stream.identity, size);
    taken.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  waiting_reports_ -= reports;
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
  return waiting_reports_;
}

int64_t SubmissionQueue::FullForNanos() const {
  MutexLock lock(mutex_);
  return full_since_monotonic_ == 0 ? 0 : clock_.MonotonicNanos() - full_since_monotonic_;
}

}  // namespace fleetmeter
