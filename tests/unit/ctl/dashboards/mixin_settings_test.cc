#include "daemon/ctl/dashboards/mixin_settings.h"

#include "gmock/gmock.h"

namespace fleetmeter::ctl {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class MixinSettingsTest : public testing::Test {
 protected:
  std::string Refusal(const std::string& assignment) {
    const absl::Status status = settings_.Set(assignment);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << assignment;
    return std::string(status.message());
  }

  MixinSettings settings_{json{{"grafanaUrl", "http://localhost:3000"},
                               {"selector", "job=\"fleetmeter\""},
                               {"underuse", {{"utilizationRatio", 0.5}, {"window", "30m"}}},
                               {"demand", {{"for", "15m"}}},
                               {"fast", false}}};
};

TEST_F(MixinSettingsTest, TakesValuesOfTheKindOfTheDefault) {
  for (const char* assignment :
       {"underuse.window=1h", "underuse.utilizationRatio=45%", "grafanaUrl=https://g.org/",
        "fast=true", "selector=job=\"meter\""}) {
    EXPECT_TRUE(settings_.Set(assignment).ok()) << assignment;
  }
  EXPECT_EQ(settings_.overrides(),
            (json{{"underuse", {{"window", "1h"}, {"utilizationRatio", 0.45}}},
                  {"grafanaUrl", "https://g.org"},
                  {"fast", true},
                  {"selector", "job=\"meter\""}}));
}

TEST_F(MixinSettingsTest, NamesTheNearestOfKeysThatThereAre) {
  EXPECT_THAT(Refusal("underuse.windw=1h"), HasSubstr("the nearest is underuse.window"));
  EXPECT_THAT(Refusal("undreuse.window=1h"), HasSubstr("the nearest is underuse.window"));
  EXPECT_THAT(Refusal("grafana_url=http://g"), HasSubstr("\"grafana_url\"; the nearest is"));
  EXPECT_THAT(Refusal("underuse/window=1h"), HasSubstr("there is no setting"));
}

TEST_F(MixinSettingsTest, RefusesWhatIsNoKeyOrNoValue) {
  EXPECT_THAT(Refusal("underuse.window"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("=1h"), HasSubstr("expected KEY=VALUE"));
  EXPECT_THAT(Refusal("underuse=1h"),
              HasSubstr("expected one of: underuse.utilizationRatio, underuse.window"));
}

TEST_F(MixinSettingsTest, RefusesValuesOfAnotherKind) {
  for (const char* window : {"", "1", "1h30m", "90", "0m", "1w", "-1h", "1 h"}) {
    EXPECT_THAT(Refusal(std::string("underuse.window=") + window), HasSubstr("a duration"))
        << window;
  }
  EXPECT_THAT(Refusal("underuse.utilizationRatio=half"), HasSubstr("a number such as"));
  EXPECT_THAT(Refusal("grafanaUrl=grafana.my.org"), HasSubstr("http:// or https://"));
  EXPECT_THAT(Refusal("fast=yes"), HasSubstr("true or false"));
  EXPECT_THAT(Refusal("selector=a\nb"), HasSubstr("without control characters"));
  EXPECT_EQ(settings_.overrides(), json::object()) << "nothing of what was refused is set";
}

TEST_F(MixinSettingsTest, ListsAllWithTheirDefaults) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : settings_.All()) lines.push_back(key + "=" + value);
  EXPECT_THAT(
      lines, testing::ElementsAre("demand.for=15m", "fast=false",
                                  "grafanaUrl=http://localhost:3000", "selector=job=\"fleetmeter\"",
                                  "underuse.utilizationRatio=0.5", "underuse.window=30m"));
}

}  // namespace
}  // namespace fleetmeter::ctl
