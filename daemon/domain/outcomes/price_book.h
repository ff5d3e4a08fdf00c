// What customers pay, from a date on: by the token, or by the month. Plain values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "daemon/domain/outcomes/margin.h"
#include "daemon/domain/outcomes/subscriptions.h"

namespace fleetmeter::outcomes {

// Micro-USD per million tokens: $3 per million is 3,000,000.
struct TokenPrice {
  int64_t effective_from_unix_seconds = 0;
  int64_t input = 0;
  int64_t cached_input = 0;  // of input tokens that were read from a cache
  int64_t output = 0;
  int64_t discount_ppm = 0;  // off all of it, parts per million
};

struct Tokens {
  int64_t input = 0;  // not cached
  int64_t cached_input = 0;
  int64_t output = 0;
};

// What micro-USD are counted in before they are rounded: prices are by the million tokens, and
// discounts are in parts per million.
inline constexpr int64_t kPartsPerMicroUsd = 1'000'000'000'000;

// Parts as whole micro-USD, the nearest, halves up. OutOfRange if they leave 64 bits.
absl::StatusOr<int64_t> ToMicroUsd(absl::int128 parts);

class PriceBook {
 public:
  PriceBook() = default;
  explicit PriceBook(uint32_t version) : version_(version) {}

  uint32_t version() const { return version_; }

  // `customer_tier` "": all tiers of the model that have no price of their own. Prices of a segment
  // come in ascending order of their dates.
  void Add(const std::string& model, const std::string& customer_tier, const TokenPrice& price);

  // Those of a customer tier come in ascending order of their dates.
  void AddSubscription(const std::string& customer_tier, const Subscription& subscription) {
    subscriptions_.Add(customer_tier, subscription);
  }
  const Subscriptions& subscriptions() const { return subscriptions_; }

  const std::map<Segment, std::vector<TokenPrice>>& prices() const { return prices_; }

  // Revenue in kPartsPerMicroUsd, exactly, by the first of these that is in force at the time: the
  // segment's own price; the customer tier's subscription, whose requests earn 0 by the token,
  // since the month's amount is revenue of its own; the model's price for all tiers. Nothing if
  // none is.
  std::optional<absl::int128> RevenueParts(const std::string& model,
                                           const std::string& customer_tier, int64_t unix_seconds,
                                           const Tokens& tokens) const;

  // The same in micro-USD, rounded once. OutOfRange if it leaves 64 bits.
  absl::StatusOr<std::optional<int64_t>> RevenueMicroUsd(const std::string& model,
                                                         const std::string& customer_tier,
                                                         int64_t unix_seconds,
                                                         const Tokens& tokens) const;

 private:
  const TokenPrice* PriceAt(const Segment& segment, int64_t unix_seconds) const;

  uint32_t version_ = 0;
  std::map<Segment, std::vector<TokenPrice>> prices_;
  Subscriptions subscriptions_;
};

}  // namespace fleetmeter::outcomes
