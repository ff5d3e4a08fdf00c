#include "daemon/accounting/submission_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/accounting/divide_submission.h"

namespace fleetmeter {

SubmissionQueue::Submitted SubmissionQueue::TryPush(Submission& submission) {
  MutexLock lock(mutex_);
  if (stopping_) return Submitted::kStopping;
  const size_t weight = WeightOf(submission);
  if (!room_.TryTake(submission.stream.identity, weight)) {
    NoteFull();
    return Submitted::kFull;
  }
  full_since_monotonic_ = 0;
  Push(std::move(submission), weight);
  changed_.NotifyAll();
  return Submitted::kYes;
}

void SubmissionQueue::Push(Submission submission, size_t weight) {
  // Without sharing all are one sender, and come in the order in which they were pushed.
  const std::string sender =
      sharing_ == FairShare::Sharing::kFair ? submission.stream.identity : "";
  const size_t parts = std::min(submission.reports.size(), weight / kPartsAtOnce);
  if (weight <= kHeavy || parts < 2) {
    return waiting_.Push(sender, {.submission = std::move(submission), .weight = weight});
  }
  size_t left = weight;
  std::vector<Submission> divided = DivideSubmission(std::move(submission), parts);
  for (size_t i = 0; i < parts; ++i) {
    const size_t part = left / (parts - i);
    left -= part;
    waiting_.Push(sender, {.submission = std::move(divided[i]), .weight = part, .part = true});
  }
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
    const FairLine::Waiting& next = waiting_.Front();
    const size_t most = next.part ? std::min(most_reports, kPartsAtOnce) : most_reports;
    if (!taken.empty() && reports + next.weight > most) break;
    reports += next.weight;
    FairLine::Waiting waiting = waiting_.Pop();
    room_.GiveBack(waiting.submission.stream.identity, waiting.weight);
    taken.push_back(std::move(waiting.submission));
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
