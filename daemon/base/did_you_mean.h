// Words that people mistype. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fleetmeter {

// How many letters must be changed, added, dropped or swapped with their neighbour to make `to` of
// `from` (optimal string alignment distance), byte by byte.
size_t EditDistance(std::string_view from, std::string_view to);

// The nearest of `known`, the first of those that are equally near; nothing if more than a third of
// the word would have to change.
std::optional<std::string> DidYouMean(std::string_view word, const std::vector<std::string>& known);

// " (did you mean x?)", or nothing where no known word is near: for messages that list them all.
std::string DidYouMeanText(std::string_view word, const std::vector<std::string>& known);

// "; the nearest is 'x'", or where none is near "; expected one of: a, b, ..." with the `most`
// nearest of them. Nothing where nothing is known.
std::string NamesHint(std::string_view word, const std::vector<std::string>& known, size_t most);

// The `most` nearest of `known`, the nearest first; those that contain the word, or that it
// contains, are nearest of all. For the messages of programs: of very many names, or for a very
// long word, those that come first in `known`.
std::vector<std::string> NearestNames(std::string_view word, const std::vector<std::string>& known,
                                      size_t most);

}  // namespace fleetmeter
