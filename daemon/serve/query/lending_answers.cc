#include "daemon/serve/query/lending_answers.h"

#include <algorithm>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/serve/query/untold_messages.h"
#include "daemon/view/lending_review.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

constexpr int64_t kUsualLendingSeconds = 7 * kSecondsPerDay;
constexpr size_t kMostUntoldOfLending = 100;
// A row is at most some 320 bytes: names have at most 128. gRPC takes 4 MiB.
constexpr size_t kMostLentRows = 10'000;
constexpr int kMostStarved = 1'000;
// Less than a thousandth of an H100 is rounding of the sums of chips.
constexpr double kLeastH100e = 1e-3;

absl::StatusOr<LendingStep> StepOf(const std::string& text) {
  if (text.empty()) return LendingStep::kWhole;
  if (text == "1h") return LendingStep::kHour;
  if (text == "1d") return LendingStep::kDay;
  return absl::InvalidArgumentError(
      fmt::format("step: is {}; expected 1h, 1d, or nothing for one sum", Quoted(text)));
}

absl::Status CheckFullHour(const char* field, int64_t seconds) {
  if (seconds >= 0 && seconds % kSecondsPerHour == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{}: {} is no full hour since 1970; expected one, which is how usage is kept",
                  field, seconds));
}

// The asked time, filled into the response; what has not passed is not part of it.
absl::Status FillLendingTime(const v1::GetLendingRequest& request, int64_t now,
                             v1::GetLendingResponse* response) {
  absl::Status status = CheckFullHour("from_unix_seconds", request.from_unix_seconds());
  if (status.ok()) status = CheckFullHour("to_unix_seconds", request.to_unix_seconds());
  if (!status.ok()) return status;
  const int64_t present = now - now % kSecondsPerHour;
  const int64_t asked_to = request.to_unix_seconds();
  const int64_t to = asked_to == 0 ? present : std::min(asked_to, present);
  const int64_t from = request.from_unix_seconds() == 0
                           ? std::max<int64_t>(0, to - kUsualLendingSeconds)
                           : request.from_unix_seconds();
  response->set_from_unix_seconds(from);
  response->set_to_unix_seconds(to);
  if (from < to) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the asked time is empty, or no full hour of it has passed; expected from before to");
}

std::string NanosText(absl::int128 nanos) {
  std::ostringstream out;
  out << nanos;
  return out.str();
}

void FillLent(const LentRow& row, v1::LentCapacity& to) {
  to.set_start_unix_seconds(row.start_unix_seconds);
  to.set_borrower(row.borrower);
  to.set_lender(row.lender);
  to.set_h100e_nanos(NanosText(row.h100e_nanos));
  to.set_h100e_hours(static_cast<double>(row.h100e_nanos) / static_cast<double>(kNanosPerHour));
  if (row.micro_usd) to.set_micro_usd(*row.micro_usd);
  to.set_lender_is_untold(row.is_untold);
}

// Of the demand, what nothing has room for. Nothing: that is not known.
std::optional<double> Starving(const PoolView& pool) {
  if (!pool.demand || !pool.demand->servable_h100e || !pool.demand->servable_by_borrowing_h100e) {
    return std::nullopt;
  }
  return pool.demand->h100e - *pool.demand->servable_h100e -
         *pool.demand->servable_by_borrowing_h100e;
}

// Pools with an amount, the largest first.
using Amounts = std::vector<std::pair<double, std::string>>;

void SortLargestFirst(Amounts* amounts) {
  std::sort(amounts->begin(), amounts->end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
}

}  // namespace

absl::Status AnswerLending(Database& ledger, const CapacityMoment& moment,
                           const v1::GetLendingRequest& request, v1::GetLendingResponse* response) {
  const auto step = StepOf(request.step());
  if (!step.ok()) return step.status();
  absl::Status timed = FillLendingTime(request, moment.now_unix_seconds(), response);
  if (!timed.ok()) return timed;
  const auto review =
      ReviewLending(ledger, response->from_unix_seconds(), response->to_unix_seconds(), *step);
  if (!review.ok()) return review.status();
  if (review->rows.size() > kMostLentRows) {
    return absl::InvalidArgumentError(
        fmt::format("there are {} rows, more than {}; expected a shorter time, or a longer step",
                    review->rows.size(), kMostLentRows));
  }
  FillBasis(moment, response->mutable_basis());
  for (const LentRow& row : review->rows) FillLent(row, *response->add_lent());
  response->set_told_seconds(review->told_seconds);
  response->set_untold_seconds(review->untold_seconds);
  FillUntold(review->untold, kMostUntoldOfLending, response->mutable_untold());
  for (const auto& [pool, h100e_nanos] : review->unheard) {
    v1::UntoldPool& untold = *response->add_untold_pools();
    untold.set_pool(pool);
    untold.set_h100e_hours(static_cast<double>(h100e_nanos) / static_cast<double>(kNanosPerHour));
  }
  return absl::OkStatus();
}

void FillStarved(const Snapshot& snapshot, v1::GetLendingResponse* response) {
  Amounts starved;
  Amounts borrowers;
  for (const PoolView& pool : snapshot.pools) {
    if (const auto waiting = Starving(pool); waiting && *waiting > kLeastH100e) {
      starved.emplace_back(*waiting, pool.pool->name);
    }
    if (pool.borrowed_h100e > kLeastH100e) {
      borrowers.emplace_back(pool.borrowed_h100e, pool.pool->name);
    }
  }
  SortLargestFirst(&starved);
  SortLargestFirst(&borrowers);
  for (const auto& [waiting, pool] : starved) {
    for (const auto& [borrowed, borrower] : borrowers) {
      if (borrower == pool) continue;
      if (response->starved_size() == kMostStarved) return;
      v1::StarvedPool& pair = *response->add_starved();
      pair.set_pool(pool);
      pair.set_waiting_h100e(waiting);
      pair.set_borrower(borrower);
      pair.set_borrowed_h100e(borrowed);
    }
  }
}

}  // namespace fleetmeter
