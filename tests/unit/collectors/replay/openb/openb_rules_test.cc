#include "collectors/replay/openb/openb_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter::collector {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<OpenbRules> Read(const std::string& text) {
  TempFolder dir;
  return ReadOpenbRules(dir.Write("rules.yaml", text));
}

constexpr char kRules[] = R"(version: 1
rules:
  - match: {qos: [LS], gpu_milli: {max: 999}}
    pool: shared
    team: a
  - match: {num_gpu: {min: 2, max: 8}, pod_phase: [Running, Failed]}
    pool: big
    team: b
    workload_type: train
  - match: {gpu_spec: [any, T4]}
    pool: flexible
    team: c
  - pool: rest
    team: d
)";

OpenbPod Pod(const std::string& qos, int num_gpu, int milli, std::vector<std::string> spec) {
  return {"p", num_gpu, milli, std::move(spec), qos, "Running", 0, kSecond};
}

TEST(OpenbRules, TakesTheFirstRuleThatMatches) {
  const absl::StatusOr<OpenbRules> rules = Read(kRules);
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->AssignmentOf(Pod("LS", 1, 500, {}))->pool, "shared");
  EXPECT_EQ(rules->AssignmentOf(Pod("LS", 1, 1'000, {}))->pool, "flexible");
  EXPECT_EQ(rules->AssignmentOf(Pod("LS", 2, 1'000, {}))->workload_type, "train");
  EXPECT_EQ(rules->AssignmentOf(Pod("BE", 1, 500, {"G2", "T4"}))->pool, "flexible");
  EXPECT_EQ(rules->AssignmentOf(Pod("BE", 1, 500, {"G2"}))->pool, "rest");
}

TEST(OpenbRules, FailsOnPodsThatDoNotFitUnlessToldToCountThem) {
  EXPECT_EQ(Read(kRules)->when_pod_does_not_fit, WhenPodDoesNotFit::kError);
  EXPECT_EQ(Read(std::string(kRules) + "when_pod_does_not_fit: count\n")->when_pod_does_not_fit,
            WhenPodDoesNotFit::kCount);
}

TEST(OpenbRules, NamesThePodThatNoRuleAppliesTo) {
  const absl::StatusOr<OpenbRules> rules =
      Read("version: 1\nunmatched: error\nrules: [{match: {qos: [LS]}, pool: p, team: t}]\n");
  ASSERT_TRUE(rules.ok()) << rules.status();
  EXPECT_EQ(rules->AssignmentOf(Pod("LS", 1, 500, {}))->pool, "p");
  const absl::Status status = rules->AssignmentOf(Pod("BE", 1, 500, {})).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("name \"p\", num_gpu 1"));
}

TEST(OpenbRules, NamesLineAndKeyOfWhatIsWrong) {
  const std::string head = "version: 1\nrules:\n  - ";
  const struct {
    std::string text;
    const char* error;
  } cases[] = {
      {"version: 2\nrules: [{pool: p, team: t}]\n",
       "rules.yaml:1: version: is \"2\"; expected one"},
      {"version: 1\n", "rules.yaml:1: rules: is missing; expected a list"},
      {"version: 1\nrules: []\n", "rules.yaml:2: rules: is empty; expected a list"},
      {"version: 1\nrule: []\n",
       "rules.yaml:2: rule: unknown key (did you mean rules?); expected one"},
      {"[]\n", "rules.yaml:1: is not a mapping; expected keys"},
      {"version: 1\nversion: 1\nrules: [{pool: p, team: t}]\n", "version: is given twice"},
      {head + "{pool: p, team: t, colour: red}\n", "rules.yaml:3: rules[0].colour: unknown key"},
      {head + "{team: t}\n", "rules.yaml:3: rules[0].pool: is missing"},
      {head + "{pool: [p], team: t}\n", "rules.yaml:3: rules[0].pool: is a list; expected text"},
      {head + "{match: {qos: [LS]}, pool: p, team: t}\n",
       "rules.yaml:3: rules[0]: leaves things that no rule takes; expected a last rule without"},
      {head + "{pool: p, team: t}\n  - {pool: p, team: t}\n",
       "rules.yaml:3: rules[0]: takes everything"},
      {head + "{match: {}, pool: p, team: t}\n  - {pool: p, team: t}\n",
       "rules[0].match: is empty; expected conditions on name, qos, pod_phase, gpu_spec, num_gpu,"},
      {head + "{match: {qos: LS}, pool: p, team: t}\n  - {pool: p, team: t}\n",
       "rules.yaml:3: rules[0].match.qos: is a single value; expected a list"},
      {head + "{match: {num_gpu: {min: 3, max: 2}}, pool: p, team: t}\n  - {pool: p, team: t}\n",
       "rules[0].match.num_gpu: has min above max; expected min not above max"},
      {head + "{match: {gpu_milli: {max: 1001}}, pool: p, team: t}\n  - {pool: p, team: t}\n",
       "rules[0].match.gpu_milli.max: is 1001, out of range; expected an integer from 1 to 1000"},
      {"version: 1\nwhen_pod_does_not_fit: maybe\nrules: [{pool: p, team: t}]\n",
       "rules.yaml:2: when_pod_does_not_fit: is \"maybe\"; expected one of error, count"},
      {"version: 1\nunmatched: unattributed\nrules: [{pool: p, team: t}]\n",
       "rules.yaml:2: unmatched: is \"unattributed\"; expected one of error"},
      {"version: [\n", "rules.yaml:"},
  };
  for (const auto& c : cases) {
    const absl::Status status = Read(c.text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << c.text;
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.error)) << c.text;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
