// Units of time and size, and numbers as people write them in configuration: "45s", "4MiB", "90%",
// "2.45", "2026-01-01". Pure; nullopt means that the text is not of that form. Ranges are for the
// caller to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fleetmeter {

// Durations, in nanoseconds.
inline constexpr int64_t kMillisecond = 1'000'000;
inline constexpr int64_t kSecond = 1'000 * kMillisecond;
inline constexpr int64_t kMinute = 60 * kSecond;
inline constexpr int64_t kHour = 60 * kMinute;
inline constexpr int64_t kDay = 24 * kHour;

// What to divide by.
inline constexpr int64_t kNanosPerSecond = kSecond;
inline constexpr int64_t kNanosPerHour = kHour;
inline constexpr int64_t kSecondsPerHour = 3'600;
inline constexpr int64_t kSecondsPerDay = 24 * kSecondsPerHour;

// For people: a double is exact to the nanosecond for three months.
constexpr double ToSeconds(int64_t nanos) { return static_cast<double>(nanos) / kNanosPerSecond; }

// Sizes, in bytes.
inline constexpr int64_t kKiB = 1'024;
inline constexpr int64_t kMiB = 1'024 * kKiB;
inline constexpr int64_t kGiB = 1'024 * kMiB;

// "45s", "1.5h": a decimal with ns, us, ms, s, m, h or d. Nanoseconds, exact.
std::optional<int64_t> ParseDuration(std::string_view text);

// "4MiB": a decimal with B, KiB, MiB or GiB. Bytes, exact.
std::optional<int64_t> ParseSize(std::string_view text);

// "0.9", "90%", "1/3" or "10%/3".
std::optional<double> ParseShare(std::string_view text);

// "989.4e12": finite, decimal, without surrounding space.
std::optional<double> ParseNumber(std::string_view text);

// "4", "400%", "1/2", "10%/3": a number or a percentage, by another number if there is a slash.
std::optional<double> ParseFactor(std::string_view text);

// "18e9", "18B", "$2.5M": a number with K, M, B or T behind it or not.
std::optional<double> ParseAmount(std::string_view text);

// "-12": decimal digits only.
std::optional<int64_t> ParseInteger(std::string_view text);

// "2.45" or "245e-2" US dollars, 0 or more, that are whole micro-dollars: exact.
std::optional<int64_t> ParseMicroUsd(std::string_view text);

// "2026-01-01" (midnight UTC) or RFC 3339 "2026-01-01T08:00:00+01:00", years 1970 to 2199.
// Nanoseconds since the Unix epoch.
std::optional<int64_t> ParseTime(std::string_view text);

// The shortest way to write it: "45s", "4MiB", "90%". Reading it gives the same number.
std::string FormatDuration(int64_t nanos);
std::string FormatSize(int64_t bytes);
std::string FormatShare(double share);

}  // namespace fleetmeter
