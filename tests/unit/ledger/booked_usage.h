// A ledger with two hours of usage of two pools, for tests of what is read of it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/ctl/print/usage_output.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {

class BookedUsage : public testing::Test {
 protected:
  static constexpr int64_t kFirst = 1'767'225'600;  // 2026-01-01
  static constexpr int64_t kSecondsPerHour = 3'600;
  static constexpr int64_t kSecond = kFirst + kSecondsPerHour;
  static constexpr int64_t kDayEnd = kFirst + 86'400;

  struct Use {
    const char* pool;
    const char* team;
    BookConversion conversion;
    int64_t chips;  // for an hour
    std::optional<double> busy;
    std::optional<double> productive;
    ChipState state = ChipState::kAssigned;
    const char* workload = "";
  };

  static BookConversion Trainium() { return {"trainium2", {3, 2}, 4}; }
  static BookConversion B200() { return {"b200", {1, 3}, 5}; }

  // Books an hour of each, from `start` on: at its end, or as an adjustment at a later time.
  static void Book(SqliteLedger& ledger, int64_t start, const std::vector<Use>& uses,
                   std::optional<int64_t> late = std::nullopt);

  void SetUp() override;

  absl::StatusOr<UsageAnswer> Ask(const UsageQuestion& question);
  // What is printed of the answer, or why there is none.
  std::string Text(const UsageQuestion& question, ctl::OutputFormat format);
  // Lets the ledger do all its housekeeping as of a time.
  void Pass(int64_t seconds);

  TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
};

}  // namespace fleetmeter
