#include "daemon/ctl/print/number_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "daemon/base/units.h"

namespace fleetmeter::ctl {
namespace {

constexpr size_t kMicroDigits = 6;
constexpr size_t kNanoDigits = 9;

// Moves the point of an integer `digits` to the left.
std::string Shifted(std::string_view integer, size_t digits) {
  const bool negative = integer.front() == '-';
  if (negative) integer.remove_prefix(1);
  integer.remove_prefix(std::min(integer.find_first_not_of('0'), integer.size()));
  std::string text(integer);
  if (text.size() <= digits) text.insert(0, digits + 1 - text.size(), '0');
  text.insert(text.size() - digits, 1, '.');
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return negative && text != "0" ? "-" + text : text;
}

// Without a "-0.0".
std::string Decimal(double value, int digits) {
  std::string text = fmt::format("{:.{}f}", value, digits);
  return text.find_first_not_of("-0.") == std::string::npos && text.front() == '-' ? text.substr(1)
                                                                                   : text;
}

std::string OneDecimal(double value) { return Decimal(value, 1); }

std::string Dollars(std::optional<double> usd, int digits) {
  if (!usd || !std::isfinite(*usd)) return kUnknown;
  const std::string text = Grouped(Decimal(*usd, digits));
  return text.front() == '-' ? "-$" + text.substr(1) : "$" + text;
}

}  // namespace

std::string Amount(std::optional<double> value) {
  return value && std::isfinite(*value) ? Grouped(OneDecimal(*value)) : kUnknown;
}

std::string Percent(std::optional<double> ratio) {
  return ratio && std::isfinite(*ratio) ? OneDecimal(*ratio * 100) + "%" : kUnknown;
}

std::string Whole(std::optional<double> value) {
  return value && std::isfinite(*value) ? Grouped(Decimal(*value, 0)) : kUnknown;
}

std::string WholeUsd(std::optional<double> usd) { return Dollars(usd, 0); }
std::string Usd(std::optional<double> usd) { return Dollars(usd, 2); }

std::string WholePercent(std::optional<double> ratio) {
  if (!ratio || !std::isfinite(*ratio)) return kUnknown;
  // A half in decimals may be a little less than one in binary: 0.145 x 100.
  constexpr double kHalf = 0.5 + 1e-9;
  return Decimal(std::floor(*ratio * 100 + kHalf), 0) + "%";
}

std::string PlainNumber(double value) {
  if (!std::isfinite(value)) return "";
  return value == 0 ? "0" : fmt::format("{}", value);
}

std::string ChipsOfMicro(int64_t micro_chips) {
  return Shifted(fmt::format("{}", micro_chips), kMicroDigits);
}

std::string ChipHoursOfNanos(absl::int128 chip_nanos) {
  constexpr size_t kDecimals = 11;  // an hour is 36 x 10^11 ns
  absl::int128 units = chip_nanos / 36;
  const bool negative = units < 0;
  if (negative) units = -units;
  std::string digits;
  for (; units > 0 || digits.size() <= kDecimals; units /= 10) {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(units % 10)));
  }
  digits.insert(digits.size() - kDecimals, ".");
  digits.erase(digits.find_last_not_of('0') + 1);
  if (digits.back() == '.') digits.pop_back();
  return (negative ? "-" : "") + digits;
}

std::optional<std::string> SecondsOfNanos(std::string_view nanos) {
  const std::string_view digits = nanos.substr(nanos.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  return Shifted(nanos, kNanoDigits);
}

std::string CountOf(int64_t count, std::string_view one) {
  return fmt::format("{} {}{}", Grouped(std::to_string(count)), one, count == 1 ? "" : "s");
}

std::string UtcTime(int64_t unix_nanos) {
  int64_t seconds = unix_nanos / kNanosPerSecond;
  if (unix_nanos % kNanosPerSecond < 0) --seconds;
  const time_t time = seconds;
  std::tm parts{};
  gmtime_r(&time, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace fleetmeter::ctl
