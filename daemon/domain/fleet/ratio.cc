#include "daemon/domain/fleet/ratio.h"

#include <charconv>
#include <numeric>
#include <optional>

#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Nine digits on each side keep numerator and denominator within int64_t.
constexpr size_t kMaxDigits = 9;

// One to nine decimal digits, nothing else.
std::optional<int64_t> ParseDigits(std::string_view text) {
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  // from_chars takes a minus sign, which is no digit.
  if (error != std::errc() || stop != end || text.front() == '-') return std::nullopt;
  return value;
}

std::optional<Ratio> ParseFraction(std::string_view text, size_t slash) {
  const auto numerator = ParseDigits(text.substr(0, slash));
  const auto denominator = ParseDigits(text.substr(slash + 1));
  if (!numerator || !denominator) return std::nullopt;
  return Ratio{*numerator, *denominator};
}

std::optional<Ratio> ParseDecimal(std::string_view text) {
  const size_t point = text.find('.');
  const auto whole = ParseDigits(text.substr(0, point));
  if (!whole) return std::nullopt;
  if (point == std::string_view::npos) return Ratio{*whole, 1};
  const std::string_view decimals = text.substr(point + 1);
  const auto part = ParseDigits(decimals);
  if (!part) return std::nullopt;
  int64_t scale = 1;
  for (size_t i = 0; i < decimals.size(); ++i) scale *= 10;
  return Ratio{*whole * scale + *part, scale};
}

}  // namespace

std::string Ratio::ToString() const {
  return denominator == 1 ? fmt::format("{}", numerator)
                          : fmt::format("{}/{}", numerator, denominator);
}

absl::StatusOr<Ratio> ParseRatio(std::string_view text) {
  const size_t slash = text.find('/');
  const auto ratio =
      slash == std::string_view::npos ? ParseDecimal(text) : ParseFraction(text, slash);
  if (!ratio || ratio->numerator <= 0 || ratio->denominator <= 0) {
    return absl::InvalidArgumentError(
        "not a positive ratio; expected a number such as 1.5 or a fraction such as 1/3, with at "
        "most 9 digits on each side");
  }
  const int64_t divisor = std::gcd(ratio->numerator, ratio->denominator);
  return Ratio{ratio->numerator / divisor, ratio->denominator / divisor};
}

}  // namespace fleetmeter
