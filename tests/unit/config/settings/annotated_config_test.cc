#include <regex>
#include <sstream>

#include "daemon/config/load_config.h"
#include "daemon/config/settings/print_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/config/settings/setting_values.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// As somebody would who removes every # in front of a setting.
std::string WithEverySetting(const std::string& text) {
  static const std::regex commented("^( *)#((|  +)(- |[a-z_]+:).*)$");
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    out += std::regex_replace(line, commented, "$1$2") + '\n';
  }
  return out;
}

DaemonConfig Loaded(const std::string& text) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", text));
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? *config : DaemonConfig();
}

TEST(AnnotatedConfig, SetsTheShippedFilesAndNothingElse) {
  const SettingValues shipped = ValuesOf(Loaded(AnnotatedConfig()));
  SettingValues defaults = ValuesOf(DaemonConfig());
  EXPECT_THAT(shipped.at("catalog").value.dump(), HasSubstr("/catalog/default.yaml"));
  EXPECT_THAT(shipped.at("plans").value.dump(), HasSubstr("/plans/example.yaml"));
  EXPECT_THAT(shipped.at("framework").value.dump(), HasSubstr("/plans/framework.yaml"));
  for (const auto& [key, setting] : shipped) {
    if (key == "catalog" || key == "plans" || key == "framework") continue;
    EXPECT_EQ(setting.value, defaults.at(key).value) << key;
  }
}

TEST(AnnotatedConfig, ShowsEverySettingWithItsDefaultOrAnExampleThatLoads) {
  const SettingValues shown = ValuesOf(Loaded(WithEverySetting(AnnotatedConfig())));
  const SettingValues defaults = ValuesOf(DaemonConfig());
  EXPECT_GE(shown.size(), 47U);
  for (const auto& [key, setting] : shown) {
    EXPECT_FALSE(setting.value.is_null()) << key << " is not shown";
    if (!setting.has_example) {
      EXPECT_EQ(setting.value, defaults.at(key).value) << key;
    }
  }
  EXPECT_EQ(shown.at("ledger.path").value, "/var/lib/fleetmeter/ledger.db");
  EXPECT_EQ(shown.at("tls").value.at("trust_domain"), "example.org");
  EXPECT_EQ(shown.at("authorization").value.size(), 8U);
}

TEST(AnnotatedConfig, SaysWhatASettingIsForItsRangeAndWhatAChangeTakes) {
  const std::string text = AnnotatedConfig();
  EXPECT_THAT(text, StartsWith("# yaml-language-server: $schema=fleetmeterd.schema.json\n"));
  EXPECT_THAT(text, HasSubstr("  # Larger messages are refused.\n"
                              "  # Values go from 1KiB to 64MiB. A change takes a restart.\n"
                              "  #max_message: 4MiB\n"));
  EXPECT_THAT(text, HasSubstr("  # Values go from 0ns to 1h.\n  #future_tolerance: 5s\n"));
  EXPECT_THAT(text, HasSubstr("  # It is not set by default. A change takes a restart.\n"
                              "  #admin: 127.0.0.1:7445\n"));
  EXPECT_THAT(text, HasSubstr("\n#tls:\n#  trust_domain: example.org\n"));
  EXPECT_THAT(text, HasSubstr("\n  rate:\n    # An identity may"));
}

TEST(AnnotatedConfig, KeepsItsCommentsWithin100Columns) {
  std::istringstream lines(AnnotatedConfig());
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
}

}  // namespace
}  // namespace fleetmeter
