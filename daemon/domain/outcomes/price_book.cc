#include "daemon/domain/outcomes/price_book.h"

#include <limits>

#include "absl/numeric/int128.h"
#include "fmt/format.h"

namespace fleetmeter::outcomes {
namespace {

constexpr int64_t kMillion = 1'000'000;

}  // namespace

void PriceBook::Add(const std::string& model, const std::string& customer_tier,
                    const TokenPrice& price) {
  prices_[{model, customer_tier}].push_back(price);
}

const TokenPrice* PriceBook::PriceAt(const Segment& segment, int64_t unix_seconds) const {
  const auto found = prices_.find(segment);
  if (found == prices_.end()) return nullptr;
  const TokenPrice* in_force = nullptr;
  for (const TokenPrice& price : found->second) {
    if (price.effective_from_unix_seconds <= unix_seconds) in_force = &price;
  }
  return in_force;
}

absl::StatusOr<std::optional<int64_t>> PriceBook::RevenueMicroUsd(const std::string& model,
                                                                  const std::string& customer_tier,
                                                                  int64_t unix_seconds,
                                                                  const Tokens& tokens) const {
  const TokenPrice* price = PriceAt({model, customer_tier}, unix_seconds);
  if (price == nullptr) {
    if (subscriptions_.InForce(customer_tier, unix_seconds)) return 0;
    price = PriceAt({model, ""}, unix_seconds);
  }
  if (price == nullptr) return std::nullopt;
  // Tokens are below 2^63, prices at most 10^12 and discounts 10^6 (config/load_outcomes.cc), so
  // that the product stays below 2^127.
  const absl::int128 list = absl::int128(tokens.input) * price->input +
                            absl::int128(tokens.cached_input) * price->cached_input +
                            absl::int128(tokens.output) * price->output;
  const absl::int128 parts = absl::int128(kMillion) * kMillion;  // tokens and discount
  const absl::int128 micro_usd = (list * (kMillion - price->discount_ppm) + parts / 2) / parts;
  if (micro_usd > std::numeric_limits<int64_t>::max()) {
    return absl::OutOfRangeError(
        fmt::format("the revenue of model {} is more than 64 bits hold; expected less", model));
  }
  return static_cast<int64_t>(micro_usd);
}

}  // namespace fleetmeter::outcomes
