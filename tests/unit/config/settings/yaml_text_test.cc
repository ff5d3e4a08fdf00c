#include "daemon/config/settings/yaml_text.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;

TEST(FlowYaml, WritesTextPlainlyWhereYamlLetsIt) {
  EXPECT_EQ(FlowYaml("90%"), "90%");
  EXPECT_EQ(FlowYaml("127.0.0.1:7443"), "127.0.0.1:7443");
  EXPECT_EQ(FlowYaml("/etc/x.yaml"), "/etc/x.yaml");
  EXPECT_EQ(FlowYaml("spiffe://example.org/ops/*"), "\"spiffe://example.org/ops/*\"");
  EXPECT_EQ(FlowYaml("*"), "\"*\"");
  EXPECT_EQ(FlowYaml("a b"), "\"a b\"");
  EXPECT_EQ(FlowYaml("- x"), "\"- x\"");
  EXPECT_EQ(FlowYaml("a:"), "\"a:\"");
  EXPECT_EQ(FlowYaml("true"), "\"true\"");
  EXPECT_EQ(FlowYaml(""), "\"\"");
  EXPECT_EQ(FlowYaml("a\nb"), "\"a\\nb\"");
}

TEST(FlowYaml, WritesListsAndMappingsOnOneLine) {
  EXPECT_EQ(FlowYaml(ordered_json::parse(R"({"b": [1, "x"], "a": {"c": true, "d": 0.1}})")),
            "{b: [1, x], a: {c: true, d: 0.1}}");
}

// The folder of a configuration file may have any name.
TEST(FlowYaml, DoesNotFailOnWhatIsNotUtf8) { EXPECT_EQ(FlowYaml("/a\xff"), "\"/a\xEF\xBF\xBD\""); }

TEST(YamlComment, BreaksLinesBetweenWords) {
  const std::string word(40, 'x');
  EXPECT_EQ(YamlComment(word + " " + word + " " + word, 2),
            "  # " + word + " " + word + "\n  # " + word + "\n");
}

TEST(YamlComment, KeepsParagraphsAndIndentedLines) {
  EXPECT_EQ(YamlComment("One.\n\nTwo:\n  three  four\n", 0),
            "# One.\n#\n# Two:\n#   three  four\n");
  EXPECT_EQ(YamlComment("", 2), "");
}

TEST(YamlComment, LeavesALongWordWhole) {
  const std::string word(120, 'x');
  EXPECT_EQ(YamlComment("a " + word, 0), "# a\n# " + word + "\n");
}

TEST(Shortened, CutsBetweenCharacters) {
  EXPECT_EQ(Shortened("abc", 3), "abc");
  EXPECT_EQ(Shortened("abcd", 3), "abc...");
  EXPECT_EQ(Shortened("a\xC3\xA4z", 2), "a...");
}

}  // namespace
}  // namespace fleetmeter
