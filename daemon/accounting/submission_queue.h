// Submissions that wait for the writer, at most a number of reports in all. A submission counts as
// its weight, where that is more than its reports. Shared fairly, the line of one identity lets
// others pass (FairLine). A heavy submission is divided, and its parts come in small transactions,
// since whoever comes meanwhile waits for the one under way. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/accounting/fair_line.h"
#include "daemon/accounting/submission.h"
#include "daemon/base/clock.h"
#include "daemon/base/fair_share.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

class SubmissionQueue {
 public:
  // Heavier ones are divided into parts of about kPartsAtOnce, and so much of parts is taken at
  // once. A full batch of usual reports is no heavier.
  static constexpr size_t kHeavy = 512;
  static constexpr size_t kPartsAtOnce = 256;

  enum class Submitted { kYes, kFull, kStopping };

  // `clock` outlives it. Fair: no identity can fill it.
  SubmissionQueue(const Clock& clock, size_t limit_reports,
                  FairShare::Sharing sharing = FairShare::Sharing::kAll)
      : clock_(clock), limit_(limit_reports), sharing_(sharing), room_(limit_reports, sharing) {}

  // Unless kYes, `submission` is untouched. One that weighs more than the queue holds is taken when
  // the queue is empty, unless it has more reports than that.
  [[nodiscard]] Submitted TryPush(Submission& submission);

  // Whether a submission of that weight would find room now: to be asked before it is made, since
  // making one costs more than refusing it. Noted as TryPush notes it.
  [[nodiscard]] bool HasRoomFor(const std::string& identity, size_t weight);

  // Takes what is next: at most `most_reports` reports together, but at least one
  // submission. Waits up to `wait_nanos` for the first, unless the queue is stopped. Empty when
  // there was none.
  std::vector<Submission> Take(size_t most_reports, int64_t wait_nanos);

  // Nothing more can be pushed; what is waiting can still be taken.
  void Stop();
  // Whether it is stopped, and nothing is left to take.
  bool Drained() const;

  size_t waiting_reports() const;
  size_t limit_reports() const { return limit_; }
  // For how long submissions have been refused for want of room; 0 while there is some.
  int64_t FullForNanos() const;

 private:
  size_t WeightOf(const Submission& submission) const;
  // For which room was taken.
  void Push(Submission submission, size_t weight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoteFull() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const size_t limit_;
  const FairShare::Sharing sharing_;

  mutable Mutex mutex_;
  CondVar changed_;
  FairLine waiting_ ABSL_GUARDED_BY(mutex_);
  FairShare room_ ABSL_GUARDED_BY(mutex_);
  int64_t full_since_monotonic_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: there is room
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
