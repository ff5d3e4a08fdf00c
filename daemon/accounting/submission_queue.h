// Submissions that wait for the writer, at most a number of reports in all. A submission counts as
// its weight, where that is more than its reports. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/accounting/submission.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"

namespace fleetmeter {

class SubmissionQueue {
 public:
  enum class Submitted { kYes, kFull, kStopping };

  // Who may fill it.
  enum class Sharing {
    kAll,   // every sender, all of it: senders cannot be told apart
    kFair,  // each sender, at most three times what is left: some of it is always there for others
  };

  // `clock` outlives it.
  SubmissionQueue(const Clock& clock, size_t limit_reports, Sharing sharing = Sharing::kAll)
      : clock_(clock), limit_reports_(limit_reports), sharing_(sharing) {}

  // Unless kYes, `submission` is untouched. One that weighs more than the queue holds is taken when
  // the queue is empty, unless it has more reports than that.
  [[nodiscard]] Submitted TryPush(Submission& submission);

  // Takes the oldest submissions: at most `most_reports` reports together, but at least one
  // submission. Waits up to `wait_nanos` for the first, unless the queue is stopped. Empty when
  // there was none.
  std::vector<Submission> Take(size_t most_reports, int64_t wait_nanos);

  // Nothing more can be pushed; what is waiting can still be taken.
  void Stop();
  // Whether it is stopped, and nothing is left to take.
  bool Drained() const;

  size_t waiting_reports() const;
  size_t limit_reports() const { return limit_reports_; }
  // For how long submissions have been refused for want of room; 0 while there is some.
  int64_t FullForNanos() const;

 private:
  size_t WeightOf(const Submission& submission) const;
  bool HasRoom(const Submission& submission, size_t weight) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Leave(const std::string& identity, size_t weight) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const size_t limit_reports_;
  const Sharing sharing_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<Submission> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_reports_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<std::string, size_t> waiting_of_ ABSL_GUARDED_BY(mutex_);  // by identity
  int64_t full_since_monotonic_ ABSL_GUARDED_BY(mutex_) = 0;                     // 0: there is room
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace fleetmeter
