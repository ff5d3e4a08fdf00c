#include "daemon/base/did_you_mean.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fleetmeter {
namespace {

// How different a word may be and still be meant. What has one letter was meant as it is.
size_t MostEdits(std::string_view word) {
  return word.size() < 2 ? 0 : std::max<size_t>(1, word.size() / 3);
}

// Strangers name what they like, as often as they like: a message must not cost much.
constexpr size_t kLongestCompared = 128;
constexpr size_t kMostCompared = 500;

size_t Farness(std::string_view word, std::string_view candidate) {
  const bool contained = !word.empty() && (candidate.find(word) != std::string_view::npos ||
                                           word.find(candidate) != std::string_view::npos);
  return contained ? 0 : EditDistance(word, candidate);
}

}  // namespace

size_t EditDistance(std::string_view from, std::string_view to) {
  // A row for each prefix of `from`: the distance to each prefix of `to`. Two rows back for swaps.
  std::vector<size_t> before_last(to.size() + 1);
  std::vector<size_t> last(to.size() + 1);
  std::vector<size_t> row(to.size() + 1);
  for (size_t j = 0; j <= to.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= from.size(); ++i) {
    before_last = std::exchange(last, row);
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const size_t changed = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      row[j] = std::min({changed, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[to.size()];
}

std::optional<std::string> DidYouMean(std::string_view word,
                                      const std::vector<std::string>& known) {
  std::optional<std::string> nearest;
  if (word.size() > kLongestCompared) return nearest;  // nobody's typo
  size_t least = MostEdits(word) + 1;
  for (size_t i = 0; i < std::min(known.size(), kMostCompared); ++i) {
    const std::string& candidate = known[i];
    const size_t distance = EditDistance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

std::string DidYouMeanText(std::string_view word, const std::vector<std::string>& known) {
  const auto meant = DidYouMean(word, known);
  return meant ? fmt::format(" (did you mean {}?)", *meant) : "";
}

std::string NamesHint(std::string_view word, const std::vector<std::string>& known, size_t most) {
  if (known.empty()) return "";
  if (const auto meant = DidYouMean(word, known))
    return fmt::format("; the nearest is '{}'", *meant);
  const std::vector<std::string> names = NearestNames(word, known, most);
  return fmt::format("; expected one of: {}{}", fmt::join(names, ", "),
                     names.size() < known.size() ? ", ..." : "");
}

std::vector<std::string> NearestNames(std::string_view word, const std::vector<std::string>& known,
                                      size_t most) {
  const size_t compared =
      word.size() > kLongestCompared ? 0 : std::min(known.size(), kMostCompared);
  std::vector<std::pair<size_t, size_t>> by_farness;  // and the place in `known`
  for (size_t i = 0; i < compared; ++i) by_farness.emplace_back(Farness(word, known[i]), i);
  std::sort(by_farness.begin(), by_farness.end());
  std::vector<std::string> nearest;
  for (const auto& [farness, i] : by_farness) {
    if (nearest.size() < most) nearest.push_back(known[i]);
  }
  for (size_t i = compared; i < known.size() && nearest.size() < most; ++i) {
    nearest.push_back(known[i]);
  }
  return nearest;
}

}  // namespace fleetmeter
