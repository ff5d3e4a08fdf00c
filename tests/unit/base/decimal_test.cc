#include "daemon/base/decimal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace fleetmeter {
namespace {

constexpr int64_t kMicro = 1'000'000;

int64_t Whole(std::string_view text, int64_t factor = kMicro) {
  const auto rounded = RoundDecimal(text, factor);
  return rounded ? rounded->whole : -999;
}

TEST(RoundDecimal, ReadsAnyNotation) {
  for (const std::string_view text :
       {"12.5", "+12.5", "12.50000", "012.5", "1.25e1", "1.25E+1", "125e-1", ".125e2", "12.5e0"}) {
    EXPECT_EQ(RoundDecimal(text, kMicro), (Rounded{.whole = 12'500'000})) << text;
  }
  EXPECT_EQ(Whole("-12.5"), -12'500'000);
  EXPECT_EQ(Whole("3."), 3'000'000);
  EXPECT_EQ(Whole("0e99999999"), 0);
}

TEST(RoundDecimal, RoundsOnceAndHalvesToTheEvenOne) {
  EXPECT_EQ(Whole("0.0000005"), 0);
  EXPECT_EQ(Whole("0.0000015"), 2);
  EXPECT_EQ(Whole("0.0000025"), 2);
  EXPECT_EQ(Whole("-0.0000015"), -2);
  // However far behind the half: it is more than one.
  EXPECT_EQ(Whole("0.0000005000000000000000000000000000000000000000001"), 1);
  EXPECT_EQ(Whole("0.00000049999999999999999999999999999999999999999999"), 0);
  // 2^53 + 1 has no double.
  EXPECT_EQ(Whole("9007199254.740993"), 9'007'199'254'740'993);
}

TEST(RoundDecimal, SaysWhatRoundingLeaves) {
  EXPECT_EQ(RoundDecimal("3.5e-7", kMicro),
            (Rounded{.whole = 0, .rest = kPartsPerUnit / 20 * 7, .exact = false}));
  EXPECT_EQ(RoundDecimal("0.0000016", kMicro),
            (Rounded{.whole = 2, .rest = -kPartsPerUnit / 10 * 4, .exact = false}));
  EXPECT_EQ(RoundDecimal("-3.5e-7", kMicro)->rest, -kPartsPerUnit / 20 * 7);
  for (int64_t i = 0; i < 2'000; ++i) {
    const auto rounded = RoundDecimal(fmt::format("{}.{:03}", i / 1'000, i % 1'000), 100);
    ASSERT_TRUE(rounded);
    // In thousandths of a hundredth.
    EXPECT_EQ(rounded->whole * 1'000 + rounded->rest / (kPartsPerUnit / 1'000), i * 100) << i;
  }
}

TEST(RoundDecimal, RefusesWhatIsNoDecimalOrBeyond64Bits) {
  for (const std::string_view text : {"",
                                      ".",
                                      "-",
                                      "+",
                                      "e5",
                                      "1e",
                                      "1e+",
                                      "1e+-3",
                                      "1e1.5",
                                      "--1",
                                      "+-1",
                                      "1_000",
                                      "1,000",
                                      "1,5",
                                      "0x10",
                                      "nan",
                                      "inf",
                                      " 1",
                                      "1 ",
                                      "$1",
                                      "1%",
                                      "1e30",
                                      "1e99999999999999999999"}) {
    EXPECT_EQ(RoundDecimal(text, kMicro), std::nullopt) << text;
  }
  EXPECT_EQ(Whole("9223372036854.775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(RoundDecimal("9223372036854.775808", kMicro), std::nullopt);
}

TEST(WholeDecimal, TakesWholeNumbersOnly) {
  EXPECT_EQ(WholeDecimal("120.0", 1), 120);
  EXPECT_EQ(WholeDecimal("1.2e2", 1), 120);
  EXPECT_EQ(WholeDecimal("1.25", 100), 125);
  EXPECT_EQ(WholeDecimal("120.5", 1), std::nullopt);
  EXPECT_EQ(WholeDecimal("120.00000000000000000000000000000000000000001", 1), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter
