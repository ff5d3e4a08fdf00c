// What decoding usage and outcome reports has in common. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

inline constexpr size_t kMaxLabelBytes = 128;

// Also of an empty label; whether it may be empty is the caller's to know.
std::optional<Rejection> CheckLabel(const std::string& value, const char* field);

// Digest64 of a report's serialised bytes without its sequence, which is field 1 of every report.
uint64_t DigestWithoutSequence(std::string_view bytes, bool has_sequence);

}  // namespace fleetmeter
