#include "daemon/base/units.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/time/time.h"
#include "daemon/base/decimal.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Ascending, for formatting.
constexpr std::array kDurationUnits = {
    Unit{"ns", 1},      Unit{"us", 1'000}, Unit{"ms", kMillisecond}, Unit{"s", kSecond},
    Unit{"m", kMinute}, Unit{"h", kHour},  Unit{"d", kDay}};
constexpr std::array kSizeUnits = {Unit{"B", 1}, Unit{"KiB", kKiB}, Unit{"MiB", kMiB},
                                   Unit{"GiB", kGiB}};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// decimal x factor, if that is a whole number. Exact: durations are integers.
std::optional<int64_t> ScaleDecimal(std::string_view decimal, int64_t factor) {
  const size_t point = decimal.find('.');
  const std::string_view whole = decimal.substr(0, point);
  const std::string_view part =
      point == std::string_view::npos ? std::string_view() : decimal.substr(point + 1);
  if (whole.empty() || (part.empty() && point != std::string_view::npos)) return std::nullopt;
  if (whole.size() > 19 || part.size() > 12) return std::nullopt;
  __int128 value = 0;
  __int128 scale = 1;
  for (const char c : whole) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  for (const char c : part) {
    if (!IsDigit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
    scale *= 10;
  }
  // Reducing first keeps 31 digits x factor within 128 bits.
  if (value % scale == 0) {
    value /= scale;
    scale = 1;
  }
  if (value > std::numeric_limits<__int128>::max() / factor) return std::nullopt;
  value *= factor;
  if (value % scale != 0 || value / scale > std::numeric_limits<int64_t>::max()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(value / scale);
}

template <size_t N>
std::optional<int64_t> ParseWithUnit(std::string_view text, const std::array<Unit, N>& units) {
  const auto letter =
      std::find_if(text.begin(), text.end(), [](char c) { return !IsDigit(c) && c != '.'; });
  const size_t digits = static_cast<size_t>(letter - text.begin());
  for (const Unit& unit : units) {
    if (text.substr(digits) == unit.name) return ScaleDecimal(text.substr(0, digits), unit.factor);
  }
  return std::nullopt;
}

template <size_t N>
std::string FormatWithUnit(int64_t value, const std::array<Unit, N>& units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return fmt::format("{}{}", value / best->factor, best->name);
}

// Whether `text` looks like `pattern`, in which 0 stands for any digit.
bool Matches(std::string_view text, std::string_view pattern) {
  return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(),
                    [](char c, char p) { return p == '0' ? IsDigit(c) : c == p; });
}

}  // namespace

std::optional<int64_t> ParseDuration(std::string_view text) {
  return ParseWithUnit(text, kDurationUnits);
}

std::optional<int64_t> ParseSize(std::string_view text) { return ParseWithUnit(text, kSizeUnits); }

std::optional<double> ParseShare(std::string_view text) { return ParseFactor(text); }

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> ParseFactor(std::string_view text) {
  const size_t slash = text.find('/');
  std::string_view first = text.substr(0, slash);
  const bool percent = first.ends_with('%');
  if (percent) first.remove_suffix(1);
  auto value = ParseNumber(first);
  if (!value) return std::nullopt;
  if (percent) *value /= 100;
  if (slash == std::string_view::npos) return value;
  const auto divisor = ParseNumber(text.substr(slash + 1));
  if (!divisor || *divisor == 0) return std::nullopt;
  const double quotient = *value / *divisor;
  return std::isfinite(quotient) ? std::optional(quotient) : std::nullopt;
}

std::optional<double> ParseAmount(std::string_view text) {
  constexpr std::array<std::pair<char, double>, 4> kSuffixes = {
      {{'K', 1e3}, {'M', 1e6}, {'B', 1e9}, {'T', 1e12}}};
  if (text.starts_with('$')) text.remove_prefix(1);
  double factor = 1;
  for (const auto& [suffix, times] : kSuffixes) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(1);
    factor = times;
    break;
  }
  const auto value = ParseNumber(text);
  if (!value) return std::nullopt;
  return std::isfinite(*value * factor) ? std::optional(*value * factor) : std::nullopt;
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<int64_t> ParseMicroUsd(std::string_view text) {
  constexpr int64_t kMicroUsdPerUsd = 1'000'000;
  const auto micro_usd = WholeDecimal(text, kMicroUsdPerUsd);
  return micro_usd && *micro_usd >= 0 ? micro_usd : std::nullopt;
}

std::optional<int64_t> ParseTime(std::string_view text) {
  constexpr std::string_view kDate = "0000-00-00";
  constexpr std::string_view kSeconds = "0000-00-00T00:00:00";
  // Abseil is more generous than RFC 3339: it takes spaces, signs and short fields.
  const bool is_date = Matches(text, kDate);
  if (!is_date && !Matches(text.substr(0, kSeconds.size()), kSeconds)) return std::nullopt;
  if (text < "1970" || text >= "2200" || text.find(' ') != std::string_view::npos) {
    return std::nullopt;
  }
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(is_date ? "%Y-%m-%d" : absl::RFC3339_full, std::string(text), &time,
                       &error)) {
    return std::nullopt;
  }
  const int64_t nanos = absl::ToUnixNanos(time);
  return nanos >= 0 ? std::optional(nanos) : std::nullopt;
}

std::string FormatDuration(int64_t nanos) { return FormatWithUnit(nanos, kDurationUnits); }
std::string FormatSize(int64_t bytes) { return FormatWithUnit(bytes, kSizeUnits); }

std::string FormatShare(double share) {
  // 0.07 x 100 is not 7: the fewest decimals that are read as the same share.
  for (int decimals = 0; decimals <= std::numeric_limits<double>::max_digits10; ++decimals) {
    std::string text = fmt::format("{:.{}f}%", share * 100, decimals);
    if (ParseShare(text) == share) return text;
  }
  return fmt::format("{}", share);
}

}  // namespace fleetmeter
