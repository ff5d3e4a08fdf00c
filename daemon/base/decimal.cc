#include "daemon/base/decimal.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string>

namespace fleetmeter {
namespace {

constexpr std::string_view kDigits = "0123456789";
// 24 digits of a fraction x 10^13 stay within 128 bits.
constexpr size_t kFractionDigits = 24;
constexpr __int128 kFraction = static_cast<__int128>(1'000'000'000'000) * 1'000'000'000'000;
constexpr __int128 kFractionPerPart = kFraction / kPartsPerUnit;
// More digits than this before the point are beyond 64 bits.
constexpr int64_t kMostWholeDigits = 19;
constexpr int64_t kMostExponent = 10'000;

// 0.DIGITS x 10^`point`, without leading zeros in `digits`.
struct Scientific {
  bool negative = false;
  std::string digits;
  int64_t point = 0;
};

// "e-7" or nothing.
std::optional<int64_t> ReadExponent(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() != 'e' && text.front() != 'E') return std::nullopt;
  text.remove_prefix(1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  int64_t exponent = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return std::clamp(exponent, -kMostExponent, kMostExponent);
}

std::optional<Scientific> Read(std::string_view text) {
  Scientific out;
  out.negative = text.starts_with('-');
  if (out.negative || text.starts_with('+')) text.remove_prefix(1);
  const auto take_digits = [&text] {
    const std::string_view digits = text.substr(0, text.find_first_not_of(kDigits));
    text.remove_prefix(digits.size());
    return digits;
  };
  const std::string_view whole = take_digits();
  std::string_view part;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    part = take_digits();
  }
  const auto exponent = ReadExponent(text);
  if ((whole.empty() && part.empty()) || !exponent) return std::nullopt;
  out.digits = std::string(whole).append(part);
  const size_t zeros = std::min(out.digits.find_first_not_of('0'), out.digits.size());
  out.digits.erase(0, zeros);
  out.point = static_cast<int64_t>(whole.size()) - static_cast<int64_t>(zeros) + *exponent;
  return out;
}

// The digit at 10^-(`place` + 1) of 0.DIGITS.
int DigitAt(const std::string& digits, int64_t place) {
  const bool there = place >= 0 && place < static_cast<int64_t>(digits.size());
  return there ? digits[static_cast<size_t>(place)] - '0' : 0;
}

// Without its sign: `number` x `factor`, in whole ones and fractions of kFraction.
struct Scaled {
  __int128 whole = 0;
  __int128 fraction = 0;
  bool more = false;  // digits beyond, which are less than one of the fraction
};

Scaled Scale(const Scientific& number, int64_t factor) {
  Scaled out;
  for (int64_t place = 0; place < number.point; ++place) {
    out.whole = out.whole * 10 + DigitAt(number.digits, place);
  }
  const auto first = number.point;
  for (size_t i = 0; i < kFractionDigits; ++i) {
    out.fraction = out.fraction * 10 + DigitAt(number.digits, first + static_cast<int64_t>(i));
  }
  const int64_t beyond = first + static_cast<int64_t>(kFractionDigits);
  for (auto place = std::max<int64_t>(beyond, 0);
       place < static_cast<int64_t>(number.digits.size()); ++place) {
    out.more |= DigitAt(number.digits, place) != 0;
  }
  out.whole *= factor;
  out.fraction *= factor;
  out.whole += out.fraction / kFraction;
  out.fraction %= kFraction;
  return out;
}

}  // namespace

std::optional<Rounded> RoundDecimal(std::string_view decimal, int64_t factor) {
  const auto number = Read(decimal);
  if (!number) return std::nullopt;
  if (number->digits.empty()) return Rounded{};
  if (number->point > kMostWholeDigits) return std::nullopt;
  Scaled scaled = Scale(*number, factor);
  Rounded out;
  out.exact = scaled.fraction == 0 && !scaled.more;
  const __int128 half = kFraction / 2;
  const bool tie = scaled.fraction == half && !scaled.more;
  if (tie ? scaled.whole % 2 != 0 : scaled.fraction >= half) {
    ++scaled.whole;
    scaled.fraction -= kFraction;
  }
  if (scaled.whole > std::numeric_limits<int64_t>::max()) return std::nullopt;
  out.whole = static_cast<int64_t>(scaled.whole);
  out.rest = static_cast<int64_t>(scaled.fraction / kFractionPerPart);
  if (number->negative) {
    out.whole = -out.whole;
    out.rest = -out.rest;
  }
  return out;
}

std::optional<int64_t> WholeDecimal(std::string_view decimal, int64_t factor) {
  const auto rounded = RoundDecimal(decimal, factor);
  if (!rounded || !rounded->exact) return std::nullopt;
  return rounded->whole;
}

}  // namespace fleetmeter
