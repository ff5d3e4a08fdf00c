// The fleets, plans and configurations that are shipped for replays.
#include <gtest/gtest.h>

#include <cstdlib>

#include "collectors/replay/csv/csv_source.h"
#include "daemon/config/load_config.h"
#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter {
namespace {

std::string InSource(const std::string& path) {
  return std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/" + path;
}

absl::StatusOr<ReferenceData> Load(const std::string& path) {
  absl::StatusOr<DaemonConfig> config = LoadDaemonConfig(InSource(path));
  if (!config.ok()) return config.status();
  EXPECT_TRUE(config->ingest.accept_replay);
  return LoadReferenceData(*config);
}

TEST(ShippedFiles, DemoDayHasTheSupplyOfItsPlanAtAllTimes) {
  const absl::StatusOr<ReferenceData> model = Load("deploy/demo/daemon.yaml");
  ASSERT_TRUE(model.ok()) << model.status();
  collector::ReplayOptions replay;
  replay.until_seconds = 86'400;
  auto source = collector::MakeCsvSource({InSource("deploy/demo/fleet.csv"), replay});
  ASSERT_TRUE(source.ok()) << source.status();
  while ((*source)->RemainingNanos() > 0) {
    std::vector<v1::UsageReport> reports;
    ASSERT_TRUE((*source)->Sample(collector::WindowOf(600 * collector::kSecond), reports).ok());
    std::map<std::string, int64_t> chips;
    for (const auto& report : reports) {
      for (const auto& group : report.groups()) {
        ASSERT_TRUE(group.has_per_chip()) << report.source();
        chips[group.chip()] += group.per_chip().device_size();
      }
    }
    for (const DeclaredSupply& supply : model->plans[0].supply) {
      EXPECT_EQ(chips[supply.chip], supply.chips) << supply.chip;
    }
    EXPECT_EQ(chips.size(), model->plans[0].supply.size());
  }
}

TEST(ShippedFiles, DemoFleetPassesItsOwnCheck) {
  const std::string command = "/usr/bin/python3 '" + InSource("deploy/demo/make_fleet.py") + "'";
  EXPECT_EQ(std::system((command + " --check").c_str()), 0);
}

TEST(ShippedFiles, OpenbPlanAndCatalogAreWellFormed) {
  const absl::StatusOr<ReferenceData> model = Load("collectors/replay/openb/daemon.yaml");
  ASSERT_TRUE(model.ok()) << model.status();
  for (const char* kind : {"G2", "T4", "G3", "P100", "V100M32", "V100M16", "A10"}) {
    EXPECT_NE(model->catalog.Find(kind), nullptr) << kind;
  }
}

}  // namespace
}  // namespace fleetmeter
