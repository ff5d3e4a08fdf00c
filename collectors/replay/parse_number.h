// Exact numbers from text: the whole field or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace fleetmeter::collector {

inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
// The replay's grain. A thousandth of a chip held for a multiple of it is whole chip-nanoseconds.
inline constexpr int64_t kGrainNanos = 1'000;
inline constexpr int64_t kMaxSeconds = 9'000'000'000;  // fits nanoseconds into 64 bits

std::optional<int64_t> ParseInteger(std::string_view text, int64_t low, int64_t high);

// "12537496", "0.5", "1662858720.0": 0 to kMaxSeconds with at most 6 decimals, in nanoseconds.
std::optional<int64_t> ParseSeconds(std::string_view text);
inline constexpr std::string_view kExpectedSeconds =
    "seconds from 0 to 9000000000 with at most 6 decimals";

// A finite number in [low, high], without blanks or a sign of plus.
std::optional<double> ParseNumber(std::string_view text, double low, double high);

// Numbers separated by ';'.
std::optional<std::vector<double>> ParseNumbers(std::string_view text, double low, double high);

}  // namespace fleetmeter::collector
