#include "daemon/accounting/reprice.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <utility>

#include "daemon/accounting/outcome_state.h"
#include "daemon/base/digest.h"

namespace fleetmeter {
namespace {

// Of what is priced together: day, source, model, customer tier, pool and workload.
using PricedKey =
    std::tuple<int64_t, std::string, std::string, std::string, std::string, std::string>;

struct PricedTogether {
  InferenceAmounts amounts;  // of what no report brought a revenue for
  bool any = false;
  // Of requests that are unpriced, among what reports brought a revenue for; below 0: a correction
  // brought a revenue for what was unpriced.
  int64_t unpriced_elsewhere = 0;
  bool lacks_tokens = false;    // some of these were reported without their tokens
  uint32_t newest_version = 0;  // that priced any of it
  bool all_of_newest = true;    // and all of it
  int64_t repriced_by = 0;      // the latest entry that did
  uint32_t repriced_version = 0;
};

// Books of earlier versions do not tell what nobody could price from what a report brought.
bool AllUnpriced(const BookedInference& row) {
  const InferenceAmounts& a = row.amounts;
  return row.unpriced || (row.price_book_version == 0 && a.revenue_micro_usd == 0 &&
                          a.unpriced_requests != 0 && a.unpriced_requests == a.requests);
}

void AddRow(const InferenceDay& day, PricedTogether* together) {
  const BookedInference& row = day.row;
  const bool unpriced = AllUnpriced(row);
  if (row.price_book_version == 0 && (!unpriced || row.lacks_tokens)) {
    together->lacks_tokens = together->lacks_tokens || row.lacks_tokens;
    together->unpriced_elsewhere += row.amounts.unpriced_requests;
    return;
  }
  together->any = true;
  together->amounts = Sum(together->amounts, row.amounts);
  if (day.reprice_number > 0) {
    if (day.reprice_number >= together->repriced_by) {
      together->repriced_by = day.reprice_number;
      together->repriced_version = row.price_book_version;
    }
    return;
  }
  if (unpriced ||
      (together->newest_version != 0 && row.price_book_version != together->newest_version)) {
    together->all_of_newest = false;
  }
  together->newest_version = std::max(together->newest_version, row.price_book_version);
}

// Of the windows of one source, which do not overlap, so many reach into a day from another one.
// Such a window may have tokens on a day and all of its requests on others.
constexpr int64_t kWindowsAcrossMidnight = 2;

// Rows are rounded one by one, a day once: so much of a difference is no change of the price. Every
// other row of a day has a request there.
bool IsRounding(const PricedTogether& t, int64_t difference, uint32_t version) {
  const bool same_version = t.repriced_by > 0 ? t.repriced_version == version
                                              : t.all_of_newest && t.newest_version == version;
  return same_version && t.amounts.unpriced_requests == 0 &&
         std::abs(difference) <= std::abs(t.amounts.requests) + kWindowsAcrossMidnight;
}

class Repricer {
 public:
  explicit Repricer(const outcomes::PriceBook& prices) : prices_(prices) {}

  absl::Status Add(const PricedKey& key, const PricedTogether& together) {
    const auto& [day, source, model, tier, pool, workload] = key;
    const int64_t version = std::max(together.newest_version, together.repriced_version);
    result_.old_price_book_version = std::max(result_.old_price_book_version, version);
    // A correction has said what these requests earned.
    if (together.unpriced_elsewhere < 0 &&
        together.amounts.unpriced_requests + together.unpriced_elsewhere == 0) {
      return absl::OkStatus();
    }
    if (together.unpriced_elsewhere != 0) {
      Leave(model, tier,
            together.lacks_tokens
                ? "some requests were reported without token counts, so that no price by the token "
                  "says what they earned"
                : "some requests have no price, among others whose report brought a revenue",
            together.lacks_tokens ? together.unpriced_elsewhere : together.amounts.requests);
      if (together.unpriced_elsewhere < 0) return absl::OkStatus();
    }
    if (!together.any) return absl::OkStatus();
    if (model == kOverflowName || tier == kOverflowName) {
      Leave(model, tier, "there were too many names to tell whose price it is",
            together.amounts.requests);
      return absl::OkStatus();
    }
    const InferenceAmounts& a = together.amounts;
    const auto revenue = prices_.RevenueMicroUsd(model, tier, day,
                                                 {.input = a.input_tokens - a.cached_input_tokens,
                                                  .cached_input = a.cached_input_tokens,
                                                  .output = a.output_tokens});
    if (!revenue.ok()) return revenue.status();
    if (!*revenue) {
      Leave(model, tier, "the price book in force has no price for it on some of the days",
            a.requests);
      return absl::OkStatus();
    }
    const int64_t difference = **revenue - a.revenue_micro_usd;
    if ((difference == 0 && a.unpriced_requests == 0) ||
        IsRounding(together, difference, prices_.version())) {
      return absl::OkStatus();
    }
    return Book(key, -a.unpriced_requests, difference);
  }

  RepriceResult Take() {
    for (auto& [segment, left] : left_) result_.not_repriced.push_back(std::move(left));
    result_.digest = result_.days.empty() ? 0 : Digest64(text_);
    return std::move(result_);
  }

 private:
  static constexpr char kOverflowName[] = "overflow";

  void Leave(const std::string& model, const std::string& tier, const std::string& why,
             int64_t requests) {
    NotRepriced& left = left_[{model, tier, why}];
    left.model = model;
    left.customer_tier = tier;
    left.why = why;
    left.requests += requests;
  }

  absl::Status Book(const PricedKey& key, int64_t unpriced_requests, int64_t revenue) {
    const auto& [day, source, model, tier, pool, workload] = key;
    if (__builtin_add_overflow(result_.revenue_micro_usd, revenue, &result_.revenue_micro_usd)) {
      return absl::OutOfRangeError(
          "the differences of these days are more than 64 bits hold; expected fewer days");
    }
    result_.priced_requests -= unpriced_requests;
    RepricedDay& repriced = result_.days.emplace_back();
    repriced.day_start = day;
    repriced.source = source;
    repriced.row.model = model;
    repriced.row.customer_tier = tier;
    repriced.row.pool = pool;
    repriced.row.workload = workload;
    repriced.row.amounts.unpriced_requests = unpriced_requests;
    repriced.row.amounts.revenue_micro_usd = revenue;
    repriced.row.price_book_version = prices_.version();
    text_ += fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n", day, source, model, tier, pool,
                         workload, unpriced_requests, revenue, prices_.version());
    return absl::OkStatus();
  }

  const outcomes::PriceBook& prices_;
  RepriceResult result_;
  std::string text_;  // of the differences
  std::map<std::tuple<std::string, std::string, std::string>, NotRepriced> left_;
};

}  // namespace

absl::StatusOr<RepriceResult> Reprice(const std::vector<InferenceDay>& booked,
                                      const outcomes::PriceBook& prices) {
  std::map<PricedKey, PricedTogether> together;
  for (const InferenceDay& day : booked) {
    const BookedInference& row = day.row;
    AddRow(day, &together[{day.day_start, day.source, row.model, row.customer_tier, row.pool,
                           row.workload}]);
  }
  Repricer repricer(prices);
  for (const auto& [key, priced] : together) {
    if (absl::Status status = repricer.Add(key, priced); !status.ok()) return status;
  }
  return repricer.Take();
}

}  // namespace fleetmeter
