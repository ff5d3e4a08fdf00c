// Hosts that may report under two names. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fleetmeter {

// Pairs of names of which one is the other with more behind it ("node-1", "node-1.example.com"), or
// that differ in upper case only. Sorted; at most `most` of them. Names that go on with a letter or
// a digit ("node-1", "node-12") are two hosts.
std::vector<std::pair<std::string, std::string>> DoubleHosts(
    const std::vector<std::string_view>& names, size_t most);

}  // namespace fleetmeter
