#include "collectors/replay/parse_number.h"

#include <charconv>
#include <system_error>

namespace fleetmeter::collector {
namespace {

constexpr size_t kDecimals = 6;

template <typename Number>
std::optional<Number> ParseWhole(std::string_view text, Number low, Number high) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  // A comparison with NaN is false, so NaN is refused here too.
  // NOLINTNEXTLINE(readability-simplify-boolean-expr)
  if (error != std::errc() || stopped != end || !(value >= low && value <= high)) return {};
  return value;
}

}  // namespace

std::optional<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high) {
  return ParseWhole<int64_t>(text, low, high);
}

std::optional<double> ParseNumber(std::string_view text, double low, double high) {
  return ParseWhole<double>(text, low, high);
}

std::optional<int64_t> ParseSeconds(std::string_view text) {
  const size_t point = text.find('.');
  std::optional<int64_t> seconds = ParseInteger(text.substr(0, point), 0, kMaxSeconds);
  if (!seconds || text.starts_with('-')) return {};
  int64_t nanos = *seconds * kNanosPerSecond;
  if (point == std::string_view::npos) return nanos;
  const std::string_view decimals = text.substr(point + 1);
  if (decimals.empty() || decimals.size() > kDecimals) return {};
  int64_t unit = kNanosPerSecond;
  for (char digit : decimals) {
    if (digit < '0' || digit > '9') return {};
    unit /= 10;
    nanos += (digit - '0') * unit;
  }
  return nanos <= kMaxSeconds * kNanosPerSecond ? std::optional(nanos) : std::nullopt;
}

std::optional<std::vector<double>> ParseNumbers(std::string_view text, double low, double high) {
  std::vector<double> values;
  for (;;) {
    const size_t end = text.find(';');
    std::optional<double> value = ParseNumber(text.substr(0, end), low, high);
    if (!value) return {};
    values.push_back(*value);
    if (end == std::string_view::npos) return values;
    text.remove_prefix(end + 1);
  }
}

}  // namespace fleetmeter::collector
