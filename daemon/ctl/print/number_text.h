// Numbers as people and programs read them. What is not known is "-" for people and empty for
// programs; it is never 0. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "daemon/base/text.h"

namespace fleetmeter::ctl {

inline constexpr char kUnknown[] = "-";

// "1,386,335.0": one decimal, thousands grouped.
std::string Amount(std::optional<double> value);

// "52.3%" of a ratio of 0.523.
std::string Percent(std::optional<double> ratio);

// "8,501,000,000": a whole number, thousands grouped.
std::string Whole(std::optional<double> value);

// "$2,270,036,171" and "$7.48".
std::string WholeUsd(std::optional<double> usd);
std::string Usd(std::optional<double> usd);

// "14%" of a ratio of 0.1409; halves are rounded up.
std::string WholePercent(std::optional<double> ratio);

// The shortest decimal that reads back as the same number; empty if it is not a finite one.
std::string PlainNumber(double value);

// "4392.5" of 4,392,500,000 millionths: exact, without trailing zeros.
std::string ChipsOfMicro(int64_t micro_chips);

// "1.50000000001" chip-hours, with 11 decimals at most and without trailing zeros. What is left
// below the last decimal is dropped.
std::string ChipHoursOfNanos(absl::int128 chip_nanos);

// "1.5" of "1500000000" nanoseconds, however long: exact, without trailing zeros.
// nullopt if the text is not a decimal integer.
std::optional<std::string> SecondsOfNanos(std::string_view nanos);

// "1 row", "2,000 rows" of "row".
std::string CountOf(int64_t count, std::string_view one);

// "2026-01-01 08:00:00Z".
std::string UtcTime(int64_t unix_nanos);

}  // namespace fleetmeter::ctl
