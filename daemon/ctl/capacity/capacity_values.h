// What people write into forms and decisions: money, hours, days and texts. Pure; each is nothing
// where the text is not of that form, and has words for what was expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace fleetmeter::ctl {

// "250000", "$1.5M", "-20K": micro-dollars, exact. K, M, B and T stand for thousands to trillions.
std::optional<int64_t> ParseUsd(std::string_view text);
inline constexpr char kUsdExpected[] = "US dollars such as 250000 or 1.5M";

// "14d", "36h": hours, at least one.
std::optional<int64_t> ParseHours(std::string_view text);
inline constexpr char kHoursExpected[] = "a duration in full hours such as 14d or 36h";

// "2026-12-01T09:00Z", "2026-12-01" (midnight): seconds since the Unix epoch, at a full hour of
// UTC.
std::optional<int64_t> ParseHour(std::string_view text);
inline constexpr char kHourExpected[] =
    "a full hour of UTC such as 2026-12-01T09:00Z, or a date such as 2026-12-01";

// "2026-12-01": the start of the UTC day, in seconds since the Unix epoch.
std::optional<int64_t> ParseDay(std::string_view text);
inline constexpr char kDayExpected[] = "a date such as 2027-03-31";

// "90%" or "0.9": a probability above 0 and at most 1, in basis points.
std::optional<uint32_t> ParseConfidence(std::string_view text);
inline constexpr char kConfidenceExpected[] =
    "a probability such as 90%, above 0% and at most 100%, with two decimals at most";

// A whole number from 0 on.
std::optional<int64_t> ParseCount(std::string_view text);
inline constexpr char kCountExpected[] = "a whole number";

// Protocol messages hold nothing else.
bool IsUtf8(std::string_view text);
inline constexpr char kTextExpected[] = "text in UTF-8";

}  // namespace fleetmeter::ctl
