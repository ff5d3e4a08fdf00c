// Rows of usage that may say what another one says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "daemon/ctl/import/usage_windows.h"

namespace fleetmeter::imports {

// What tells chips that are held side by side apart.
inline auto NamesOf(const UsageGroup& group) {
  return std::tie(group.state, group.chip, group.pool, group.team, group.workload,
                  group.workload_type, group.model, group.run, group.signal);
}

// Which rows overlap an earlier one of the same source and of all the same names; they come by
// source, start, end and line. In memory are the names of those that may still be overlapped. One
// thread.
class RepeatedRows {
 public:
  // The line of that earlier row.
  std::optional<int64_t> Find(const UsageRow& row) {
    if (row.source != source_) {
      latest_.clear();
      source_ = row.source;
    }
    Latest& latest = latest_[Names(NamesOf(row.group))];
    if (latest.line == 0 || latest.start != row.start || latest.end != row.end) {
      if (latest.line != 0 && row.start < latest.end) return latest.line;
      latest = {row.start, row.end, row.line, {}};
    }
    latest.line = row.line;
    NoteAmounts(row.group, latest);
    if (latest_.size() > most_) Forget(row.start);
    return std::nullopt;
  }

  // Rows with chip-time that say the same, in all names and amounts, as another one of their
  // window, if they look like a part of the file that is there once more: each is as many lines
  // behind the other one, and they are not more than these lines. Rows of many hosts may be alike,
  // and are near to one another.
  int64_t of_a_block() const { return distance_ >= again_ ? again_ : 0; }

 private:
  using Names = std::tuple<ChipState, std::string, std::string, std::string, std::string,
                           std::string, std::string, std::string, std::string>;
  struct Amounts {
    int64_t chip_nanos = 0;
    int64_t busy_chip_nanos = 0;
    int64_t line = 0;  // of the latest row that has them
  };
  struct Latest {
    int64_t start = 0;
    int64_t end = 0;
    int64_t line = 0;
    std::vector<Amounts> amounts;  // of the window's rows, as far as they are few
  };

  void NoteAmounts(const UsageGroup& group, Latest& latest) {
    if (group.chip_nanos <= 0) return;
    const Amounts amounts = {group.chip_nanos, group.busy_chip_nanos.value_or(-1), latest.line};
    std::vector<Amounts>& known = latest.amounts;
    const auto same = std::find_if(known.begin(), known.end(), [&](const Amounts& each) {
      return each.chip_nanos == amounts.chip_nanos &&
             each.busy_chip_nanos == amounts.busy_chip_nanos;
    });
    if (same != known.end()) {
      const int64_t distance = amounts.line - same->line;
      distance_ = again_ == 0 || distance == distance_ ? distance : kNone;
      ++again_;
      same->line = amounts.line;
    } else if (known.size() < kMostAmounts) {
      known.push_back(amounts);
    }
  }

  // Rows that ended before `time`: no later one overlaps them.
  void Forget(int64_t time) {
    std::erase_if(latest_, [time](const auto& each) { return each.second.end <= time; });
    most_ = std::max(kFewest, 2 * latest_.size());
  }

  static constexpr size_t kFewest = 4'096;
  static constexpr size_t kMostAmounts = 64;
  std::string source_;
  std::map<Names, Latest> latest_;
  size_t most_ = kFewest;
  static constexpr int64_t kNone = -1;
  int64_t again_ = 0;
  int64_t distance_ = kNone;  // in lines, of all of them
};

}  // namespace fleetmeter::imports
