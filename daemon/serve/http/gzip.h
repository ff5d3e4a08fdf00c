#pragma once

#include <string>
#include <string_view>

namespace fleetmeter {

// `text` as one gzip member, at a level that favours speed.
std::string Gzip(std::string_view text);

}  // namespace fleetmeter
