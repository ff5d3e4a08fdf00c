#include "daemon/domain/capacity/capacity_amounts.h"

#include "gtest/gtest.h"

namespace fleetmeter::capacity::amounts_testing {
namespace {

TEST(H100eText, HasThousandthsWhereThereAreSome) {
  EXPECT_EQ(H100eText(0), "0");
  EXPECT_EQ(H100eText(120'500'000), "120.5");
  EXPECT_EQ(H100eText(1'386'335'666'667), "1,386,335.667");
  EXPECT_EQ(H100eText(100'000'000), "100");
  EXPECT_EQ(H100eText(-1'500), "-0.002");
  EXPECT_EQ(H100eText(-499), "0");
  EXPECT_EQ(H100eText(499), "0");
  EXPECT_EQ(H100eText(999'999), "1");
}

TEST(UsdText, HasCents) {
  EXPECT_EQ(UsdText(0), "0.00");
  EXPECT_EQ(UsdText(1'200'500'000), "1,200.50");
  EXPECT_EQ(UsdText(-5'000), "-0.01");
  EXPECT_EQ(UsdText(INT64_MAX), "9,223,372,036,854.78");
  EXPECT_EQ(UsdText(INT64_MIN), "-9,223,372,036,854.78");
}

TEST(Amounts, StayInRange) {
  EXPECT_EQ(Saturated(absl::int128(INT64_MAX) + 1), INT64_MAX);
  EXPECT_EQ(Saturated(absl::int128(INT64_MIN) - 1), INT64_MIN);
  EXPECT_EQ(MicroH100e(0.1), 100'000);
  EXPECT_EQ(MicroH100e(1e300), INT64_MAX);
  EXPECT_EQ(UnixNanos(INT64_MAX), INT64_MAX);
  EXPECT_EQ(UnixNanos(2), 2'000'000'000);
}

TEST(Hours, AreFull) {
  EXPECT_EQ(HourOf(7'199), 3'600);
  EXPECT_EQ(HourOf(7'200), 7'200);
  EXPECT_EQ(FullHourFrom(3'601), 7'200);
  EXPECT_EQ(FullHourFrom(7'200), 7'200);
}

}  // namespace
}  // namespace fleetmeter::capacity::amounts_testing
