#include "daemon/domain/capacity/capacity_amounts.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "daemon/base/text.h"
#include "daemon/base/timestamp.h"
#include "fmt/format.h"

namespace fleetmeter::capacity {
namespace {

constexpr int64_t kMost64 = std::numeric_limits<int64_t>::max();
constexpr int64_t kLeast64 = std::numeric_limits<int64_t>::min();
constexpr int64_t kMicros = 1'000'000;

// `value` / `unit` with so many decimals, halves away from 0.
std::string Decimals(absl::int128 value, int64_t unit, int decimals) {
  const absl::int128 size = value < 0 ? -value : value;
  int64_t steps = 1;
  for (int i = 0; i < decimals; ++i) steps *= 10;
  const absl::int128 rounded = (size * steps + unit / 2) / unit;
  const std::string whole = fmt::format("{}", static_cast<uint64_t>(rounded / steps));
  const std::string text =
      fmt::format("{}.{:0{}}", Grouped(whole), static_cast<int64_t>(rounded % steps), decimals);
  return value < 0 && rounded != 0 ? "-" + text : text;
}

}  // namespace

int64_t Saturated(absl::int128 value) {
  return static_cast<int64_t>(std::clamp<absl::int128>(value, kLeast64, kMost64));
}

int64_t MicroH100e(double h100e) {
  const double micro = std::round(h100e * kMicros);
  // 2^63 as a double; what is below it has room.
  constexpr double kTooMuch = 9'223'372'036'854'775'808.0;
  if (!(micro > -kTooMuch)) return kLeast64;
  return micro < kTooMuch ? static_cast<int64_t>(micro) : kMost64;
}

int64_t UnixNanos(int64_t unix_seconds) {
  return Saturated(absl::int128(unix_seconds) * kNanosPerSecond);
}

std::string H100eText(absl::int128 micro_h100e) {
  std::string text = Decimals(micro_h100e, kMicros, 3);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

std::string UsdText(int64_t micro_usd) { return Decimals(micro_usd, kMicros, 2); }

std::string TimeText(int64_t unix_seconds) { return UtcText(UnixNanos(unix_seconds)); }

}  // namespace fleetmeter::capacity
