// What the tests of the spool share.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "collectors/spool/spool.h"
#include "gtest/gtest.h"
#include "tests/support/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {

// For tests that write a lot, where no power is cut.
class UnsyncedDisk final : public Disk {
 public:
  absl::Status Sync(const FileHandle&, const std::string&) override { return absl::OkStatus(); }
};

// A folder for a spool.
class TempSpool : public TempFolder {
 public:
  // Segments in order of their numbers.
  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      if (entry.path().extension() == ".segment") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }
};

inline std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline std::unique_ptr<Spool> OpenSpool(const SpoolOptions& options, const Clock& clock,
                                        Disk& disk) {
  auto spool = Spool::Open(options, clock, disk);
  if (!spool.ok()) throw std::runtime_error(std::string(spool.status().message()));
  return *std::move(spool);
}

// Report number `i` of a source: windows of 10 s that follow one another.
inline v1::UsageReport NumberedReport(uint64_t i, const std::string& source = "host") {
  v1::UsageReport report;
  report.set_source(source);
  report.set_window_start_unix_nanos(static_cast<int64_t>(1'700'000'000 + 10 * i) *
                                     kNanosPerSecond);
  report.set_window_length_nanos(10 * kNanosPerSecond);
  v1::UsageGroup& group = *report.add_groups();
  group.set_chip("h100");
  group.set_state(v1::CHIP_STATE_UNASSIGNED);
  group.mutable_sums()->set_chip_nanos(static_cast<int64_t>(1'000'000 + i));
  return report;
}

// Which of NumberedReport it is; fails the test when it is none, byte for byte.
inline uint64_t NumberOf(const v1::UsageReport& report) {
  if (report.groups_size() != 1) {
    ADD_FAILURE() << "not a report that was written: " << report.ShortDebugString();
    return 0;
  }
  const auto i = static_cast<uint64_t>(report.groups(0).sums().chip_nanos() - 1'000'000);
  EXPECT_EQ(BytesOf(report), BytesOf(NumberedReport(i, report.source())));
  return i;
}

// Every report that waits, by NumberedReport's number; stops at damage.
inline std::vector<uint64_t> Waiting(Outbox& outbox) {
  std::vector<uint64_t> numbers;
  uint64_t at = outbox.position().acknowledged_through;
  while (true) {
    const auto batch = outbox.After(at, 100, 1 << 20);
    if (batch.empty()) return numbers;
    for (const v1::UsageReport& report : batch) {
      EXPECT_EQ(report.sequence(), ++at);
      numbers.push_back(NumberOf(report));
    }
  }
}

inline std::vector<uint64_t> Numbers(uint64_t first, uint64_t last) {
  std::vector<uint64_t> numbers;
  for (uint64_t i = first; i <= last; ++i) numbers.push_back(i);
  return numbers;
}

inline absl::Status AppendNumbers(Outbox& outbox, uint64_t first, uint64_t last) {
  std::vector<v1::UsageReport> reports;
  for (uint64_t i = first; i <= last; ++i) reports.push_back(NumberedReport(i));
  return outbox.Append(std::move(reports));
}

}  // namespace fleetmeter::collector
