#include "daemon/ctl/import/line_set.h"

#include <algorithm>

#include "fmt/format.h"

namespace fleetmeter::imports {

void LineSet::Add(int64_t line) {
  ++count_;
  if (!ranges_.empty() && ranges_.back().last == line - 1) {
    ranges_.back().last = line;
  } else {
    ranges_.push_back({line, line});
  }
}

void LineSet::Add(const LineSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  count_ += other.count_;
}

void LineSet::Add(const Range& range) {
  ranges_.push_back(range);
  count_ += range.last - range.first + 1;
}

std::vector<LineSet::Range> LineSet::Sorted() const {
  std::vector<Range> sorted = ranges_;
  std::sort(sorted.begin(), sorted.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::vector<Range> merged;
  for (const Range& range : sorted) {
    if (!merged.empty() && merged.back().last == range.first - 1) {
      merged.back().last = range.last;
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

std::vector<int64_t> LineSet::Lines() const {
  std::vector<int64_t> lines;
  lines.reserve(static_cast<size_t>(count_));
  for (const Range& range : Sorted()) {
    for (int64_t line = range.first; line <= range.last; ++line) lines.push_back(line);
  }
  return lines;
}

std::string LineSet::Text() const {
  std::string text;
  for (const Range& range : Sorted()) {
    if (!text.empty()) text += ", ";
    text += range.first == range.last ? fmt::format("{}", range.first)
                                      : fmt::format("{}-{}", range.first, range.last);
  }
  return text;
}

}  // namespace fleetmeter::imports
