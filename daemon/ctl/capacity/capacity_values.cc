#include "daemon/ctl/capacity/capacity_values.h"

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "daemon/base/decimal.h"
#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

constexpr int64_t kMicroUsdInUsd = 1'000'000;
constexpr double kPointsOfOne = 10'000;
constexpr double kPointRounding = 1e-6;  // of a basis point: shares are decimal, doubles are not

// The exponent that a suffix stands for.
constexpr std::array<std::pair<char, const char*>, 4> kUsdSuffixes = {
    {{'K', "e3"}, {'M', "e6"}, {'B', "e9"}, {'T', "e12"}}};

}  // namespace

std::optional<int64_t> ParseUsd(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.starts_with('$')) text.remove_prefix(1);
  if (text.empty() || text.front() == '-' || text.front() == '+') return std::nullopt;
  std::string decimal(text);
  for (const auto& [suffix, exponent] : kUsdSuffixes) {
    if (!text.ends_with(suffix)) continue;
    if (text.find_first_of("eE") != std::string_view::npos) return std::nullopt;
    decimal = std::string(text.substr(0, text.size() - 1)) + exponent;
  }
  const auto micro_usd = WholeDecimal(decimal, kMicroUsdInUsd);
  return micro_usd && negative ? std::optional(-*micro_usd) : micro_usd;
}

std::optional<int64_t> ParseHours(std::string_view text) {
  const auto nanos = ParseDuration(text);
  if (!nanos || *nanos < kHour || *nanos % kHour != 0) return std::nullopt;
  return *nanos / kHour;
}

std::optional<int64_t> ParseHour(std::string_view text) {
  const auto time = ParseTimestamp(text);
  if (!time.ok() || time->unix_nanos % kHour != 0) return std::nullopt;
  return time->unix_nanos / kNanosPerSecond;
}

std::optional<int64_t> ParseDay(std::string_view text) {
  const auto hour = ParseHour(text);
  return hour && *hour % kSecondsPerDay == 0 ? hour : std::nullopt;
}

std::optional<uint32_t> ParseConfidence(std::string_view text) {
  const auto share = ParseShare(text);
  const bool is_right = share && *share > 0 && *share <= 1;  // false for NaN, too
  if (!is_right) return std::nullopt;
  const double points = std::round(*share * kPointsOfOne);
  if (points < 1 || std::abs(*share * kPointsOfOne - points) > kPointRounding) return std::nullopt;
  return static_cast<uint32_t>(points);
}

std::optional<int64_t> ParseCount(std::string_view text) {
  const auto count = ParseInteger(text);
  return count && *count >= 0 ? count : std::nullopt;
}

bool IsUtf8(std::string_view text) { return !FindInvalidUtf8(text).has_value(); }

}  // namespace fleetmeter::ctl
