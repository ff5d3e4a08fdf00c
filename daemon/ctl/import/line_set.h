// Lines of a file, as ranges: files are long, and what comes of them is small.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fleetmeter::imports {

class LineSet {
 public:
  struct Range {
    int64_t first;
    int64_t last;
  };

  LineSet() = default;
  explicit LineSet(int64_t line) { Add(line); }

  // Not one that is in it.
  void Add(int64_t line);
  void Add(const LineSet& other);
  void Add(const Range& range);

  // As they were added.
  const std::vector<Range>& ranges() const { return ranges_; }
  int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  // Ascending.
  std::vector<int64_t> Lines() const;
  // "2-5, 9".
  std::string Text() const;
  // "line 9" or "lines 2-5, 9".
  std::string NamedText() const { return (count_ == 1 ? "line " : "lines ") + Text(); }

 private:
  std::vector<Range> Sorted() const;

  std::vector<Range> ranges_;
  int64_t count_ = 0;
};

}  // namespace fleetmeter::imports
