// Rows of usage that may say what an earlier one said.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

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
    Names names = Names(NamesOf(row.group));
    const auto found = latest_.find(names);
    if (found != latest_.end()) {
      const Latest& before = found->second;
      const bool same_window = before.start == row.start && before.end == row.end;
      if (!same_window && row.start < before.end) return before.line;
    }
    latest_[std::move(names)] = {row.start, row.end, row.line};
    if (latest_.size() > most_) Forget(row.start);
    return std::nullopt;
  }

 private:
  using Names = std::tuple<ChipState, std::string, std::string, std::string, std::string,
                           std::string, std::string, std::string, std::string>;
  struct Latest {
    int64_t start = 0;
    int64_t end = 0;
    int64_t line = 0;
  };

  // Rows that ended before `time`: no later one overlaps them.
  void Forget(int64_t time) {
    std::erase_if(latest_, [time](const auto& each) { return each.second.end <= time; });
    most_ = std::max(kFewest, 2 * latest_.size());
  }

  static constexpr size_t kFewest = 4'096;
  std::string source_;
  std::map<Names, Latest> latest_;
  size_t most_ = kFewest;
};

}  // namespace fleetmeter::imports
