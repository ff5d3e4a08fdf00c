// What the replay tests share: small files in a directory of their own, windows, sums of reports.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "collectors/core/source.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {

inline constexpr int64_t kSecond = 1'000'000'000;

inline Window WindowOf(int64_t duration_nanos) {
  return {1'700'000'000 * kSecond, 10 * kSecond, duration_nanos};
}

// Chip-nanoseconds by (kind, pool); chips that are not assigned count for the pool "".
using Totals = std::map<std::pair<std::string, std::string>, int64_t>;

inline int64_t ChipNanos(const v1::UsageReport& report, const v1::UsageGroup& group) {
  if (group.has_sums()) return group.sums().chip_nanos();
  return group.per_chip().device_size() * report.duration_nanos();
}

inline void Add(const v1::UsageReport& report, Totals& totals) {
  for (const v1::UsageGroup& group : report.groups()) {
    const bool assigned = group.state() == v1::CHIP_STATE_ASSIGNED;
    totals[{group.chip(), assigned ? group.pool() : ""}] += ChipNanos(report, group);
  }
}

// The shared data beside the checkout; empty when this machine has none.
inline std::filesystem::path SharedData() {
  const char* source = std::getenv("FLEETMETER_SOURCE_DIR");
  if (source == nullptr) return {};
  std::filesystem::path data = std::filesystem::path(source).parent_path() / "shared" / "data";
  return std::filesystem::exists(data) ? data : std::filesystem::path();
}

}  // namespace fleetmeter::collector
