#include "collectors/attribution/attribution_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "collectors/attribution/read_attribution.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

const Vocabulary& Pods() {
  static const Vocabulary vocabulary{{{"namespace"},
                                      {"pod"},
                                      {"container", AttributeKind::kTexts},
                                      {"label."},
                                      {"gpus", AttributeKind::kInteger, 1, 1'024}}};
  return vocabulary;
}

const Vocabulary& Jobs() {
  static const Vocabulary vocabulary{{{"account"},
                                      {"user"},
                                      {"job_name"},
                                      {"partition", AttributeKind::kTexts},
                                      {"qos"},
                                      {"gpus", AttributeKind::kInteger, 1, 65'536}}};
  return vocabulary;
}

AttributionRules Read(const std::string& text, const Vocabulary& vocabulary = Pods()) {
  TempFolder folder;
  absl::StatusOr<AttributionRules> rules =
      ReadAttributionFile(folder.Write("rules.yaml", text), vocabulary);
  EXPECT_TRUE(rules.ok()) << rules.status();
  return rules.ok() ? *std::move(rules) : AttributionRules();
}

// "pool/team/workload/workload_type", "nobody", or the error.
std::string Where(const AttributionRules& rules, const Attributes& thing) {
  const auto assignment = rules.AssignmentOf(thing);
  if (!assignment.ok()) return std::string(assignment.status().message());
  if (!*assignment) return "nobody";
  return (*assignment)->pool + "/" + (*assignment)->team + "/" + (*assignment)->workload + "/" +
         (*assignment)->workload_type;
}

Attributes Pod(const std::string& name_space, const std::string& pod, int64_t gpus) {
  Attributes attributes;
  attributes.Set("namespace", name_space);
  attributes.Set("pod", pod);
  attributes.Set("gpus", gpus);
  return attributes;
}

TEST(AttributionRules, TakeTheFirstRuleThatApplies) {
  const AttributionRules rules = Read(R"(version: 1
rules:
  - {match: {namespace: [search, ads]}, pool: serving, team: web, workload_type: serve}
  - {match: {namespace: [ads]}, pool: never, team: reached}
  - {pool: research, team: other}
)");
  EXPECT_EQ(Where(rules, Pod("ads", "a", 1)), "serving/web//serve");
  EXPECT_EQ(Where(rules, Pod("search", "a", 1)), "serving/web//serve");
  EXPECT_EQ(Where(rules, Pod("vision", "a", 1)), "research/other//");
  EXPECT_EQ(Where(rules, Attributes()), "research/other//");
}

TEST(AttributionRules, JoinConditionsByAnd) {
  const AttributionRules rules = Read(R"(version: 1
rules:
  - match: {namespace: {glob: [team-*]}, pod: {glob: ["*-eval-?", bench]}, gpus: {min: 2, max: 8}}
    pool: evaluation
    team: evals
  - match: {gpus: {min: 2}}
    pool: big
    team: rest
  - {pool: small, team: rest}
)");
  EXPECT_EQ(Where(rules, Pod("team-a", "x-eval-1", 2)), "evaluation/evals//");
  EXPECT_EQ(Where(rules, Pod("team-a", "bench", 8)), "evaluation/evals//");
  EXPECT_EQ(Where(rules, Pod("team-a", "x-eval-1", 1)), "small/rest//");
  EXPECT_EQ(Where(rules, Pod("team-a", "x-eval-1", 9)), "big/rest//");
  EXPECT_EQ(Where(rules, Pod("a-team-a", "bench", 2)), "big/rest//");
  EXPECT_EQ(Where(rules, Pod("team-a", "x-eval-10", 2)), "big/rest//");
}

TEST(AttributionRules, HoldForAThingWithSeveralValuesIfOneOfThemDoes) {
  const AttributionRules rules = Read(R"(version: 1
unmatched: unattributed
rules:
  - {match: {container: [trainer]}, pool: training, team: a}
  - {match: {container: {glob: [vllm*]}}, pool: serving, team: b}
)");
  Attributes thing;
  thing.Set("container", std::vector<std::string>{"sidecar", "trainer"});
  EXPECT_EQ(Where(rules, thing), "training/a//");
  thing.Set("container", std::vector<std::string>{"sidecar", "vllm-0"});
  EXPECT_EQ(Where(rules, thing), "serving/b//");
  thing.Set("container", std::vector<std::string>{"sidecar"});
  EXPECT_EQ(Where(rules, thing), "nobody");
}

TEST(AttributionRules, FillNamesFromAttributes) {
  const AttributionRules rules = Read(R"(version: 1
rules:
  - match: {label.fleet/pool: {glob: ["*"]}}
    pool: "{label.fleet/pool}"
    team: "{namespace}"
    workload: "{pod}"
    workload_type: x{gpus}
    model: m-{pod}
    run: r
  - {pool: rest, team: rest}
)");
  Attributes pod = Pod("search", "chat-0", 4);
  EXPECT_EQ(Where(rules, pod), "rest/rest//");
  pod.Set("label.fleet/pool", "gold");
  EXPECT_EQ(Where(rules, pod), "gold/search/chat-0/x4");
  EXPECT_EQ((*rules.AssignmentOf(pod))->model, "m-chat-0");
  EXPECT_EQ((*rules.AssignmentOf(pod))->run, "r");
}

// A label that somebody mistyped or left out must not take the chips of a whole host with it.
TEST(AttributionRules, DoNotApplyWhereANameCannotBeMade) {
  const AttributionRules rules = Read(R"(version: 1
rules:
  - {pool: research, team: "{label.team}"}
  - {pool: research, team: unknown}
)");
  Attributes pod = Pod("search", "chat-0", 4);
  EXPECT_EQ(Where(rules, pod), "research/unknown//");
  pod.Set("label.team", "");
  EXPECT_EQ(Where(rules, pod), "research/unknown//");
  pod.Set("label.team", std::string(129, 'x'));
  EXPECT_EQ(Where(rules, pod), "research/unknown//");
  pod.Set("label.team", "bad\xff");
  EXPECT_EQ(Where(rules, pod), "research/unknown//");
  pod.Set("label.team", "nlp");
  EXPECT_EQ(Where(rules, pod), "research/nlp//");
}

TEST(AttributionRules, SayWhatNoRuleAppliesTo) {
  const std::string rule = "rules: [{match: {pod: [a]}, pool: p, team: t}]\n";
  Attributes pod = Pod("search", "chat\n0", 4);
  pod.Set("container", std::vector<std::string>{"x", "y"});
  EXPECT_EQ(Where(Read("version: 1\nunmatched: unattributed\n" + rule), pod), "nobody");
  const AttributionRules rules = Read("version: 1\nunmatched: error\n" + rule);
  EXPECT_TRUE(absl::IsNotFound(rules.AssignmentOf(pod).status()));
  EXPECT_THAT(Where(rules, pod),
              HasSubstr("rules.yaml: no rule applies to container \"x\" and others, gpus 4, "
                        "namespace \"search\", pod \"chat\\x0a0\"; expected one that does"));
  EXPECT_THAT(Where(rules, Attributes()), HasSubstr("to a thing without attributes;"));
}

// The n-th block of YAML in the README.
std::string Example(int n) {
  std::ifstream file(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) +
                     "/collectors/attribution/README.md");
  std::stringstream text;
  text << file.rdbuf();
  const std::string fence = "```yaml\n";
  size_t begin = 0;
  for (int i = 0; i < n; ++i) begin = text.str().find(fence, begin) + fence.size();
  return text.str().substr(begin, text.str().find("```\n", begin) - begin);
}

TEST(AttributionReadme, ShowsRulesForPodsThatDoWhatItSays) {
  const AttributionRules rules = Read(Example(1));
  EXPECT_EQ(Where(rules, Pod("gpu-operator", "dcgm-0", 1)), "platform/reliability//");
  Attributes pod = Pod("team-nlp", "chat-7d9f-x2", 8);
  EXPECT_EQ(Where(rules, pod), "research/team-nlp//");
  pod.Set("label.app.kubernetes.io/name", "chat");
  EXPECT_EQ(Where(rules, pod), "research/team-nlp/chat/");
  pod.Set("label.fleetmeter.io/pool", "serving");
  pod.Set("label.fleetmeter.io/team", "web");
  EXPECT_EQ(Where(rules, pod), "serving/web/chat/serve");
  EXPECT_EQ(Where(rules, Pod("default", "x", 1)), "nobody");
}

TEST(AttributionReadme, ShowsRulesForJobsThatDoWhatItSays) {
  const AttributionRules rules = Read(Example(3), Jobs());
  Attributes job;
  job.Set("account", "pretrain");
  job.Set("partition", std::vector<std::string>{"b200", "h100"});
  job.Set("job_name", "base-run-17");
  job.Set("qos", "normal");
  job.Set("gpus", 512);
  EXPECT_EQ(Where(rules, job), "training-flagship/pretrain/base-run-17/train");
  job.Set("gpus", 8);
  EXPECT_EQ(Where(rules, job), "training/pretrain/base-run-17/train");
  job.Set("qos", "scavenger");
  EXPECT_EQ(Where(rules, job), "batch/pretrain//batch");
}

TEST(AttributionRules, PatternsTakePartsOfTexts) {
  const AttributionRules rules = Read(
      "version: 1\n"
      "unmatched: unattributed\n"
      "rules:\n"
      "  - match:\n"
      "      namespace: {re2: [\"team-(?P<group>[a-z]+)\"]}\n"
      "      pod: {re2: [\"train-(?P<what>[a-z0-9]+)-(?P<which>run[0-9]+)-.*\"]}\n"
      "    pool: training\n"
      "    team: \"{group}\"\n"
      "    workload: \"{what}-{which}\"\n"
      "    workload_type: \"{namespace}\"\n"
      "    model: \"{what}\"\n"
      "    run: \"{which}\"\n");
  const auto found = rules.AssignmentOf(Pod("team-chat", "train-llama3-run17-worker-2", 8));
  ASSERT_TRUE(found.ok() && *found);
  EXPECT_EQ(**found,
            (Assignment{"training", "chat", "llama3-run17", "team-chat", "llama3", "run17", ""}));
  EXPECT_EQ(Where(rules, Pod("my-team-chat", "train-llama3-run17-worker-2", 8)), "nobody")
      << "patterns match the whole text";
  EXPECT_EQ(Where(rules, Pod("team-chat2", "train-llama3-run17-worker-2", 8)), "nobody");
}

TEST(AttributionRules, TheFirstPatternThatMatchesAndTheFirstRuleWin) {
  const AttributionRules rules = Read(
      "version: 1\n"
      "unmatched: unattributed\n"
      "rules:\n"
      "  - match: {namespace: {re2: [\"a-(?P<x>.+)\", \"(?P<x>.+)-(?P<y>.+)\"]}}\n"
      "    pool: \"{x}\"\n"
      "    team: first\n"
      "  - match: {namespace: {re2: [\".*\"]}}\n"
      "    pool: rest\n"
      "    team: second\n");
  EXPECT_EQ(Where(rules, Pod("a-b", "p", 1)), "b/first//");
  EXPECT_EQ(Where(rules, Pod("c-b", "p", 1)), "c/first//");
  EXPECT_EQ(Where(rules, Pod("c", "p", 1)), "rest/second//");
}

TEST(AttributionRules, AGroupThatMatchedNothingIsNotThere) {
  const AttributionRules rules = Read(
      "version: 1\n"
      "unmatched: unattributed\n"
      "rules:\n"
      "  - match: {namespace: {re2: [\"team(-(?P<group>.*))?\"]}}\n"
      "    pool: training\n"
      "    team: \"{group}\"\n");
  EXPECT_EQ(Where(rules, Pod("team-a", "p", 1)), "training/a//");
  EXPECT_EQ(Where(rules, Pod("team", "p", 1)), "nobody");
  EXPECT_EQ(Where(rules, Pod("team-", "p", 1)), "nobody");
}

TEST(AttributionRules, PatternsTakeTheFirstOfSeveralValuesThatMatches) {
  const AttributionRules rules = Read(
      "version: 1\n"
      "unmatched: unattributed\n"
      "rules:\n"
      "  - match: {partition: {re2: [\"(?P<kind>b200|h100)-.*\"]}}\n"
      "    pool: \"{kind}\"\n"
      "    team: t\n",
      Jobs());
  Attributes job;
  job.Set("partition", std::vector<std::string>{"cpu", "h100-long", "b200-long"});
  EXPECT_EQ(Where(rules, job), "h100/t//");
}

}  // namespace
}  // namespace fleetmeter::collector
