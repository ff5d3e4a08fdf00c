#include "daemon/config/load_config.h"

#include "daemon/config/load_framework.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

std::string With(std::string_view text, std::string_view from, std::string_view to) {
  std::string out(text);
  out.replace(out.find(from), from.size(), to);
  return out;
}

class LoadFleetModelTest : public testing::Test {
 protected:
  LoadFleetModelTest() { config_.catalog = folder_.Write("c.yaml", kCatalogYaml); }

  void AddPlan(std::string_view name, std::string_view text) {
    config_.plans.push_back(folder_.Write(name, text));
  }
  std::string Error() { return std::string(LoadReferenceData(config_).status().message()); }

  TempFolder folder_;
  DaemonConfig config_;
};

TEST_F(LoadFleetModelTest, OrdersPlansByTheTimeTheyTakeEffect) {
  AddPlan("b.yaml", With(With(kPlanYaml, "2026-01-01", "2027-01-01"), "version: 1", "version: 2"));
  AddPlan("a.yaml", kPlanYaml);
  const auto model = LoadReferenceData(config_);
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_EQ(model->plans.size(), 2u);
  EXPECT_EQ(model->plans[0].version, 1u);
  EXPECT_EQ(model->PlanAt(INT64_MAX).version, 2u);
}

TEST_F(LoadFleetModelTest, RefusesTwoPlansThatTakeEffectAtTheSameTime) {
  AddPlan("a.yaml", kPlanYaml);
  AddPlan("b.yaml", With(With(kPlanYaml, "2026-01-01", "2026-01-01T01:00:00+01:00"), "plan: test",
                         "plan: other"));
  EXPECT_THAT(Error(), HasSubstr("b.yaml:4: effective_from: is the same as in "));
  EXPECT_THAT(Error(), HasSubstr("a.yaml:4"));
}

TEST_F(LoadFleetModelTest, RefusesTwoPlansOfOneNameAndVersion) {
  AddPlan("a.yaml", kPlanYaml);
  AddPlan("b.yaml", With(kPlanYaml, "2026-01-01", "2026-02-01"));
  EXPECT_THAT(Error(), HasSubstr("b.yaml:2: version: test version 1 is also in "));
}

TEST_F(LoadFleetModelTest, RefusesALaterPlanOfTheSameNameWithALowerVersion) {
  AddPlan("a.yaml", With(kPlanYaml, "version: 1", "version: 3"));
  AddPlan("b.yaml", With(With(kPlanYaml, "2026-01-01", "2026-02-01"), "version: 1", "version: 2"));
  EXPECT_THAT(Error(), HasSubstr("b.yaml:2: version: test version 2 takes effect after version 3"));
  EXPECT_THAT(Error(), HasSubstr("a.yaml:2; expected a higher version than that"));
}

TEST_F(LoadFleetModelTest, CommentsAndFormattingDoNotChangeWhatAPlanSays) {
  AddPlan("a.yaml", kPlanYaml);
  const auto plain = LoadReferenceData(config_);
  config_.plans.clear();
  AddPlan("a.yaml",
          With(With(kPlanYaml, "{chip: h100, chips: 1000}", "chip: 'h100'\n    chips: 1000"),
               "version: 1", "version: 1  # the first"));
  const auto commented = LoadReferenceData(config_);
  config_.plans.clear();
  AddPlan("a.yaml", With(kPlanYaml, "share: 80%", "share: 79%"));
  const auto changed = LoadReferenceData(config_);
  ASSERT_TRUE(plain.ok() && commented.ok() && changed.ok()) << commented.status();
  EXPECT_EQ(plain->plans[0].content_digest, commented->plans[0].content_digest);
  EXPECT_NE(plain->plans[0].content_digest, changed->plans[0].content_digest);
}

TEST_F(LoadFleetModelTest, ReportsTheMistakesOfAllPlans) {
  AddPlan("a.yaml", With(kPlanYaml, "tier: p2", "tier: p9"));
  AddPlan("b.yaml", With(kPlanYaml, "chip: h100", "chip: abacus"));
  config_.plans.push_back(folder_.path() + "/none.yaml");
  EXPECT_THAT(Error(), HasSubstr("a.yaml:12: pools[0].tier: is \"p9\"; expected p0"));
  EXPECT_THAT(Error(), HasSubstr("b.yaml:6: supply[0].chip: \"abacus\" is not in the catalog"));
  EXPECT_THAT(Error(), HasSubstr("none.yaml: cannot be opened"));
}

TEST_F(LoadFleetModelTest, NeedsAPlan) { EXPECT_THAT(Error(), HasSubstr("no plans")); }

TEST_F(LoadFleetModelTest, HasNoFrameworkUnlessOneIsNamed) {
  AddPlan("a.yaml", kPlanYaml);
  const auto model = LoadReferenceData(config_);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(model->framework, std::nullopt);
}

TEST_F(LoadFleetModelTest, TakesTheFrameworkBesideThePlans) {
  AddPlan("a.yaml", kPlanYaml);
  config_.framework = SourceDir() + "/deploy/plans/framework.yaml";
  const auto model = LoadReferenceData(config_);
  ASSERT_TRUE(model.ok()) << model.status();
  ASSERT_TRUE(model->framework.has_value());
  EXPECT_EQ(model->framework->assumptions.name, "allocation-framework");
}

TEST_F(LoadFleetModelTest, ReportsTheMistakesOfPlansAndFrameworkTogether) {
  AddPlan("a.yaml", With(kPlanYaml, "tier: p2", "tier: p9"));
  config_.framework = folder_.Write("f.yaml", "framework: wrong\nversion: none\n");
  EXPECT_THAT(Error(), HasSubstr("a.yaml:12: pools[0].tier: is \"p9\"; expected p0"));
  EXPECT_THAT(Error(), HasSubstr("f.yaml:2: version: "));
}

TEST_F(LoadFleetModelTest, NamesTheFrameworkThatCannotBeRead) {
  AddPlan("a.yaml", kPlanYaml);
  config_.framework = folder_.path() + "/none.yaml";
  EXPECT_THAT(Error(), HasSubstr("none.yaml: cannot be opened"));
}

class ShippedConfig : public testing::TestWithParam<const char*> {};

TEST_P(ShippedConfig, LoadsWithItsCatalogAndPlans) {
  const auto config = LoadDaemonConfig(SourceDir() + "/deploy/" + GetParam());
  ASSERT_TRUE(config.ok()) << config.status();
  const auto model = LoadReferenceData(*config);
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_FALSE(model->plans.front().pools.empty());
  EXPECT_TRUE(model->framework.has_value());
}

INSTANTIATE_TEST_SUITE_P(Deploy, ShippedConfig,
                         testing::Values("fleetmeterd.yaml", "demo/daemon.yaml"),
                         [](const auto& info) { return info.index == 0 ? "Installed" : "Demo"; });

TEST(ShippedPlans, AllLoadWithTheShippedCatalog) {
  const auto catalog = LoadCatalog(SourceDir() + "/deploy/catalog/default.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  int plans = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SourceDir() + "/deploy/plans")) {
    // The one framework, which plans are compiled from.
    const std::string name = entry.path().filename();
    if (!name.ends_with(".yaml") || name == "framework.yaml") continue;
    const auto plan = LoadPlan(entry.path().string(), *catalog);
    EXPECT_TRUE(plan.ok()) << plan.status();
    ++plans;
  }
  EXPECT_GE(plans, 1);
}

TEST(ShippedFramework, LoadsWithTheShippedCatalog) {
  const auto document = LoadFramework(SourceDir() + "/deploy/plans/framework.yaml");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_TRUE(std::filesystem::equivalent(document->catalog_path,
                                          SourceDir() + "/deploy/catalog/default.yaml"));
}

TEST(FrameworkCatalogPath, IsRelativeToTheFrameworkFile) {
  const TempFolder folder;
  EXPECT_EQ(FrameworkCatalogPath(folder.Write("f.yaml", "framework: f\ncatalog: sub/c.yaml\n")),
            folder.path() + "/sub/c.yaml");
  EXPECT_EQ(FrameworkCatalogPath(folder.Write("g.yaml", "framework: f\n")), "");
  EXPECT_EQ(FrameworkCatalogPath(folder.Write("h.yaml", "catalog: [\n")), "");
  EXPECT_EQ(FrameworkCatalogPath(folder.path() + "/none.yaml"), "");
}

}  // namespace
}  // namespace fleetmeter
