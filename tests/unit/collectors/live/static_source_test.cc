#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

TEST(StaticSource, StatesChipsAndTheirHolders) {
  const auto source = ConfiguredSource("static",
                                       "devices:\n"
                                       "- {chips: 2, model: h200, holder: {team: search}}\n"
                                       "- {index: 7, model: h200, fitness: drained}\n");
  ASSERT_NE(source, nullptr);
  const auto seen = source->Observe(LookFor());
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->hosts.size(), 1u);
  const HostReading& host = seen->hosts[0];
  EXPECT_EQ(host.host, "node-1");
  EXPECT_EQ(host.listing, Listing::kSome);
  ASSERT_EQ(host.devices.size(), 3u);
  EXPECT_EQ(host.devices[0].parts[0].holders.size(), 1u);
  EXPECT_EQ(host.devices[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(host.devices[2].index, 7u);
  EXPECT_EQ(host.devices[2].fitness, Fitness::kDrained);
  EXPECT_TRUE(host.devices[2].parts[0].holders.empty());
}

TEST(StaticSource, MayStateThatTheHostHasNoOtherChips) {
  const auto source = ConfiguredSource("static", "all_chips: true\ndevices: [{chips: 1}]\n");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->Observe(LookFor())->hosts.at(0).listing, Listing::kAll);
}

TEST(StaticSource, RefusesOneChipThatIsSeveral) {
  EXPECT_THAT(ConfigurationError("static", "devices: [{chips: 2, uuid: GPU-1}]\n"),
              HasSubstr("names one chip and counts several"));
  EXPECT_THAT(ConfigurationError("static", "devices: [{fitness: ill}]\n"), HasSubstr("fitness"));
}

}  // namespace
}  // namespace fleetmeter::collector
