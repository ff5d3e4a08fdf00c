#include "daemon/view/budget_review.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/ledger/read/read_capacity.h"
#include "daemon/ledger/read/read_unheard.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/read/usage_parts.h"

namespace fleetmeter {
namespace {

// Times in seconds since 1970, half-open.
using Seconds = std::pair<int64_t, int64_t>;

// H100e-nanoseconds by pool and team ("" for chips that no team held).
using ByTeam = std::map<std::pair<std::string, std::string>, absl::int128>;

struct TimeUse {
  ByTeam used;
  ByTeam heard;  // in all states
  ToldTime told;
  Unheard unheard;
};

// Of the whole pool if the team is empty.
absl::int128 SumOf(const ByTeam& amounts, const std::string& pool, const std::string& team) {
  absl::int128 sum = 0;
  for (auto at = amounts.lower_bound({pool, ""}); at != amounts.end() && at->first.first == pool;
       ++at) {
    if (team.empty() || at->first.second == team) sum += at->second;
  }
  return sum;
}

int64_t EndOfPeriod(Period period, int64_t start) {
  switch (period) {
    case Period::kHours:
      return start + kSecondsPerHour;
    case Period::kDays:
      return start + kSecondsPerDay;
    case Period::kQuarters:
      return QuarterOf(start, 1);
  }
  return start;
}

// What is kept of the usage at a time.
Period KeptAt(const Kept& kept, int64_t time) {
  Period period = Period::kHours;
  for (const Part& part : PartsOf(UsageTime::kUsed, kept)) {
    if (part.rows != Rows::kOwnHours || time < part.booked_from || time >= part.booked_to) continue;
    period = part.period;
  }
  return period;
}

// The part of a time whose usage can be told from that beside it.
Seconds WholePeriods(const Kept& kept, Seconds time) {
  const Period first = KeptAt(kept, time.first);
  const int64_t start = StartOf(first, time.first);
  if (start < time.first) time.first = EndOfPeriod(first, start);
  time.second = StartOf(KeptAt(kept, time.second), time.second);
  return time;
}

int64_t EndOfHour(int64_t time) { return StartOf(Period::kHours, time + kSecondsPerHour - 1); }

class BudgetReviewer {
 public:
  BudgetReviewer(Database& ledger, int64_t now) : ledger_(ledger), now_(now) {}

  absl::StatusOr<std::vector<BudgetReview>> Run(const std::vector<capacity::Budget>& budgets) {
    const auto kept = ReadKept(ledger_);
    if (!kept.ok()) return kept.status();
    kept_ = *kept;
    auto pools = ReadPoolsFrom(ledger_);
    if (!pools.ok()) return pools.status();
    pools_from_unix_nanos_ = *std::move(pools);
    auto spans = ReadToldSpans(ledger_);
    if (!spans.ok()) return spans.status();
    told_spans_ = *std::move(spans);
    std::vector<BudgetReview> reviews;
    for (const capacity::Budget& budget : budgets) {
      auto review = Review(budget);
      if (!review.ok()) return review.status();
      reviews.push_back(*std::move(review));
    }
    return reviews;
  }

 private:
  absl::StatusOr<BudgetReview> Review(const capacity::Budget& budget) {
    BudgetReview review;
    review.budget = budget;
    const Seconds elapsed = {budget.from_unix_seconds, std::min(now_, budget.to_unix_seconds)};
    if (elapsed.first < elapsed.second) {
      const auto use = UseIn({elapsed.first, EndOfHour(elapsed.second)});
      if (!use.ok()) return use.status();
      review.use.used_h100e_nanos = SumOf((*use)->used, budget.pool, budget.team);
      review.use.elapsed_seconds = elapsed.second - elapsed.first;
      review.untold = UntoldOf((*use)->told, elapsed);
      review.use.told_seconds = ToldOf(**use, budget, review.untold, elapsed);
    }
    review.pace = capacity::PaceOf(budget, review.use, kLeastToldOfBudget, now_);
    return review;
  }

  // Budgets of one time, such as the quarter, are read together.
  absl::StatusOr<const TimeUse*> UseIn(Seconds time) {
    const auto found = uses_.find(time);
    if (found != uses_.end()) return &found->second;
    auto told = ReadToldTime(ledger_, time.first, time.second);
    if (!told.ok()) return told.status();
    const Seconds whole = WholePeriods(kept_, time);
    auto unheard = ReadUnheardWithin(ledger_, told_spans_, whole.first, whole.second);
    if (!unheard.ok()) return unheard.status();
    TimeUse use{.used = {}, .heard = {}, .told = *std::move(told), .unheard = *std::move(unheard)};
    if (absl::Status status = ReadUsed(whole, &use); !status.ok()) return status;
    LeaveOut({time.first, std::min(whole.first, time.second)}, &use.told);
    LeaveOut({std::max(whole.second, time.first), time.second}, &use.told);
    return &uses_.emplace(time, std::move(use)).first->second;
  }

  absl::Status ReadUsed(Seconds time, TimeUse* use) {
    if (time.first >= time.second) return absl::OkStatus();
    UsageQuestion question;
    question.from = time.first;
    question.to = time.second;
    question.by = {UsageKey::kPool, UsageKey::kTeam, UsageKey::kState};
    const auto usage = ReadUsageWithin(ledger_, question);
    if (!usage.ok()) return usage.status();
    for (const UsageRow& row : usage->rows) {
      use->heard[{row.keys[0], row.keys[1]}] += row.h100e.chips;
      if (row.keys[2] == Name(ChipState::kAssigned)) {
        use->used[{row.keys[0], row.keys[1]}] += row.h100e.chips;
      }
    }
    return absl::OkStatus();
  }

  // Of this time the books have no usage by itself.
  static void LeaveOut(Seconds time, ToldTime* told) {
    if (time.first >= time.second) return;
    const TimeSpan span = {time.first * kNanosPerSecond, time.second * kNanosPerSecond};
    std::vector<TimeSpan> untold;
    for (const TimeSpan& other : told->untold) {
      // What lies in it is part of it, since no source tells of the time by itself.
      const TimeSpan before = {other.start_unix_nanos,
                               std::min(other.end_unix_nanos, span.start_unix_nanos)};
      const TimeSpan after = {std::max(other.start_unix_nanos, span.end_unix_nanos),
                              other.end_unix_nanos};
      for (const TimeSpan& rest : {before, after}) {
        if (rest.start_unix_nanos < rest.end_unix_nanos) untold.push_back(rest);
      }
    }
    untold.push_back(span);
    std::sort(untold.begin(), untold.end(), [](const TimeSpan& a, const TimeSpan& b) {
      return a.start_unix_nanos < b.start_unix_nanos;
    });
    told->untold = std::move(untold);
  }

  static std::vector<TimeSpan> UntoldOf(const ToldTime& told, Seconds elapsed) {
    std::vector<TimeSpan> untold;
    for (TimeSpan span : told.untold) {
      span.end_unix_nanos = std::min(span.end_unix_nanos, elapsed.second * kNanosPerSecond);
      if (span.start_unix_nanos < span.end_unix_nanos) untold.push_back(span);
    }
    return untold;
  }

  // The part of the chips that should have been heard that was. Of a team, of those that it held
  // when they were last heard, or nobody; where there are none, of the pool's.
  double HeardPartOf(const TimeUse& use, const capacity::Budget& budget, TimeSpan elapsed) const {
    if (!budget.team.empty()) {
      const auto of_team = HeardPart(SumOf(use.used, budget.pool, budget.team),
                                     use.unheard.H100eNanos(budget.pool, elapsed, budget.team));
      if (of_team) return *of_team;
    }
    return HeardPart(SumOf(use.heard, budget.pool, ""),
                     use.unheard.H100eNanos(budget.pool, elapsed))
        .value_or(1);
  }

  // The times between `untold` ones since anybody told of the pool, less the part of its chips that
  // was not heard.
  int64_t ToldOf(const TimeUse& use, const capacity::Budget& budget,
                 const std::vector<TimeSpan>& untold, Seconds elapsed) const {
    const auto of_pool = pools_from_unix_nanos_.find(budget.pool);
    if (of_pool == pools_from_unix_nanos_.end()) return 0;
    const TimeSpan span = {std::max(elapsed.first * kNanosPerSecond, of_pool->second),
                           elapsed.second * kNanosPerSecond};
    if (span.start_unix_nanos >= span.end_unix_nanos) return 0;
    const auto nanos = static_cast<double>(NanosOf(LeftOf(span, untold)));
    return static_cast<int64_t>(nanos * HeardPartOf(use, budget, span) /
                                static_cast<double>(kNanosPerSecond));
  }

  Database& ledger_;
  const int64_t now_;
  Kept kept_;
  Spans told_spans_;  // of any source
  std::map<std::string, int64_t, std::less<>> pools_from_unix_nanos_;
  std::map<Seconds, TimeUse> uses_;
};

}  // namespace

absl::StatusOr<std::vector<BudgetReview>> ReviewBudgets(
    Database& ledger, const std::vector<capacity::Budget>& budgets, int64_t now_unix_seconds) {
  if (budgets.empty()) return std::vector<BudgetReview>();
  return BudgetReviewer(ledger, now_unix_seconds).Run(budgets);
}

}  // namespace fleetmeter
