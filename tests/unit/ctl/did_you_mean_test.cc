#include "daemon/ctl/did_you_mean.h"

#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

TEST(EditDistance, CountsChangesAdditionsDropsAndSwaps) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("pools", "pools"), 0u);
  EXPECT_EQ(EditDistance("pool", "pools"), 1u);
  EXPECT_EQ(EditDistance("poolss", "pools"), 1u);
  EXPECT_EQ(EditDistance("pouls", "pools"), 1u);
  EXPECT_EQ(EditDistance("polos", "pools"), 1u);
  EXPECT_EQ(EditDistance("--outptu", "--output"), 1u);
  EXPECT_EQ(EditDistance("", "pools"), 5u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(DidYouMean, NamesTheNearest) {
  EXPECT_EQ(DidYouMean("pool", {"plan", "pools", "top"}), "pools");
  EXPECT_EQ(DidYouMean("--timeot", {"--to", "--timeout"}), "--timeout");
  EXPECT_EQ(DidYouMean("tpo", {"plan", "top"}), "top");
}

TEST(DidYouMean, NamesNothingThatIsFar) {
  EXPECT_EQ(DidYouMean("nonsense", {"plan", "pools", "top"}), std::nullopt);
  EXPECT_EQ(DidYouMean("x", {"top", "plan"}), std::nullopt);
  EXPECT_EQ(DidYouMean("pools", {}), std::nullopt);
  EXPECT_EQ(DidYouMean("", {"top"}), std::nullopt);
}

}  // namespace
}  // namespace fleetmeter::ctl
