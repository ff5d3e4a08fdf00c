#include "daemon/ctl/dashboards/yaml_writer.h"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace fleetmeter::ctl {
namespace {

using nlohmann::ordered_json;

TEST(YamlWriterTest, WritesBlocksInTheirOrder) {
  const ordered_json document = {
      {"groups", {{{"name", "a"}, {"rules", {{{"expr", "up == 0"}, {"for", "1m"}}}}}}},
      {"empty", ordered_json::object()},
      {"none", ordered_json::array()},
      {"list", {1, {2, 3}, "x"}},
  };
  EXPECT_EQ(
      YamlText(document),
      "groups:\n- name: a\n  rules:\n  - expr: 'up == 0'\n    for: '1m'\nempty: {}\nnone: []\n"
      "list:\n- 1\n- - 2\n  - 3\n- x\n");
}

TEST(YamlWriterTest, KeepsNumbersAndWordsApart) {
  EXPECT_EQ(YamlText({{"a", 0.05}, {"b", "0.05"}, {"c", true}, {"d", "true"}, {"e", nullptr}}),
            "a: 0.05\nb: '0.05'\nc: true\nd: 'true'\ne: null\n");
}

TEST(YamlWriterTest, ShowsLinesAsTheyAre) {
  EXPECT_EQ(YamlText({{"text", "{\n  \"a\": 1\n}\n"}}), "text: |\n  {\n    \"a\": 1\n  }\n");
}

// Another reader finds the same text, whatever it is.
TEST(YamlWriterTest, EveryTextReadsBack) {
  for (const std::string text : {"",
                                 " ",
                                 "a",
                                 "yes",
                                 "No",
                                 "null",
                                 "~",
                                 "1e3",
                                 "0x1",
                                 "2026-01-01",
                                 "a: b",
                                 "- a",
                                 "#a",
                                 "a #b",
                                 "it's",
                                 "\"q\"",
                                 "a\\b",
                                 "{{ $labels.pool }}",
                                 "a\nb",
                                 "a\nb\n",
                                 "\na\n",
                                 " a\nb\n",
                                 "a\n\n",
                                 "tab\there",
                                 "ünïcode",
                                 "a\n\n b\n",
                                 "*x",
                                 "&x",
                                 "!x",
                                 "%x",
                                 "@x",
                                 "[x]",
                                 "a,b",
                                 "a:",
                                 "line\r\nline\n",
                                 "y"}) {
    const ordered_json document = {{"key", text}, {"list", {text, {{"inner", text}}}}};
    const YAML::Node read = YAML::Load(YamlText(document));
    EXPECT_EQ(read["key"].as<std::string>(), text);
    EXPECT_EQ(read["list"][0].as<std::string>(), text);
    EXPECT_EQ(read["list"][1]["inner"].as<std::string>(), text);
    EXPECT_EQ(read.size(), 2U);
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
