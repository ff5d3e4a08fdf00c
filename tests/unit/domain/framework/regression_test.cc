// Faults that the framework once had, each by its name.
#include <cmath>
#include <string>
#include <vector>

#include "daemon/config/load_config.h"
#include "daemon/config/load_framework.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/domain/framework/compile.h"
#include "daemon/domain/framework/economics.h"
#include "daemon/domain/framework/scenario.h"
#include "daemon/domain/framework/simulation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter::framework {
namespace {

using testing::HasSubstr;

absl::StatusOr<FrameworkDocument> Shipped(const std::vector<YamlOverride>& overrides) {
  return LoadFramework(SourceDir() + "/deploy/plans/framework.yaml", overrides);
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

// It went on to work out revenue on the curve that was not there.
TEST(FrameworkRegression, RefusesAnUnknownCurveWithoutUsingIt) {
  const auto document = Shipped({{"revenue.curve", "steep"}});
  ASSERT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(
      Message(document.status()),
      HasSubstr("revenue.curve (as set): is \"steep\"; expected one of diminishing, linear"));
}

// 0 / 0 is not above 0, nor at most 0.
TEST(FrameworkRegression, AGivenRevenueAnHourNeedsNoPrices) {
  const auto document = Shipped({{"prices", "{free: {usage: 100%, input: 0, output: 0}}"},
                                 {"revenue.usd_per_h100_hour", "5.50"}});
  ASSERT_TRUE(document.ok()) << document.status();
  const RevenueModel model(document->assumptions);
  EXPECT_DOUBLE_EQ(model.UsdPerH100Hour(0.2, "linear"), 5.5);
  EXPECT_DOUBLE_EQ(model.UsdPerH100Hour(0.4, "linear"), 11);
  EXPECT_DOUBLE_EQ(model.UsdPerH100Hour(0.2, "diminishing"), 5.5);
  EXPECT_NEAR(model.UsdPerH100Hour(0.4, "diminishing"), 5.5 * std::log(4.2) / std::log(2.6), 1e-12);
}

TEST(FrameworkRegression, RefusesAnHourThatEarnsNothing) {
  const auto document = Shipped({{"prices", "{free: {usage: 100%, input: 0, output: 0}}"}});
  ASSERT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(document.status()), HasSubstr("an H100-hour earns $0"));
}

// A caller of the daemon may set assumptions; which files it reads is not among them.
TEST(FrameworkRegression, RefusesToSetTheCatalog) {
  const auto document = Shipped({});
  ASSERT_TRUE(document.ok()) << document.status();
  for (const std::string key : {"catalog", "catalog.x"}) {
    const auto overridden = Override(*document, {{key, "/etc/passwd"}});
    ASSERT_EQ(overridden.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(Message(overridden.status()), HasSubstr("catalog: cannot be set"));
    EXPECT_EQ(Shipped({{key, "other.yaml"}}).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(FrameworkRegression, OverridesAfterTheFilesAreGone) {
  std::optional<FrameworkDocument> document;
  {
    const TempFolder folder;
    folder.Write("catalog.yaml", kCatalogYaml);
    std::string text;
    {
      auto read = YamlFile::Read(SourceDir() + "/deploy/plans/framework.yaml");
      ASSERT_TRUE(read.ok());
      text = *read;
    }
    text.replace(text.find("../catalog/default.yaml"), 23, "catalog.yaml");
    auto loaded = LoadFramework(folder.Write("framework.yaml", text));
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    document = *std::move(loaded);
  }
  const auto overridden = Override(*document, {{"training.growth", "3"}});
  ASSERT_TRUE(overridden.ok()) << overridden.status();
  EXPECT_EQ(overridden->assumptions.training.growth, 3);
  ASSERT_TRUE(overridden->catalog.has_value());
  EXPECT_NE(overridden->catalog->Find("h100"), nullptr);
}

// "null" without quotes is no name to a YAML parser.
TEST(FrameworkRegression, WritesNamesThatYamlWouldTakeForNothing) {
  auto document = Shipped({});
  ASSERT_TRUE(document.ok()) << document.status();
  auto plan = CompileScenario(document->assumptions, "recommendation");
  ASSERT_TRUE(plan.ok()) << plan.status();
  plan->name = "NULL";
  plan->pools[0].name = "null";
  plan->pools[0].teams = {"Null", "evals"};
  const auto read = ReadPlan("plan", PlanYaml(*plan), *document->catalog);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->name, "NULL");
  EXPECT_EQ(read->pools[0].name, "null");
  EXPECT_EQ(read->pools[0].teams, (std::vector<std::string>{"Null", "evals"}));
}

// A plan holds whole chips of which there can be so many; the cast of more was undefined.
TEST(FrameworkRegression, RefusesToCompileMoreChipsThanAPlanHolds) {
  const auto document = Shipped({{"supply.tpu_v5p.chips", "1e12"}});
  ASSERT_TRUE(document.ok()) << document.status();
  const auto plan = CompileScenario(document->assumptions, "revenue-priority");
  ASSERT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(plan.status()), HasSubstr("supply.tpu_v5p: comes to 1,000,000,000,000 chips; "
                                                "expected at most 1,000,000,000"));
}

// What is held was checked only after the demand that it replaces, which did not fit.
TEST(FrameworkRegression, AHeldCategoryTakesTheBaselinesHoursWhateverItDemands) {
  const auto shipped = Shipped({});
  ASSERT_TRUE(shipped.ok()) << shipped.status();
  const auto baseline = MakeBaseline(shipped->assumptions);
  const auto cheap = Shipped({{"revenue.usd_per_h100_hour", "1.50"}});
  ASSERT_TRUE(baseline.ok() && cheap.ok()) << cheap.status();
  const Assumptions& assumptions = cheap->assumptions;
  ASSERT_FALSE(Allocate(assumptions, "recommendation").ok());
  EXPECT_FALSE(StartIn(assumptions, "recommendation", *baseline, Changes{}).ok());
  Changes changes;
  changes.held = {Category::kInference};
  const auto start = StartIn(assumptions, "recommendation", *baseline, changes);
  ASSERT_TRUE(start.ok()) << start.status();
  const auto simulation = Simulate(assumptions, *start, *baseline, changes);
  ASSERT_TRUE(simulation.ok()) << simulation.status();
  for (const Category category : kShared) {
    EXPECT_NEAR(simulation->after.hours.at(category), baseline->allocation.Of(category),
                1e-6 * baseline->allocation.supply_hours)
        << Name(category);
  }
}

TEST(FrameworkRegression, ASharedOrTargetedCategoryIsCheckedWithWhatItIsGiven) {
  const auto shipped = Shipped({});
  const auto cheap = Shipped({{"revenue.usd_per_h100_hour", "1.50"}});
  ASSERT_TRUE(shipped.ok() && cheap.ok());
  const auto baseline = MakeBaseline(shipped->assumptions);
  ASSERT_TRUE(baseline.ok()) << baseline.status();
  Changes changes;
  changes.shares = {{Category::kInference, 0.2}};
  EXPECT_TRUE(StartIn(cheap->assumptions, "recommendation", *baseline, changes).ok());
  changes.shares = {{Category::kInference, 0.9}};
  EXPECT_FALSE(StartIn(cheap->assumptions, "recommendation", *baseline, changes).ok());
  changes.shares.clear();
  changes.revenue_usd = 3e9;
  EXPECT_TRUE(StartIn(cheap->assumptions, "recommendation", *baseline, changes).ok());
}

}  // namespace
}  // namespace fleetmeter::framework
