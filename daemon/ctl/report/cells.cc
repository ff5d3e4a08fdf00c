#include "daemon/ctl/report/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/ctl/print/demand_text.h"
#include "daemon/ctl/print/number_text.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr double kMillion = 1e6;
constexpr char kNotKnown[] = "not known";

std::string TwoDigits(double value) { return DigitsText(value, 2); }

bool IsSmall(double value, double limit) { return value != 0 && std::abs(value) < limit; }

// "3.42M" of what is a million or more; empty for less.
std::string Scaled(double value) {
  constexpr struct {
    double least;
    const char* name;
  } kScales[] = {{1e12, "T"}, {1e9, "B"}, {1e6, "M"}};
  for (const auto& [least, name] : kScales) {
    if (std::abs(value) >= least) return fmt::format("{:.2f}{}", value / least, name);
  }
  return "";
}

std::string UsdSize(double usd) {
  if (const std::string scaled = Scaled(usd); !scaled.empty()) return scaled;
  if (IsSmall(usd, 0.1)) return TwoDigits(usd);
  return Grouped(fmt::format("{:.{}f}", usd, usd < 100 ? 2 : 0));
}

}  // namespace

std::string DigitsText(double value, int digits) {
  constexpr int kMostDecimals = 12;
  if (value == 0) return "0";
  const int before = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.{}f}", value, std::clamp(digits - 1 - before, 0, kMostDecimals));
}

std::string H100eText(double h100e) {
  if (IsSmall(h100e, 0.05)) return TwoDigits(h100e);
  return std::abs(h100e) >= 100'000 ? Whole(h100e) : Amount(h100e);
}

std::string HoursText(double hours) {
  if (const std::string scaled = Scaled(hours); !scaled.empty()) return scaled;
  if (IsSmall(hours, 0.05)) return TwoDigits(hours);
  return std::abs(hours) >= 100 ? Whole(hours) : Amount(hours);
}

std::string UsdText(double usd) { return (usd < 0 ? "-$" : "$") + UsdSize(std::abs(usd)); }

std::string ShareText(double ratio) {
  const double percent = ratio * 100;
  return IsSmall(percent, 0.1) ? TwoDigits(percent) + "%" : Percent(ratio);
}

std::string PointsText(double ratio) {
  const double points = std::abs(ratio) * 100;
  return (IsSmall(points, 0.05) ? TwoDigits(points) : fmt::format("{:.1f}", points)) + " points";
}

std::string TimeText(int64_t unix_seconds) {
  std::string text = UtcTime(unix_seconds * kNanosPerSecond);
  return text.substr(0, text.rfind(':')) + "Z";
}

std::string NanosTimeText(int64_t unix_nanos) { return TimeText(unix_nanos / kNanosPerSecond); }

std::string DayText(int64_t unix_seconds) { return TimeText(unix_seconds).substr(0, 10); }

Cell TextCell(std::string text) { return {.text = std::move(text)}; }

Cell NotKnown(std::string why) {
  return {.text = kNotKnown, .is_number = true, .note = std::move(why)};
}

Cell NoNumber(std::string text) { return {.text = std::move(text), .is_number = true}; }

Cell NumberCell(double value, std::string text) {
  if (!std::isfinite(value)) return NotKnown("It is no finite number.");
  return {.text = std::move(text), .value = value, .is_number = true};
}

Cell CountCell(int64_t count) {
  return NumberCell(static_cast<double>(count), Grouped(std::to_string(count)));
}

Cell H100eCell(double h100e) { return NumberCell(h100e, H100eText(h100e)); }

Cell MicroH100eCell(int64_t micro_h100e) {
  return H100eCell(static_cast<double>(micro_h100e) / kMillion);
}

Cell HoursCell(double hours) { return NumberCell(hours, HoursText(hours)); }

Cell ShareCell(double ratio) { return NumberCell(ratio, ShareText(ratio)); }

Cell DriftCell(double ratio) {
  const char* sign = ratio == 0 ? "" : ratio < 0 ? "-" : "+";
  return NumberCell(ratio, sign + PointsText(ratio));
}

Cell UsdCell(double usd) { return NumberCell(usd, UsdText(usd)); }

Cell MicroUsdCell(int64_t micro_usd) { return UsdCell(static_cast<double>(micro_usd) / kMillion); }

Cell WaitCell(int64_t seconds) {
  return NumberCell(static_cast<double>(seconds), WaitText(seconds));
}

Cell WithNote(Cell cell, std::string note) {
  if (!note.empty()) cell.note = std::move(note);
  return cell;
}

std::string WhyNot(const absl::Status& status) { return std::string(status.message()); }

std::string CoverageNote(double coverage_ratio) {
  return coverage_ratio >= 1 ? "" : fmt::format("{} of it heard", Percent(coverage_ratio));
}

}  // namespace fleetmeter::ctl::report
