// What tokens cost a customer, from a date on. Plain values; pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/outcomes/margin.h"

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

class PriceBook {
 public:
  PriceBook() = default;
  explicit PriceBook(uint32_t version) : version_(version) {}

  uint32_t version() const { return version_; }

  // `customer_tier` "": all tiers of the model that have no price of their own. Prices of a segment
  // come in ascending order of their dates.
  void Add(const std::string& model, const std::string& customer_tier, const TokenPrice& price);

  // Revenue in micro-USD at the price in force, rounded once to the nearest, halves up. Nothing if
  // the model has no price at that time. OutOfRange if it leaves 64 bits.
  absl::StatusOr<std::optional<int64_t>> RevenueMicroUsd(const std::string& model,
                                                         const std::string& customer_tier,
                                                         int64_t unix_seconds,
                                                         const Tokens& tokens) const;

 private:
  const TokenPrice* PriceAt(const Segment& segment, int64_t unix_seconds) const;

  uint32_t version_ = 0;
  std::map<Segment, std::vector<TokenPrice>> prices_;
};

}  // namespace fleetmeter::outcomes
