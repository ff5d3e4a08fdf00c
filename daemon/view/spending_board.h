// Keeps budgets and lending worked out from the ledger, for scrapes.
//
// It has no thread of its own: a look that finds what is known to be old asks the OutcomeBoard's
// thread to work it out anew, waits for nothing, and is shown what is known meanwhile. Owned by the
// App. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/domain/reference_data.h"
#include "daemon/view/budget_review.h"
#include "daemon/view/lending_review.h"
#include "daemon/view/outcome_board.h"

namespace fleetmeter {

// What was worked out together. Immutable.
struct SpendingView {
  int64_t as_of_unix_nanos = 0;
  double took_seconds = 0;
  std::vector<BudgetReview> budgets;  // of the plan in force then
  // The start of the latest full hour that the books tell of, of the two before the present one,
  // and what was lent in it. Nothing: they tell of neither.
  std::optional<int64_t> hour_unix_seconds;
  std::vector<LentRow> lent_in_hour;
  // In the 7 days up to the present hour.
  LendingReview week;
};

// Within a read transaction of the caller.
absl::StatusOr<SpendingView> WorkOutSpending(Database& ledger, const Plan& plan,
                                             int64_t now_unix_nanos);

class SpendingBoard {
 public:
  struct Options {
    int64_t refresh_nanos = 0;  // the shortest time between two refreshes
    // The model in force. Called on the board's thread; outlives it.
    std::function<std::shared_ptr<const ReferenceData>()> reference;
  };

  // Both outlive the object; the board is stopped before the object goes.
  SpendingBoard(OutcomeBoard& board, Options options, const Clock& clock);
  SpendingBoard(const SpendingBoard&) = delete;
  SpendingBoard& operator=(const SpendingBoard&) = delete;

  // Null before the first refresh has succeeded. After a failure the view before it stays.
  std::shared_ptr<const SpendingView> Look();
  uint64_t failures() const;

 private:
  absl::StatusOr<SpendingView> WorkOut(const absl::Status& status, Database* ledger) const;
  void Answer(const absl::Status& status, Database* ledger);

  OutcomeBoard& board_;
  const Options options_;
  const Clock& clock_;

  mutable Mutex mutex_;
  bool asked_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t next_look_nanos_ ABSL_GUARDED_BY(mutex_) = 0;  // by the monotonic clock
  std::shared_ptr<const SpendingView> view_ ABSL_GUARDED_BY(mutex_);
  uint64_t failures_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
