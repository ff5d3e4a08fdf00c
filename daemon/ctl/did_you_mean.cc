#include "daemon/ctl/did_you_mean.h"

#include <algorithm>
#include <utility>

namespace fleetmeter::ctl {
namespace {

// How different a word may be and still be meant.
size_t MostEdits(std::string_view word) { return std::max<size_t>(1, word.size() / 3); }

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
  size_t least = MostEdits(word) + 1;
  for (const std::string& candidate : known) {
    const size_t distance = EditDistance(word, candidate);
    if (distance >= least) continue;
    least = distance;
    nearest = candidate;
  }
  return nearest;
}

}  // namespace fleetmeter::ctl
