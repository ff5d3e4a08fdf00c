#include "daemon/domain/fleet/ratio.h"

#include <numeric>
#include <random>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

TEST(Ratio, ReadsDecimalsAndFractionsExactlyAndInLowestTerms) {
  EXPECT_EQ(ParseRatio("4").value(), (Ratio{4, 1}));
  EXPECT_EQ(ParseRatio("1.50").value(), (Ratio{3, 2}));
  EXPECT_EQ(ParseRatio("1/3").value(), (Ratio{1, 3}));
  EXPECT_EQ(ParseRatio("0.6564").value(), (Ratio{1641, 2500}));
  EXPECT_EQ(ParseRatio("9894/3120").value(), (Ratio{1649, 520}));
  EXPECT_EQ(ParseRatio("007").value(), (Ratio{7, 1}));
}

TEST(Ratio, HoldsNineDigitsOnEachSide) {
  EXPECT_EQ(ParseRatio("999999999.999999999").value(),
            (Ratio{999'999'999'999'999'999, 1'000'000'000}));
  EXPECT_EQ(ParseRatio("0.000000001").value(), (Ratio{1, 1'000'000'000}));
  EXPECT_EQ(ParseRatio("1/999999999").value(), (Ratio{1, 999'999'999}));
  EXPECT_FALSE(ParseRatio("1000000000").ok());
  EXPECT_FALSE(ParseRatio("0.0000000001").ok());
  EXPECT_FALSE(ParseRatio("1/1000000000").ok());
}

TEST(Ratio, RefusesWhatIsNoPositiveNumber) {
  for (const std::string text :
       {"",    " ",    "0",  "0.0",   "0/3",   "1/0",   "-1",   "+1",   "1.",
        ".5",  "1/",   "/3", "1/2/3", "1.5/2", "1/2.5", "1e3",  "0x10", "nan",
        "inf", "1 /3", " 1", "1 ",    "1,5",   "1.-5",  "1/-3", "--1"}) {
    const auto ratio = ParseRatio(text);
    ASSERT_FALSE(ratio.ok()) << text;
    EXPECT_EQ(ratio.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(ratio.status().message()), testing::HasSubstr("expected")) << text;
  }
  EXPECT_FALSE(ParseRatio(std::string_view("1\0", 2)).ok());
}

TEST(Ratio, ReadsBackWhatItWrites) {
  EXPECT_EQ((Ratio{3, 2}).ToString(), "3/2");
  EXPECT_EQ((Ratio{4, 1}).ToString(), "4");
  std::mt19937 random(1);
  std::uniform_int_distribution<int64_t> digits(1, 999'999'999);
  for (int i = 0; i < 1'000; ++i) {
    const Ratio any{digits(random), digits(random)};
    const Ratio ratio = ParseRatio(any.ToString()).value();
    EXPECT_EQ(std::gcd(ratio.numerator, ratio.denominator), 1);
    EXPECT_EQ(ratio.numerator * any.denominator, any.numerator * ratio.denominator);
    EXPECT_EQ(ParseRatio(ratio.ToString()).value(), ratio);
  }
}

}  // namespace
}  // namespace fleetmeter
