// Bounds that several kinds of file share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

namespace fleetmeter {

inline constexpr int64_t kMaxVersion = std::numeric_limits<uint32_t>::max();
inline constexpr size_t kMaxTitleBytes = 256;

}  // namespace fleetmeter
