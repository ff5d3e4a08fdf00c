#include "daemon/view/budget_review.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/ledger/read/read_capacity.h"
#include "daemon/ledger/read/read_coverage.h"
#include "daemon/ledger/read/read_usage.h"
#include "daemon/ledger/read/usage_parts.h"

namespace fleetmeter {
namespace {

// What a host that is silent for longer held is unaccounted for, and not merely unheard.
constexpr int64_t kLongestSilence = kDay;

// Times in seconds since 1970, half-open.
using Seconds = std::pair<int64_t, int64_t>;

// H100e-nanoseconds by pool and team.
using UsedByTeam = std::map<std::pair<std::string, std::string>, absl::int128>;

struct TimeUse {
  UsedByTeam used;
  ToldTime told;
};

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
    auto coverage = ReadCoverageWithin(ledger_, "", kLongestSilence);
    if (!coverage.ok()) return coverage.status();
    coverage_ = *std::move(coverage);
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
      review.use.used_h100e_nanos = UsedOf(**use, budget);
      review.use.elapsed_seconds = elapsed.second - elapsed.first;
      review.untold = UntoldOf((*use)->told, elapsed);
      review.use.told_seconds = ToldOf(review.untold, budget.pool, elapsed);
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
    TimeUse use{.used = {}, .told = *std::move(told)};
    const Seconds whole = WholePeriods(kept_, time);
    if (absl::Status status = ReadUsed(whole, &use.used); !status.ok()) return status;
    LeaveOut({time.first, std::min(whole.first, time.second)}, &use.told);
    LeaveOut({std::max(whole.second, time.first), time.second}, &use.told);
    return &uses_.emplace(time, std::move(use)).first->second;
  }

  absl::Status ReadUsed(Seconds time, UsedByTeam* used) {
    if (time.first >= time.second) return absl::OkStatus();
    UsageQuestion question;
    question.from = time.first;
    question.to = time.second;
    question.by = {UsageKey::kPool, UsageKey::kTeam};
    const auto usage = ReadUsageWithin(ledger_, question);
    if (!usage.ok()) return usage.status();
    for (const UsageRow& row : usage->rows) {
      (*used)[{row.keys[0], row.keys[1]}] += row.h100e.chips;
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

  static absl::int128 UsedOf(const TimeUse& use, const capacity::Budget& budget) {
    absl::int128 sum = 0;
    for (auto row = use.used.lower_bound({budget.pool, ""});
         row != use.used.end() && row->first.first == budget.pool; ++row) {
      if (budget.team.empty() || row->first.second == budget.team) sum += row->second;
    }
    return sum;
  }

  static std::vector<TimeSpan> UntoldOf(const ToldTime& told, Seconds elapsed) {
    std::vector<TimeSpan> untold;
    for (TimeSpan span : told.untold) {
      span.end_unix_nanos = std::min(span.end_unix_nanos, elapsed.second * kNanosPerSecond);
      if (span.start_unix_nanos < span.end_unix_nanos) untold.push_back(span);
    }
    return untold;
  }

  // The times between `untold` ones, each less the part of the pool's chips that was not heard in
  // it.
  int64_t ToldOf(const std::vector<TimeSpan>& untold, const std::string& pool,
                 Seconds elapsed) const {
    const auto of_pool = coverage_.find(pool);
    double nanos = 0;
    TimeSpan told = {elapsed.first * kNanosPerSecond, elapsed.first * kNanosPerSecond};
    const auto add = [&](int64_t until) {
      told.end_unix_nanos = until;
      if (told.start_unix_nanos >= until) return;
      const auto heard = of_pool == coverage_.end() ? std::nullopt : of_pool->second.Of(told);
      nanos +=
          static_cast<double>(until - told.start_unix_nanos) * std::min(1.0, heard.value_or(1));
    };
    for (const TimeSpan& span : untold) {
      add(span.start_unix_nanos);
      told.start_unix_nanos = span.end_unix_nanos;
    }
    add(elapsed.second * kNanosPerSecond);
    return static_cast<int64_t>(nanos / static_cast<double>(kNanosPerSecond));
  }

  Database& ledger_;
  const int64_t now_;
  Kept kept_;
  std::map<std::string, Coverage> coverage_;
  std::map<Seconds, TimeUse> uses_;
};

}  // namespace

absl::StatusOr<std::vector<BudgetReview>> ReviewBudgets(
    Database& ledger, const std::vector<capacity::Budget>& budgets, int64_t now_unix_seconds) {
  if (budgets.empty()) return std::vector<BudgetReview>();
  return BudgetReviewer(ledger, now_unix_seconds).Run(budgets);
}

}  // namespace fleetmeter
