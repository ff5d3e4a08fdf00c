#include "daemon/ctl/print/pool_order.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

using testing::ElementsAre;

v1::ListPoolsResponse ThreePools() {
  v1::ListPoolsResponse pools;
  const auto add = [&](const char* name, const char* owner, double headroom) {
    v1::Pool& pool = *pools.add_pools();
    pool.set_pool(name);
    pool.set_owner(owner);
    pool.set_allocated_h100e(100);
    pool.set_coverage_ratio(1);
    if (headroom >= 0) pool.set_headroom_h100e(headroom);
  };
  add("serving", "API", 3);
  add("unheard", "Batch", -1);
  add("batch", "Research", 50);
  return pools;
}

std::vector<std::string> Names(const PoolOrder& order) {
  std::vector<std::string> names;
  const v1::ListPoolsResponse arranged = ArrangedPools(ThreePools(), order);
  for (const v1::Pool& pool : arranged.pools()) names.push_back(pool.pool());
  return names;
}

TEST(ArrangedPools, AreInTheOrderOfThePlan) {
  EXPECT_THAT(Names({}), ElementsAre("serving", "unheard", "batch"));
  EXPECT_THAT(Names({.reverse = true}), ElementsAre("batch", "unheard", "serving"));
}

TEST(ArrangedPools, AreSortedWithWhatIsNotKnownAtTheEnd) {
  EXPECT_THAT(Names({.sort = "headroom"}), ElementsAre("batch", "serving", "unheard"));
  EXPECT_THAT(Names({.sort = "headroom", .reverse = true}),
              ElementsAre("serving", "batch", "unheard"));
  EXPECT_THAT(Names({.sort = "pool"}), ElementsAre("batch", "serving", "unheard"));
}

TEST(ArrangedPools, HaveTheTextOfTheFilterInAnyCase) {
  EXPECT_THAT(Names({.filter = "BATCH"}), ElementsAre("unheard", "batch"));
  EXPECT_THAT(Names({.filter = "nearly full"}), ElementsAre("serving"));
  EXPECT_THAT(Names({.filter = "none"}), ElementsAre());
}

TEST(ArrangedPools, SortByEveryNameThatThereIs) {
  for (const std::string& name : PoolSortNames()) {
    EXPECT_EQ(Names({.sort = name}).size(), 3u) << name;
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
