#include "daemon/view/spending_board.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/plan_budgets.h"

namespace fleetmeter {
namespace {

constexpr int64_t kWeekSeconds = 7 * kSecondsPerDay;
// At most this part of the time is spent on refreshing, however large the ledger.
constexpr int64_t kRestPerRefresh = 9;

// Of the hour before `present`, or else of the one before that: reports of an hour come after it.
absl::Status AddHour(Database& ledger, int64_t present, SpendingView* view) {
  for (int64_t hour = present - kSecondsPerHour; hour >= present - 2 * kSecondsPerHour;
       hour -= kSecondsPerHour) {
    auto review = ReviewLending(ledger, hour, hour + kSecondsPerHour, LendingStep::kWhole);
    if (!review.ok()) return review.status();
    if (review->told_seconds == 0) continue;
    view->hour_unix_seconds = hour;
    view->lent_in_hour = std::move(review->rows);
    break;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SpendingView> WorkOutSpending(Database& ledger, const Plan& plan,
                                             int64_t now_unix_nanos) {
  const int64_t now = now_unix_nanos / kNanosPerSecond;
  const int64_t present = now - now % kSecondsPerHour;
  SpendingView view;
  view.as_of_unix_nanos = now_unix_nanos;
  auto budgets = ReviewBudgets(ledger, capacity::BudgetsOf(plan, now), now);
  if (!budgets.ok()) return budgets.status();
  view.budgets = *std::move(budgets);
  if (absl::Status added = AddHour(ledger, present, &view); !added.ok()) return added;
  auto week = ReviewLending(ledger, present - kWeekSeconds, present, LendingStep::kWhole);
  if (!week.ok()) return week.status();
  view.week = *std::move(week);
  return view;
}

SpendingBoard::SpendingBoard(OutcomeBoard& board, Options options, const Clock& clock)
    : board_(board), options_(std::move(options)), clock_(clock) {}

std::shared_ptr<const SpendingView> SpendingBoard::Look() {
  MutexLock lock(mutex_);
  if (!asked_ && clock_.MonotonicNanos() >= next_look_nanos_) {
    // Too many ask, or the board has stopped: the next look asks again.
    asked_ = board_.Ask(
        [this](const absl::Status& status, Database* ledger) { Answer(status, ledger); });
  }
  return view_;
}

uint64_t SpendingBoard::failures() const {
  MutexLock lock(mutex_);
  return failures_;
}

absl::StatusOr<SpendingView> SpendingBoard::WorkOut(const absl::Status& status,
                                                    Database* ledger) const {
  if (ledger == nullptr) return status;
  const int64_t now = clock_.UnixNanos();
  const std::shared_ptr<const ReferenceData> reference = options_.reference();
  return WorkOutSpending(*ledger, reference->PlanAt(now), now);
}

void SpendingBoard::Answer(const absl::Status& status, Database* ledger) {
  const int64_t begin = clock_.MonotonicNanos();
  auto worked_out = WorkOut(status, ledger);
  const int64_t end = clock_.MonotonicNanos();
  MutexLock lock(mutex_);
  asked_ = false;
  next_look_nanos_ = end + std::max(options_.refresh_nanos, kRestPerRefresh * (end - begin));
  if (worked_out.ok()) {
    worked_out->took_seconds = ToSeconds(end - begin);
    view_ = std::make_shared<const SpendingView>(*std::move(worked_out));
    return;
  }
  if (absl::IsUnavailable(worked_out.status())) return;  // the daemon is stopping
  spdlog::error("budgets and lending could not be worked out, what was known before is shown: {}",
                std::string(worked_out.status().message()));
  ++failures_;
}

}  // namespace fleetmeter
