#include "daemon/accounting/double_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(DoubleHosts, AreShortAndLongNamesOfOneHost) {
  EXPECT_THAT(DoubleHosts({"node-1", "node-2", "node-1.cluster.local", "node-2:9400"}, 10),
              ElementsAre(Pair("node-1", "node-1.cluster.local"), Pair("node-2", "node-2:9400")));
}

TEST(DoubleHosts, AreNamesThatDifferInUpperCase) {
  EXPECT_THAT(DoubleHosts({"node-1", "NODE-1"}, 10), ElementsAre(Pair("node-1", "NODE-1")));
  EXPECT_THAT(DoubleHosts({"NODE-1", "node-1.lab"}, 10), ElementsAre(Pair("NODE-1", "node-1.lab")));
}

TEST(DoubleHosts, AreNotNumberedHosts) {
  EXPECT_THAT(DoubleHosts({"node-1", "node-12", "node-2", "10.0.0.1", "10.0.0.11"}, 10), IsEmpty());
  EXPECT_THAT(DoubleHosts({}, 10), IsEmpty());
}

TEST(DoubleHosts, AreNamedUpToALimit) {
  EXPECT_THAT(DoubleHosts({"a", "a.x", "a.y", "a.z"}, 2),
              ElementsAre(Pair("a", "a.x"), Pair("a", "a.y")));
}

}  // namespace
}  // namespace fleetmeter
