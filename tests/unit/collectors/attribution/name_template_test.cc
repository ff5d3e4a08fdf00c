#include "collectors/attribution/name_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Attributes Job() {
  Attributes job;
  job.Set("account", "nlp");
  job.Set("partition", "h100");
  job.Set("gpus", 8);
  job.Set("label.app.kubernetes.io/name", "chat");
  job.Set("comment", "two\nlines");
  job.Set("command", std::string(kMaxNameBytes + 1, 'x'));
  return job;
}

std::optional<std::string> Fill(const std::string& text) {
  const auto parsed = NameTemplate::Parse(text);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  return parsed->Fill(Job());
}

TEST(NameTemplate, PutsAttributesIntoTheirPlaces) {
  EXPECT_EQ(Fill("research"), "research");
  EXPECT_EQ(Fill("{account}"), "nlp");
  EXPECT_EQ(Fill("{account}-{partition}x{gpus}!"), "nlp-h100x8!");
  EXPECT_EQ(Fill("{label.app.kubernetes.io/name}"), "chat");
}

TEST(NameTemplate, MakesNothingForAThingThatLacksAnAttribute) {
  EXPECT_EQ(Fill("{user}"), std::nullopt);
  EXPECT_EQ(Fill("by-{user}"), std::nullopt);
}

TEST(NameTemplate, MakesNothingThatAReportMayNotHave) {
  EXPECT_EQ(Fill("{comment}"), std::nullopt);
  EXPECT_EQ(Fill("{command}"), std::nullopt);
  EXPECT_EQ(Fill(""), std::nullopt);
}

TEST(NameTemplate, KnowsWhatItAsksFor) {
  EXPECT_THAT(NameTemplate::Parse("{a}-{b}{a}")->AttributeNames(), ElementsAre("a", "b", "a"));
  EXPECT_THAT(NameTemplate::Parse("plain")->AttributeNames(), IsEmpty());
}

TEST(NameTemplate, RefusesBracesThatDoNotMatch) {
  for (const char* text : {"{", "a{b", "}", "a}b", "{{a}", "{a}}", "{a{b}}"}) {
    EXPECT_THAT(std::string(NameTemplate::Parse(text).status().message()),
                HasSubstr("brace that has no partner"))
        << text;
  }
  EXPECT_THAT(std::string(NameTemplate::Parse("a{}").status().message()),
              HasSubstr("is \"a{}\", with nothing between two braces; expected the name of"));
}

}  // namespace
}  // namespace fleetmeter::collector
