// A date or a time as people write it in a flag.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace fleetmeter::ctl {

// "2026-01-01" (midnight UTC), or a time in a form of ParseTimestamp that is the same moment in all
// time zones: "2026-01-01T08:00Z", "2026-01-01 08:00:00Z" as our own tables say it, or seconds
// since 1970. Nanoseconds since 1970. InvalidArgument says what to write.
absl::StatusOr<int64_t> ParseMoment(const std::string& text);

}  // namespace fleetmeter::ctl
