#include "daemon/view/lending_review.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "daemon/base/calendar.h"
#include "daemon/base/timestamp.h"
#include "daemon/domain/capacity/lending.h"
#include "daemon/domain/outcomes/apportion.h"
#include "daemon/domain/outcomes/chip_cost.h"
#include "daemon/ledger/read/read_capacity.h"
#include "daemon/ledger/read/read_chip_prices.h"
#include "daemon/ledger/read/read_usage.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using outcomes::ChipCost;

// So many hours of all pools are in memory at a time.
constexpr int64_t kReadAtOnceSeconds = 28 * kSecondsPerDay;

using HourOfPool = std::pair<int64_t, std::string>;

struct Held {
  absl::int128 h100e_nanos = 0;
  ChipCost cost;
};

int64_t StartOfStep(LendingStep step, int64_t hour, int64_t from) {
  switch (step) {
    case LendingStep::kHour:
      return hour;
    case LendingStep::kDay:
      return std::max(from, DayOf(hour));
    case LendingStep::kWhole:
      return from;
  }
  return from;
}

class LendingReviewer {
 public:
  LendingReviewer(Database& ledger, int64_t from, LendingStep step)
      : ledger_(ledger), from_(from), step_(step) {}

  absl::StatusOr<LendingReview> Run(int64_t to) {
    auto prices = ReadChipPrices(ledger_);
    if (!prices.ok()) return prices.status();
    prices_ = *std::move(prices);
    for (int64_t at = from_; at < to; at += kReadAtOnceSeconds) {
      absl::Status added = Add(at, std::min(to, at + kReadAtOnceSeconds));
      if (!added.ok()) return added;
    }
    for (const auto& [key, sum] : sums_) {
      const auto micro_usd = sum.cost.MicroUsd();
      if (!micro_usd.ok()) return micro_usd.status();
      const auto& [start, borrower, lender, is_untold] = key;
      review_.rows.push_back({start, borrower, lender, sum.h100e_nanos, *micro_usd, is_untold});
    }
    return std::move(review_);
  }

 private:
  absl::Status Add(int64_t from, int64_t to) {
    auto hours = ReadPoolHours(ledger_, from, to);
    if (!hours.ok()) return hours.status();
    AddTold(hours->told);
    for (const capacity::PoolHour& hour : hours->hours) {
      if (hour.unheard > 0) AddUnheard(hour, hours->told);
    }
    const std::vector<capacity::Lent> lent = capacity::ShareLending(hours->hours);
    if (lent.empty()) return absl::OkStatus();
    const auto held = ReadHeld(lent, std::max(from, hours->told.from_unix_seconds), to);
    if (!held.ok()) return held.status();
    // Those of one hour and borrower follow one another.
    for (auto first = lent.begin(); first != lent.end();) {
      auto last = first;
      while (last != lent.end() && last->start_unix_seconds == first->start_unix_seconds &&
             last->borrower == first->borrower) {
        ++last;
      }
      const std::vector<capacity::Lent> of_one(first, last);
      const auto found = held->find({first->start_unix_seconds, first->borrower});
      const absl::Status added = AddBorrower(of_one, found == held->end() ? Held() : found->second);
      if (!added.ok()) return added;
      first = last;
    }
    return absl::OkStatus();
  }

  void AddTold(const ToldTime& told) {
    review_.told_seconds += told.told_seconds;
    review_.untold_seconds += told.untold_seconds;
    for (const TimeSpan& span : told.untold) {
      std::vector<TimeSpan>& all = review_.untold;
      if (!all.empty() && all.back().end_unix_nanos == span.start_unix_nanos) {
        all.back().end_unix_nanos = span.end_unix_nanos;
      } else {
        all.push_back(span);
      }
    }
  }

  // Time in which nobody told of anything is in the untold time already.
  void AddUnheard(const capacity::PoolHour& hour, const ToldTime& told) {
    const int64_t start = hour.start_unix_seconds * kNanosPerSecond;
    absl::int128 silent = 0;
    for (const TimeSpan& span : told.untold) {
      silent += std::max<int64_t>(0, std::min(span.end_unix_nanos, start + kNanosPerHour) -
                                         std::max(span.start_unix_nanos, start));
    }
    const absl::int128 of_silence = (hour.allocated * silent + kNanosPerHour - 1) / kNanosPerHour;
    if (hour.unheard > of_silence) review_.unheard[hour.pool] += hour.unheard - of_silence;
  }

  // What the borrowers held in all, and what that cost.
  absl::StatusOr<std::map<HourOfPool, Held>> ReadHeld(const std::vector<capacity::Lent>& lent,
                                                      int64_t from, int64_t to) {
    std::set<HourOfPool> borrowers;
    for (const capacity::Lent& one : lent) borrowers.emplace(one.start_unix_seconds, one.borrower);
    UsageQuestion question;
    question.from = from;
    question.to = to;
    question.by = {UsageKey::kPool, UsageKey::kHour, UsageKey::kChip, UsageKey::kCatalog};
    const auto usage = ReadUsageWithin(ledger_, question);
    if (!usage.ok()) return usage.status();
    std::map<HourOfPool, Held> held;
    for (const UsageRow& row : usage->rows) {
      const auto hour = ParseTimestamp(row.keys[1]);
      if (!hour.ok()) return hour.status();
      const HourOfPool key = {hour->unix_nanos / kNanosPerSecond, row.keys[0]};
      if (!borrowers.contains(key)) continue;
      Held& of_pool = held[key];
      of_pool.h100e_nanos += row.h100e.chips;
      const absl::Status added =
          of_pool.cost.Add(row.chips.chips, PriceOf(row.keys[2], row.keys[3]));
      if (!added.ok()) return added;
    }
    return held;
  }

  std::optional<int64_t> PriceOf(const std::string& chip, const std::string& catalog) const {
    int64_t version = 0;
    std::from_chars(catalog.data(), catalog.data() + catalog.size(), version);
    const auto found = prices_.find({version, chip});
    return found == prices_.end() ? std::nullopt : found->second.micro_usd_per_chip_hour;
  }

  // `lent` is of one hour and borrower.
  absl::Status AddBorrower(const std::vector<capacity::Lent>& lent, const Held& held) {
    std::vector<absl::int128> weights;
    absl::int128 left = held.h100e_nanos;
    for (const capacity::Lent& one : lent) {
      weights.push_back(one.h100e_nanos);
      left -= one.h100e_nanos;
    }
    weights.push_back(std::max<absl::int128>(0, left));  // what it was allocated
    const auto parts = outcomes::ApportionWide(held.cost.parts(), weights);
    if (!parts.ok()) return parts.status();
    for (size_t i = 0; i < lent.size(); ++i) {
      const int64_t start = StartOfStep(step_, lent[i].start_unix_seconds, from_);
      Held& sum = sums_[{start, lent[i].borrower, lent[i].lender, lent[i].is_untold}];
      sum.h100e_nanos += lent[i].h100e_nanos;
      const absl::int128 part = parts->empty() ? absl::int128(0) : (*parts)[i];
      if (absl::Status added = sum.cost.Add(held.cost.WithParts(part)); !added.ok()) return added;
    }
    return absl::OkStatus();
  }

  Database& ledger_;
  const int64_t from_;
  const LendingStep step_;
  ChipPrices prices_;
  std::map<std::tuple<int64_t, std::string, std::string, bool>, Held> sums_;
  LendingReview review_;
};

}  // namespace

absl::StatusOr<LendingReview> ReviewLending(Database& ledger, int64_t from, int64_t to,
                                            LendingStep step) {
  if (to - from > kLongestLendingSeconds) {
    return absl::InvalidArgumentError(fmt::format("the time is {} days long; expected at most {}",
                                                  (to - from) / kSecondsPerDay,
                                                  kLongestLendingSeconds / kSecondsPerDay));
  }
  return LendingReviewer(ledger, from, step).Run(to);
}

}  // namespace fleetmeter
