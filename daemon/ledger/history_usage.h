// What history said of a source in a window, as it was booked: what a file that was restated is
// compared with. Plain values that ledger and accounting share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/units.h"
#include "daemon/domain/report/usage_report.h"
#include "daemon/domain/report/window_set.h"
#include "daemon/ledger/books.h"

namespace fleetmeter {

// What else was in force for a group.
struct GroupTerms {
  std::string category;  // of the pool, "inference"; empty where the group names no pool
  std::optional<int64_t>
      micro_usd_per_chip_hour;  // as the catalog says; nothing: it names no price
};

// Rows that correct another time name the hour, the day and the quarter of it, and 0 names none. So
// history of the first quarter of 1970 cannot be corrected.
inline constexpr int64_t kFirstCorrectable = 90 * kDay;

struct HistoryWindow {
  int64_t row = 0;  // of the ledger's file; 0: it has none yet
  std::string source = {};
  int64_t start_unix_nanos = 0;
  int64_t length_nanos = 0;
  std::vector<UsageGroup> groups = {};
  std::vector<BookConversion> conversions = {};  // one a group, in their order
  std::vector<GroupTerms> terms = {};            // one a group, likewise
  std::string plan = {};
  uint32_t plan_version = 0;

  TimeSpan span() const { return {start_unix_nanos, start_unix_nanos + length_nanos}; }
};

// A correction of a source's history: windows that are taken out of the books as they were booked,
// and those that are booked in their place. Their difference is never less than nothing, since only
// what was booked is taken out.
struct RestatedUsage {
  std::vector<HistoryWindow> taken;
  std::vector<HistoryWindow> booked;
  WindowSet windows;  // of the source, afterwards

  bool empty() const { return taken.empty() && booked.empty(); }
};

}  // namespace fleetmeter
