// A report as sums, where that says the same: for adding up reports of one source. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fleetmeter/v1/usage.pb.h"

namespace fleetmeter::collector {

// What the chips of one assignment did. `labels` is a group without its measure.
struct GroupSums {
  v1::UsageGroup labels;
  std::string key;  // all labels, and which sums there are
  int64_t chip_nanos = 0;
  std::optional<int64_t> busy_chip_nanos;
  std::optional<int64_t> productive_chip_nanos;
};

struct ReportSums {
  std::string source;
  int64_t window_start_unix_nanos = 0;
  int64_t window_length_nanos = 0;
  int64_t duration_nanos = 0;
  std::vector<GroupSums> groups;
  // What the daemon judges by the plan: chip, state, pool, team and signal of all groups.
  std::vector<std::string> judged;

  int64_t WindowEnd() const { return window_start_unix_nanos + window_length_nanos; }
};

// The integers that the daemon would make of it (daemon/ingest/decode_report.h), chip-nanosecond by
// chip-nanosecond. nullopt: the daemon would reject it, or might; it must be left as it is, so that
// it takes nothing else with it.
std::optional<ReportSums> SumsOf(const v1::UsageReport& report, double speed);

// Adds a report that follows without a gap. False, and nothing has changed: the two must stay
// apart, since the daemon might judge them differently or their sum, or book them in different
// hours.
bool AddSums(const ReportSums& next, ReportSums& sums, double speed);

// Without what waited then: nobody asks for it any more.
v1::UsageReport ToReport(const ReportSums& sums);

}  // namespace fleetmeter::collector
