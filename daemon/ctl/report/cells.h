// Cells of a report: each number gets the text that people read, once. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "daemon/ctl/report/document.h"

namespace fleetmeter::ctl::report {

// "1,234.5 million" and the like never: thousands are grouped, and a number that is small and not 0
// keeps two digits. Money and hours from a million on are "$3.42M", "1.08B".
std::string H100eText(double h100e);
// With so many digits and no exponent: "0.00006701" with four.
std::string DigitsText(double value, int digits);
std::string HoursText(double hours);
std::string UsdText(double usd);
std::string ShareText(double ratio);            // "52.3%", "0.00075%"
std::string PointsText(double ratio);           // "13.5 points" of 0.135, without a sign
std::string TimeText(int64_t unix_seconds);     // "2026-12-01 09:00Z"
std::string NanosTimeText(int64_t unix_nanos);  // likewise
std::string DayText(int64_t unix_seconds);      // "2026-12-01"

Cell TextCell(std::string text);
Cell NotKnown(std::string why);
// Where there is no number, and nothing to be known: "no ROI".
Cell NoNumber(std::string text);
Cell CountCell(int64_t count);
Cell H100eCell(double h100e);
Cell MicroH100eCell(int64_t micro_h100e);
Cell HoursCell(double hours);
Cell ShareCell(double ratio);
Cell DriftCell(double ratio);  // "+13.5 points"
Cell UsdCell(double usd);
Cell MicroUsdCell(int64_t micro_usd);
Cell WaitCell(int64_t seconds);  // "3 h 12 min"
Cell NumberCell(double value, std::string text);

// `make` of the number, or why it is not known.
template <class Make>
Cell CellOr(std::optional<double> value, const Make& make, std::string why) {
  return value ? make(*value) : NotKnown(std::move(why));
}

Cell WithNote(Cell cell, std::string note);

// What the status says.
std::string WhyNot(const absl::Status& status);

// "87.0% of it heard" while less than all is heard, else nothing. What is below kGoodCoverage is
// not shown as utilization anywhere.
inline constexpr double kGoodCoverage = 0.9;
std::string CoverageNote(double coverage_ratio);

}  // namespace fleetmeter::ctl::report
