#include "daemon/accounting/price_inference.h"

#include <fmt/format.h>

#include "daemon/base/clock.h"

namespace fleetmeter {

std::optional<Rejection> PriceInference(const InferenceRow& row, const OutcomeReport& report,
                                        const outcomes::Rules& rules, int64_t price_rest,
                                        const std::string& field, BookedInference* booked) {
  InferenceAmounts& amounts = booked->amounts;
  amounts.requests = row.requests;
  amounts.input_tokens = row.input_tokens;
  amounts.cached_input_tokens = row.cached_input_tokens;
  amounts.output_tokens = row.output_tokens;
  amounts.revenue_micro_usd = row.revenue_micro_usd.value_or(0);
  const uint32_t version = rules.prices.version();
  if (row.price_book_version && *row.price_book_version != version) {
    return Rejection{
        RejectReason::kBadAmount, field + ".price_book_version",
        fmt::format("the correction was worked out with price book {}, and {} is in force by now; "
                    "expected a correction that is worked out anew",
                    *row.price_book_version, version)};
  }
  if (report.correction && !row.price_book_version) {
    amounts.unpriced_requests = row.unpriced_requests;
    booked->unpriced = row.unpriced_requests != 0 && row.unpriced_requests == row.requests &&
                       !row.revenue_micro_usd.value_or(0);
    return std::nullopt;
  }
  if (row.revenue_micro_usd) return std::nullopt;
  const auto parts = rules.prices.RevenueParts(
      row.model, row.customer_tier,
      rules.day_zone.Local(report.window_start_unix_nanos / kNanosPerSecond),
      {.input = row.input_tokens - row.cached_input_tokens,
       .cached_input = row.cached_input_tokens,
       .output = row.output_tokens});
  if (!parts && row.price_book_version) {
    return Rejection{RejectReason::kBadAmount, field + ".price_book_version",
                     fmt::format("price book {} has no price of model '{}' and customer tier '{}' "
                                 "for the window; expected one, or revenue_micro_usd",
                                 version, row.model, row.customer_tier)};
  }
  if (!parts) {
    amounts.unpriced_requests = row.requests;
    booked->unpriced = true;
    return std::nullopt;
  }
  const auto revenue = outcomes::ToMicroUsd(*parts + price_rest);
  if (!revenue.ok()) {
    return Rejection{RejectReason::kBadAmount, field, std::string(revenue.status().message())};
  }
  amounts.revenue_micro_usd = *revenue;
  booked->price_rest = static_cast<int64_t>(*parts + price_rest -
                                            absl::int128(*revenue) * outcomes::kPartsPerMicroUsd);
  booked->price_book_version = version;
  return std::nullopt;
}

}  // namespace fleetmeter
