#include "daemon/ctl/dashboards/mixin.h"

#include "gmock/gmock.h"
#include "tests/support/tries.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;

// Rendering is libjsonnet's work, which takes minutes under a sanitizer; the release build does it.
#define SKIP_RENDERING_UNDER_SANITIZERS() \
  if (Tries(1, 0) == 0) GTEST_SKIP() << "libjsonnet renders for minutes under a sanitizer"

TEST(MixinTest, HasDefaults) {
  const auto defaults = MixinDefaults();
  ASSERT_TRUE(defaults.ok()) << defaults.status();
  EXPECT_EQ(defaults->at("underuse").at("window"), "30m");
}

TEST(MixinTest, RendersEveryFileWithWhatWasSet) {
  SKIP_RENDERING_UNDER_SANITIZERS();
  const auto files = RenderMixin(
      {.overrides = {{"underuse", {{"window", "2h"}}}, {"grafanaUrl", "https://g.my.org"}},
       .dashboards_path = "/srv/dashboards",
       .prometheus_url = "http://p:9090"});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_GT(files->size(), 15U);
  const std::string& alerts = files->at("prometheus/alerts.yaml");
  EXPECT_THAT(alerts, HasSubstr("for: '2h'"));
  EXPECT_THAT(alerts, HasSubstr("< 0.5 and")) << "the rest of the group stays";
  EXPECT_THAT(alerts, HasSubstr("https://g.my.org/d/fleetmeter-pools"));
  EXPECT_THAT(files->at("grafana/provisioning/dashboards/fleetmeter.yaml"),
              HasSubstr("path: '/srv/dashboards'"));
  EXPECT_THAT(files->at("grafana/provisioning/datasources/fleetmeter.yaml"),
              HasSubstr("url: 'http://p:9090'"));
  EXPECT_THAT(files->at("kubernetes/prometheusrule.yaml"), HasSubstr("kind: PrometheusRule"));
}

TEST(MixinTest, MakesNoDataSourceWithoutAnAddress) {
  SKIP_RENDERING_UNDER_SANITIZERS();
  const auto files = RenderMixin(
      {.overrides = nlohmann::json::object(), .dashboards_path = "/srv", .prometheus_url = ""});
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_FALSE(files->contains("grafana/provisioning/datasources/fleetmeter.yaml"));
}

TEST(MixinTest, SaysWhatOfTheOverridesDoesNotGo) {
  const auto files =
      RenderMixin({.overrides = {{"underuse", "2h"}}, .dashboards_path = "", .prometheus_url = ""});
  ASSERT_FALSE(files.ok());
  EXPECT_EQ(files.status().message(), "underuse is a group of settings; expected an object");
}

}  // namespace
}  // namespace fleetmeter::ctl
