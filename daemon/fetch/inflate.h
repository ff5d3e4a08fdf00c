// What a server sends as gzip, within a bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace fleetmeter {

// All members of a gzip text. ResourceExhausted: it becomes more than `max_bytes`, and is not
// decompressed further. DataLoss: it is damaged or cut off.
absl::StatusOr<std::string> Inflate(std::string_view compressed, int64_t max_bytes);

}  // namespace fleetmeter
