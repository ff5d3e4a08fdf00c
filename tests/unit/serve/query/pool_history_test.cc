// The past of a pool, from a ledger.
#include "daemon/serve/query/pool_history.h"

#include <optional>

#include "gtest/gtest.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

constexpr int64_t kMinuteLong = 60;

// "lab" is granted 120 H100e and holds 2 of them in the first two hours of the year.
class PoolHistoryTest : public testing::Test {
 protected:
  PoolHistoryTest() {
    books_.Grant({{"lab", 120}}, kNewYear);
    for (int hour = 0; hour < 2; ++hour) {
      books_.Hold(kNewYear + hour * kHourLong, {{"lab", "t", "h100", 2 * kHour}});
    }
  }

  // Of the second hour, of which half an hour has passed.
  std::optional<double> AllocatedWhenTheLedgerIsAt(int64_t seconds) {
    books_.Reach(seconds);
    books_.Commit(kNewYear + 2 * kHourLong);
    v1::GetPoolHistoryResponse response;
    const PoolSight sight = {.all = true, .may = [](std::string_view) { return true; }};
    const int64_t now = (kNewYear + kHourLong + 30 * kMinuteLong) * kNanosPerSecond;
    const absl::Status status = books_.Ask([&](Database& ledger) {
      return AnswerPoolHistory(ledger, now, v1::GetPoolHistoryRequest(), sight, &response);
    });
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(response.rows_size(), 2);
    if (response.rows_size() != 2) return std::nullopt;
    EXPECT_EQ(response.rows(0).allocated_h100e(), 120);
    const v1::PoolPeriod& second = response.rows(1);
    return second.has_allocated_h100e() ? std::optional(second.allocated_h100e()) : std::nullopt;
  }

  SpentBooks books_;
};

TEST_F(PoolHistoryTest, TellsWhatWasAllocatedInAnHourThatHasNotEnded) {
  EXPECT_EQ(AllocatedWhenTheLedgerIsAt(kNewYear + kHourLong + 30 * kMinuteLong), 120);
}

// After a restart the ledger's own time may be behind for a while. The allocation was divided by
// all the time that has passed, and looked smaller than it is.
TEST_F(PoolHistoryTest, TellsTheWholeAllocationWhileTheLedgerIsBehind) {
  EXPECT_EQ(AllocatedWhenTheLedgerIsAt(kNewYear + kHourLong + 20 * kMinuteLong), 120);
}

TEST_F(PoolHistoryTest, TellsNoAllocationOfAnHourThatTheLedgerHasNotReached) {
  EXPECT_EQ(AllocatedWhenTheLedgerIsAt(kNewYear + kHourLong), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter
