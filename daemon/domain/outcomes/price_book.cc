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

std::optional<absl::int128> PriceBook::RevenueParts(const std::string& model,
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
  return list * (kMillion - price->discount_ppm);
}

absl::StatusOr<std::optional<int64_t>> PriceBook::RevenueMicroUsd(const std::string& model,
                                                                  const std::string& customer_tier,
                                                                  int64_t unix_seconds,
                                                                  const Tokens& tokens) const {
  const auto parts = RevenueParts(model, customer_tier, unix_seconds, tokens);
  if (!parts) return std::nullopt;
  const auto micro_usd = ToMicroUsd(*parts);
  if (!micro_usd.ok()) return micro_usd.status();
  return *micro_usd;
}

absl::StatusOr<int64_t> ToMicroUsd(absl::int128 parts) {
  constexpr int64_t kHalf = kPartsPerMicroUsd / 2;
  absl::int128 micro_usd = (parts + kHalf) / kPartsPerMicroUsd;
  if (micro_usd * kPartsPerMicroUsd > parts + kHalf) micro_usd -= 1;  // division goes towards 0
  if (micro_usd > std::numeric_limits<int64_t>::max() ||
      micro_usd < std::numeric_limits<int64_t>::min()) {
    return absl::OutOfRangeError("the revenue is more than 64 bits hold; expected less");
  }
  return static_cast<int64_t>(micro_usd);
}

}  // namespace fleetmeter::outcomes
