#include "collectors/attribution/read_attribution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

const Vocabulary& Things(bool may_leave_unattributed = true) {
  static const std::vector<AttributeSpec> attributes = {{"namespace"},
                                                        {"label."},
                                                        {"container", AttributeKind::kTexts},
                                                        {"gpus", AttributeKind::kInteger, 1, 16}};
  static const Vocabulary some{attributes, true};
  static const Vocabulary all{attributes, false};
  return may_leave_unattributed ? some : all;
}

std::string ErrorOf(const std::string& text, const Vocabulary& vocabulary = Things()) {
  TempFolder folder;
  const auto rules = ReadAttributionFile(folder.Write("rules.yaml", text), vocabulary);
  EXPECT_EQ(rules.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(rules.status().message());
}

TEST(ReadAttribution, NamesLineAndKeyOfWhatIsWrong) {
  const std::string head = "version: 1\nrules:\n  - ";
  const std::string rest = "\n  - {pool: p, team: t}\n";
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"version: [\n", "rules.yaml:"},
      {"[]\n", "rules.yaml:1: is not a mapping"},
      {"", "rules.yaml:1: version: is missing; expected 1"},
      {"version: 2\nrules: [{pool: p, team: t}]\n",
       "rules.yaml:1: version: is \"2\"; expected one of 1"},
      {"version: 1\n", "rules.yaml:1: rules: is missing; expected a list of at least one rule"},
      {"version: 1\nrules: []\n", "rules.yaml:2: rules: is empty; expected a list of at least one"},
      {"version: 1\nrules: [{pool: p, team: t}]\nrule: 1\n",
       "rules.yaml:3: rule: unknown key (did you mean rules?); expected one of"},
      {"version: 1\nunmatched: ignore\nrules: [{pool: p, team: t}]\n",
       "rules.yaml:2: unmatched: is \"ignore\"; expected one of error, unattributed"},
      {head + "p\n", "rules.yaml:3: rules[0]: is not a mapping"},
      {head + "{team: t}\n", "rules.yaml:3: rules[0].pool: is missing; expected a name"},
      {head + "{pool: p, team: t, color: red}\n", "rules.yaml:3: rules[0].color: unknown key"},
      {head + "{pool: [p], team: t}\n", "rules.yaml:3: rules[0].pool: is a list; expected text of"},
      {head + "{pool: {namespace}, team: t}\n",
       "rules[0].pool: is a mapping; expected text, in quotes if it begins with a brace"},
      {head + "{pool: \"{namespace\", team: t}\n",
       "rules[0].pool: is \"{namespace\", with a brace"},
      {head + "{pool: \"{name_space}\", team: t}\n",
       "rules[0].pool: names the unknown attribute \"name_space\"; expected one of namespace, "
       "label.NAME, container, gpus"},
      {head + "{pool: \"{label.}\", team: t}\n", "names the unknown attribute \"label.\""},
      {head + "{pool: \"{container}\", team: t}\n",
       "names \"container\", which may have several values; expected an attribute with one"},
      {head + "{match: {}, pool: p, team: t}" + rest,
       "rules.yaml:3: rules[0].match: is empty; expected conditions on namespace, label.NAME,"},
      {head + "{match: [a], pool: p, team: t}" + rest, "rules[0].match: is not a mapping"},
      {head + "{match: {name: [a]}, pool: p, team: t}" + rest,
       "rules.yaml:3: rules[0].match.name: unknown attribute; expected one of namespace,"},
      {head + "{match: {namespace: [a], namespace: [b]}, pool: p, team: t}" + rest,
       "rules[0].match.namespace: is given twice"},
      {head + "{match: {namespace: a}, pool: p, team: t}" + rest,
       "rules[0].match.namespace: is a single value; expected a list of at least one"},
      {head + "{match: {namespace: [a, [b]]}, pool: p, team: t}" + rest,
       "rules[0].match.namespace[1]: is a list; expected text"},
      {head + "{match: {namespace: {min: 1}}, pool: p, team: t}" + rest,
       "rules[0].match.namespace.min: unknown key"},
      {head + "{match: {namespace: {glob: a*}}, pool: p, team: t}" + rest,
       "rules[0].match.namespace.glob: is a single value; expected a list"},
      {head + "{match: {namespace: {re2: ['a(']}}, pool: p, team: t}" + rest,
       "rules[0].match.namespace.re2[0]: is \"a(\", which is no pattern: missing ): a(; expected"},
      {head + "{match: {namespace: {re2: [a], glob: [a]}}, pool: p, team: t}" + rest,
       "rules[0].match.namespace: has both glob and re2; expected one of them"},
      {head + "{match: {namespace: {re2: ['(?P<namespace>.*)']}}, pool: p, team: t}" + rest,
       "rules[0].match: captures \"namespace\", which is the name of an attribute"},
      {head +
           "{match: {namespace: {re2: ['(?P<x>a)']}, container: {re2: ['(?P<x>b)']}}, pool: p, "
           "team: t}" +
           rest,
       "rules[0].match: captures \"x\" of two attributes; expected a name for each"},
      {head + "{match: {namespace: {re2: ['(?P<x>a)']}}, pool: '{y}', team: t}" + rest,
       "rules[0].pool: names the unknown attribute \"y\""},
      {head + "{match: {gpus: [8]}, pool: p, team: t}" + rest,
       "rules[0].match.gpus: is not a range; expected {min: N, max: N}"},
      {head + "{match: {gpus: {}}, pool: p, team: t}" + rest,
       "rules[0].match.gpus: is empty; expected min, max or both"},
      {head + "{match: {gpus: {min: 0}}, pool: p, team: t}" + rest,
       "rules[0].match.gpus.min: is 0, out of range; expected an integer from 1 to 16"},
      {head + "{match: {gpus: {min: 3, max: 2}}, pool: p, team: t}" + rest,
       "rules[0].match.gpus: has min above max"},
  };
  for (const auto& c : cases) EXPECT_THAT(ErrorOf(c.text), HasSubstr(c.error)) << c.text;
}

TEST(ReadAttribution, LimitsNamesToWhatAReportMayHave) {
  const auto rules = [](size_t bytes) {
    return "version: 1\nrules: [{pool: " + std::string(bytes, 'p') + ", team: t}]\n";
  };
  EXPECT_THAT(ErrorOf(rules(129)), HasSubstr("rules[0].pool: has 129 bytes; expected 1 to 128"));
  TempFolder folder;
  EXPECT_TRUE(ReadAttributionFile(folder.Write("rules.yaml", rules(128)), Things()).ok());
}

TEST(ReadAttribution, RefusesARuleThatIsNeverReached) {
  EXPECT_THAT(ErrorOf("version: 1\nrules:\n  - {pool: a, team: t}\n  - {pool: b, team: t}\n"),
              HasSubstr("rules.yaml:3: rules[0]: takes everything, so that the rules after it are "
                        "never reached; expected a match"));
}

TEST(ReadAttribution, AsksWhatBecomesOfThingsThatNoRuleTakes) {
  const std::string leaves =
      "rules.yaml:3: rules[0]: leaves things that no rule takes; expected a ";
  EXPECT_THAT(ErrorOf("version: 1\nrules:\n  - {match: {gpus: {min: 2}}, pool: p, team: t}\n"),
              HasSubstr(leaves));
  EXPECT_THAT(ErrorOf("version: 1\nrules:\n  - {pool: p, team: \"{namespace}\"}\n"),
              HasSubstr(leaves));
}

TEST(ReadAttribution, LeavesNothingUnattributedForASourceThatCannotReportIt) {
  EXPECT_THAT(ErrorOf("version: 1\nunmatched: unattributed\nrules: [{pool: p, team: t}]\n",
                      Things(/*may_leave_unattributed=*/false)),
              HasSubstr("rules.yaml:2: unmatched: is \"unattributed\"; expected one of error"));
}

TEST(ReadAttribution, TellsEveryMistakeOfAFile) {
  const std::string errors = ErrorOf("version: 2\nrules:\n  - {pool: p}\n  - {team: t, x: 1}\n");
  for (const char* key : {"version", "rules[0].team", "rules[1].pool", "rules[1].x"}) {
    EXPECT_THAT(errors, HasSubstr(key));
  }
}

}  // namespace
}  // namespace fleetmeter::collector
