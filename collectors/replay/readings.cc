#include "collectors/replay/readings.h"

#include <spdlog/spdlog.h>

#include <charconv>
#include <limits>
#include <system_error>

namespace fleetmeter::collector {
namespace {

constexpr double kPercent = 100;

}  // namespace

std::optional<double> ParseReading(std::string_view text, double full, ReadingCounts* counts) {
  if (text.ends_with('%')) {
    text.remove_suffix(1);
    full = kPercent;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool beyond_doubles = error == std::errc::result_out_of_range;
  if ((error != std::errc() && !beyond_doubles) || stop != end) return std::nullopt;
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  return TakeReading(beyond_doubles ? kNan : value / full, counts).value_or(kNan);
}

std::optional<std::vector<double>> ParseReadings(std::string_view text, ReadingCounts* counts) {
  std::vector<double> shares;
  for (;;) {
    const size_t end = text.find(';');
    const auto share = ParseReading(text.substr(0, end), 1, counts);
    if (!share) return std::nullopt;
    shares.push_back(*share);
    if (end == std::string_view::npos) return shares;
    text.remove_prefix(end + 1);
  }
}

void WarnOf(const ReadingCounts& counts, std::string_view file) {
  if (counts.clamped == 0 && counts.unmeasured == 0) return;
  spdlog::warn(
      "{}: {} readings are outside 0 to 1, or not numbers, and their chips are unmeasured while "
      "they "
      "hold; {} are outside by at most a millionth and are taken for 0 or 1",
      file, counts.unmeasured, counts.clamped);
}

}  // namespace fleetmeter::collector
