// Words that people mistype. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter::ctl {

// How many letters must be changed, added, dropped or swapped with their neighbour to make `to` of
// `from` (optimal string alignment distance), byte by byte.
size_t EditDistance(std::string_view from, std::string_view to);

// The nearest of `known`, the first of those that are equally near; nothing if more than a third of
// the word would have to change.
std::optional<std::string> DidYouMean(std::string_view word, const std::vector<std::string>& known);

}  // namespace fleetmeter::ctl
