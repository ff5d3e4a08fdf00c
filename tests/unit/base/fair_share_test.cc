// Whoever wants everything leaves some of it for others.
#include "daemon/base/fair_share.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

using Sharing = FairShare::Sharing;

size_t TakeAllThatOneGets(FairShare& places, const std::string& identity) {
  size_t taken = 0;
  while (places.TryTake(identity)) ++taken;
  return taken;
}

TEST(FairShare, WithoutSharingOneMayHaveAll) {
  FairShare places(100, Sharing::kAll);
  EXPECT_EQ(TakeAllThatOneGets(places, "a"), 100u);
  EXPECT_FALSE(places.TryTake("b"));
}

TEST(FairShare, OneGetsThreeQuartersAndTheNextThatMuchOfTheRest) {
  FairShare places(100, Sharing::kFair);
  EXPECT_EQ(TakeAllThatOneGets(places, "a"), 75u);
  EXPECT_EQ(TakeAllThatOneGets(places, "b"), 19u);
  EXPECT_TRUE(places.TryTake("c")) << "there is always some for who has nothing";
  EXPECT_EQ(places.taken(), 95u);
}

TEST(FairShare, WhatIsGivenBackIsForAll) {
  FairShare places(10, Sharing::kFair);
  EXPECT_TRUE(places.TryTake("a", 6));
  EXPECT_FALSE(places.TryTake("b", 5));
  places.GiveBack("a", 6);
  EXPECT_EQ(places.taken(), 0u);
  EXPECT_EQ(places.Of("a"), 0u);
  EXPECT_TRUE(places.TryTake("b", 5));
}

TEST(FairShare, NothingIsAlwaysThere) {
  FairShare places(1, Sharing::kFair);
  EXPECT_TRUE(places.TryTake("a"));
  EXPECT_TRUE(places.TryTake("b", 0));
  EXPECT_TRUE(places.TryTake("a", 0));
  places.GiveBack("b", 0);
  EXPECT_FALSE(places.TryTake("b", 1));
}

// What wants more than all must not come by an overflow.
TEST(FairShare, MoreThanThereIsIsRefused) {
  FairShare places(10, Sharing::kAll);
  EXPECT_TRUE(places.TryTake("a", 4));
  EXPECT_FALSE(places.TryTake("a", 7));
  EXPECT_FALSE(places.TryTake("a", static_cast<size_t>(-1)));
}

}  // namespace
}  // namespace fleetmeter
