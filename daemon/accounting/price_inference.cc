#include "daemon/accounting/price_inference.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/accounting/outcome_state.h"

namespace fleetmeter {
namespace {

using MaybeRejection = std::optional<Rejection>;

InferenceAmounts CountsOf(const InferenceRow& row) {
  return {.requests = row.requests,
          .unpriced_requests = 0,
          .input_tokens = row.input_tokens,
          .cached_input_tokens = row.cached_input_tokens,
          .output_tokens = row.output_tokens,
          .revenue_micro_usd = row.revenue_micro_usd.value_or(0)};
}

outcomes::Tokens TokensOf(const InferenceAmounts& a) {
  return {.input = a.input_tokens - a.cached_input_tokens,
          .cached_input = a.cached_input_tokens,
          .output = a.output_tokens};
}

// Tokens that nobody counted are not 0 tokens, unless nothing was served.
bool LacksTokens(const InferenceRow& row) {
  return row.requests != 0 && !(row.input_tokens_known && row.output_tokens_known);
}

// One row, priced day after day: what rounding leaves of one day goes to the next one.
class RowPricer {
 public:
  RowPricer(const InferenceRow& row, const OutcomeReport& report, const outcomes::PriceBook& prices,
            int64_t price_rest)
      : row_(row), report_(report), prices_(prices), rest_(price_rest) {}

  absl::Status Price(const std::vector<HourSlice>& slices) {
    for (const HourSlice& slice : slices) {
      PricedDay& day = days_.emplace_back();
      day.day_start = slice.hour_start;
      day.amounts = PartIn(slice, CountsOf(row_), report_.window_length_nanos);
      if (absl::Status priced = PriceDay(&day); !priced.ok()) return priced;
      int64_t revenue = 0;
      if (__builtin_add_overflow(sum_.revenue_micro_usd, day.amounts.revenue_micro_usd, &revenue)) {
        return absl::OutOfRangeError("the revenue is more than 64 bits hold; expected less");
      }
      sum_ = Sum(sum_, day.amounts);
    }
    return absl::OkStatus();
  }

  // Whether the price book has a price of any of the days.
  bool has_price() const { return has_price_; }

  void Fill(BookedInference* booked) {
    booked->amounts = sum_;
    booked->price_rest = static_cast<int64_t>(rest_);
    booked->price_book_version = prices_.version();
    if (days_.size() > 1) booked->days = std::move(days_);
  }

 private:
  // The day has a price, and it is a price of tokens that nobody counted.
  bool LacksPricedTokens(int64_t day_start) const {
    if (!LacksTokens(row_)) return false;
    const outcomes::Tokens missing = {.input = row_.input_tokens_known ? 0 : 1,
                                      .output = row_.output_tokens_known ? 0 : 1};
    return prices_.RevenueParts(row_.model, row_.customer_tier, day_start, missing).value_or(0) !=
           0;
  }

  absl::Status PriceDay(PricedDay* day) {
    const auto parts = prices_.RevenueParts(row_.model, row_.customer_tier, day->day_start,
                                            TokensOf(day->amounts));
    if (!parts || LacksPricedTokens(day->day_start)) {
      day->unpriced = true;
      day->amounts.unpriced_requests = day->amounts.requests;
      return absl::OkStatus();
    }
    const auto revenue = outcomes::ToMicroUsd(*parts + rest_);
    if (!revenue.ok()) return revenue.status();
    has_price_ = true;
    rest_ += *parts - absl::int128(*revenue) * outcomes::kPartsPerMicroUsd;
    day->amounts.revenue_micro_usd = *revenue;
    return absl::OkStatus();
  }

  const InferenceRow& row_;
  const OutcomeReport& report_;
  const outcomes::PriceBook& prices_;
  absl::int128 rest_;  // in kPartsPerMicroUsd
  InferenceAmounts sum_;
  std::vector<PricedDay> days_;
  bool has_price_ = false;
};

// A correction that was worked out with another price book would book the wrong difference.
MaybeRejection CheckVersion(const InferenceRow& row, uint32_t version, const std::string& field) {
  if (!row.price_book_version || *row.price_book_version == version) return std::nullopt;
  return Rejection{
      RejectReason::kBadAmount, field + ".price_book_version",
      fmt::format("the correction was worked out with price book {}, and {} is in force by now; "
                  "expected a correction that is worked out anew",
                  *row.price_book_version, version)};
}

MaybeRejection FillUnpriced(const InferenceRow& row, uint32_t version, const std::string& field,
                            BookedInference* booked) {
  if (row.price_book_version) {
    return Rejection{RejectReason::kBadAmount, field + ".price_book_version",
                     fmt::format("price book {} has no price of model '{}' and customer tier '{}' "
                                 "for the window; expected one, or revenue_micro_usd",
                                 version, row.model, row.customer_tier)};
  }
  booked->amounts.unpriced_requests = row.requests;
  booked->unpriced = true;
  return std::nullopt;
}

}  // namespace

MaybeRejection PriceInference(const InferenceRow& row, const OutcomeReport& report,
                              const std::vector<HourSlice>& days, const outcomes::Rules& rules,
                              int64_t price_rest, const std::string& field,
                              BookedInference* booked) {
  booked->amounts = CountsOf(row);
  const uint32_t version = rules.prices.version();
  if (auto bad = CheckVersion(row, version, field)) return bad;
  if (report.correction && !row.price_book_version) {
    booked->amounts.unpriced_requests = row.unpriced_requests;
    booked->unpriced = row.unpriced_requests != 0 && row.unpriced_requests == row.requests &&
                       !row.revenue_micro_usd.value_or(0);
    return std::nullopt;
  }
  if (row.revenue_micro_usd) return std::nullopt;
  booked->lacks_tokens = LacksTokens(row);
  RowPricer pricer(row, report, rules.prices, price_rest);
  if (absl::Status priced = pricer.Price(days); !priced.ok()) {
    return Rejection{RejectReason::kBadAmount, field, std::string(priced.message())};
  }
  if (!pricer.has_price()) return FillUnpriced(row, version, field, booked);
  pricer.Fill(booked);
  return std::nullopt;
}

}  // namespace fleetmeter
