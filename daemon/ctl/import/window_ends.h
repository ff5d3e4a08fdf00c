// Where windows of a file end that say only where they start. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

namespace fleetmeter::imports {

// Windows are as short as any of the file: a file that has grown then brings no window that reaches
// into a longer one of before. Where each starts with a month they are calendar months: as many as
// the fewest between two starts, if that is a quarter or less.
class WindowEnds {
 public:
  // `starts` of all windows, in nanoseconds since 1970; `window_nanos`: how long they are, where
  // that is said.
  WindowEnds(const std::set<int64_t>& starts, std::optional<int64_t> window_nanos);

  // Nothing: there is but one start, and nothing says how long its window is.
  std::optional<int64_t> EndOf(int64_t start) const;

 private:
  std::optional<int64_t> months_;
  std::optional<int64_t> nanos_;
};

}  // namespace fleetmeter::imports
