#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fleetmeter {

// Bodies that are shorter are not worth it.
inline constexpr size_t kSmallestGzip = 1'024;

// `text` as one gzip member, at a level that favours speed.
std::string Gzip(std::string_view text);

}  // namespace fleetmeter
