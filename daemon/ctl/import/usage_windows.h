// Rows of chip-time as windows of reports: of one source, windows never overlap, and none is longer
// than a day.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/import_batch.h"
#include "daemon/ctl/import/record_sorter.h"

namespace fleetmeter::imports {

// What a source held from `start` to `end`, in nanoseconds since 1970.
struct UsageRow {
  int64_t line = 0;
  int64_t start = 0;
  int64_t end = 0;
  // The days that start and end begin by their own clocks; nothing where one begins none.
  std::optional<int64_t> start_day = {};
  std::optional<int64_t> end_day = {};
  std::string source;
  UsageGroup group;
};

// How much is held in memory before temporary files take it.
struct UsageMemory {
  size_t sort_bytes = size_t{16} << 20;
  size_t report_bytes = size_t{8} << 20;
};

// Rows in, reports out. What is in memory does not grow with the rows: rows, their parts in windows
// and the reports are sorted and kept in temporary files where they are many. What does grow is a
// bit for each line, the names of sources, what one window has of groups, and 16 bytes for each 64
// KiB of reports. One thread.
class UsageWindows {
 public:
  // Told now and then how much of the work is done, 0 to 1, as far as it can be known before.
  using OnProgress = std::function<void(double)>;

  explicit UsageWindows(UsageMemory memory) : memory_(memory), rows_(memory.sort_bytes) {}

  absl::Status Add(const UsageRow& row);
  // By source, start, end and line.
  absl::Status ForEach(const std::function<absl::Status(const UsageRow&)>& take);

  // Adds a report for each window to `plan`, by time and source, which has none yet. A row is in
  // the reports as a whole or it is refused.
  //
  // Rows of a source with the same start and end are one window. One of more than a day is cut at
  // UTC midnights. Rows that overlap otherwise are those of jobs side by side: if each has its own
  // chip, state, pool, team, workload, type, model, run and signal, they are cut at UTC hours,
  // since the books are kept by the hour, and each hour is a window. A row that overlaps another
  // one of all the same names is refused: it may be the same usage.
  //
  // Where a row is cut, its parts are in proportion to time and add up to it exactly.
  absl::Status AddReports(const OnProgress& on_progress, ImportBatch* plan);

 private:
  // Of the rows of one source that are not refused.
  struct SourceForm {
    int64_t first_start = 0;
    bool by_hour = false;  // some overlap
  };
  using SourceForms = std::map<std::string, SourceForm, std::less<>>;

  absl::Status RefuseRepeated(ImportBatch* plan);
  absl::StatusOr<SourceForms> FindForms();
  absl::Status Cut(const SourceForms& forms, RecordSorter* pieces);
  // The windows as reports, or the lines of those that the daemon would not take, which are refused
  // and left out from then on. False: there were some of those.
  absl::StatusOr<bool> Join(RecordSorter& pieces, ImportBatch* plan);
  bool IsOut(int64_t line) const;
  // False: it was out before.
  bool LeaveOut(int64_t line);

  const UsageMemory memory_;
  RecordSorter rows_;
  std::vector<bool> out_;  // by line: whether it is refused
  std::function<void()> tick_ = [] {};
};

}  // namespace fleetmeter::imports
