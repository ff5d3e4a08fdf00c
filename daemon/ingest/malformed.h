// What all decoders of reports share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

using MaybeRejection = std::optional<Rejection>;

// Windows and dates begin before this, in nanoseconds, so that no sum of times overflows.
inline constexpr int64_t kMaxStartNanos = INT64_MAX / 4;

// `field` is missing, or is there where it must not be.
inline MaybeRejection Malformed(std::string field, std::string detail) {
  return Rejection{RejectReason::kMalformed, std::move(field), std::move(detail)};
}

}  // namespace fleetmeter
