#include "collectors/replay/openb/openb_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "collectors/replay/openb/openb_placement.h"
#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

constexpr char kNodes[] =
    "sn,cpu_milli,memory_mib,gpu,model\nn0,1,1,0,\nn1,1,1,2,T4\nn2,1,1,4,V100M32\n";
constexpr char kPodHeader[] =
    "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,"
    "deletion_time,scheduled_time\n";
constexpr char kRulesFile[] =
    "version: 1\nrules:\n  - {match: {gpu_milli: {max: 999}}, pool: shared, team: s}\n"
    "  - {pool: whole, team: w, workload_type: train}\n";

struct Input {
  std::string pods;
  std::string nodes = kNodes;
  std::string rules = kRulesFile;
  ReplayOptions replay = {};
};

absl::StatusOr<std::unique_ptr<Source>> MakeOpenb(const Input& input,
                                                  std::vector<std::string>* notes = nullptr) {
  TempFolder dir;
  return MakeOpenbSource({dir.Write("nodes.csv", input.nodes),
                          dir.Write("pods.csv", kPodHeader + input.pods),
                          dir.Write("rules.yaml", input.rules),
                          [notes](const std::string& text) {
                            if (notes != nullptr) notes->push_back(text);
                          },
                          input.replay});
}

std::string ErrorOfOpenb(const Input& input) {
  return std::string(MakeOpenb(input).status().message());
}

std::vector<v1::UsageReport> SampleOfOpenb(Source& source, int64_t duration) {
  std::vector<v1::UsageReport> reports;
  const absl::Status status = source.Sample(WindowOf(duration), reports);
  EXPECT_TRUE(status.ok()) << status;
  return reports;
}

TEST(OpenbSource, ReportsEveryGpuNodeWithAssignedAndUnassignedSums) {
  auto source = MakeOpenb({"p0,1,1,1,1000,,LS,Running,0,20,0\np1,1,1,1,460,,LS,Running,0,20,4\n"});
  ASSERT_TRUE(source.ok()) << source.status();
  const auto reports = SampleOfOpenb(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 2);
  EXPECT_EQ(reports[0].source(), "n1");
  Totals totals;
  Add(reports[0], totals);
  EXPECT_EQ(totals,
            (Totals{{{"T4", "whole"}, 10 * kSecond},
                    {{"T4", "shared"}, 6 * kSecond * 460 / 1'000},
                    {{"T4", ""}, 20 * kSecond - 10 * kSecond - 6 * kSecond * 460 / 1'000}}));
  for (const v1::UsageGroup& group : reports[0].groups()) {
    const bool assigned = group.state() == v1::CHIP_STATE_ASSIGNED;
    EXPECT_EQ(group.signal(), assigned ? "allocated_only" : "");
    EXPECT_EQ(group.workload_type(), group.pool() == "whole" ? "train" : "");
    EXPECT_FALSE(group.sums().has_busy_chip_nanos());
  }
  EXPECT_EQ(reports[1].source(), "n2");
  ASSERT_EQ(reports[1].groups_size(), 1);
  EXPECT_EQ(reports[1].groups(0).chip(), "V100M32");
  EXPECT_EQ(reports[1].groups(0).state(), v1::CHIP_STATE_UNASSIGNED);
  EXPECT_EQ(reports[1].groups(0).sums().chip_nanos(), 40 * kSecond);
}

TEST(OpenbSource, TakesPodsThatHoldNothingForNothing) {
  auto source =
      MakeOpenb({"p0,1,1,1,1000,,LS,Pending,0,20,\np1,1,1,0,0,,LS,Running,0,20,0\n"
                 "p2,1,1,1,1000,,LS,Running,0,5,5\np3,1,1,1,1000,,LS,Running,0,20,10\n"});
  ASSERT_TRUE(source.ok()) << source.status();
  Totals totals;
  for (const auto& report : SampleOfOpenb(**source, 10 * kSecond)) Add(report, totals);
  EXPECT_EQ(totals, (Totals{{{"T4", ""}, 20 * kSecond}, {{"V100M32", ""}, 40 * kSecond}}));
}

TEST(OpenbSource, FailsWhenAPodDoesNotFit) {
  const std::string pods = "p0,1,1,8,1000,,LS,Running,0,20,0\n";
  EXPECT_THAT(ErrorOfOpenb({pods}), HasSubstr("1 of 1 pods do not fit on the nodes: p0"));
}

TEST(OpenbSource, CountsAndNamesPodsThatDoNotFitWhenToldTo) {
  const std::string rules = std::string("when_pod_does_not_fit: count\n") + kRulesFile;
  const std::string pods =
      "p0,1,1,8,1000,,LS,Running,0,20,0\np1,1,1,1,1000,A10,LS,Running,0,20,0\n"
      "p2,1,1,1,1000,,LS,Running,0,20,0\n";
  std::vector<std::string> notes;
  auto source = MakeOpenb({pods, kNodes, rules}, &notes);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_THAT(notes, ElementsAre(HasSubstr("2 of 3 pods do not fit on the nodes: p0, p1")));
}

TEST(OpenbSource, KeepsNodeTotalsInWindowsOfAnyLength) {
  const std::string pods =
      "p0,1,1,1,333,,LS,Running,0,3,0\np1,1,1,1,667,,LS,Running,0,2,1\n"
      "p2,1,1,1,1,,LS,Running,0,3,0\np3,1,1,4,1000,,LS,Running,0,3,1\n";
  for (int64_t window : {7'777'777L, 123'456'789L, 1'000'000'001L, 999L}) {
    ReplayOptions replay;
    if (window < 1'000) replay.from_seconds = 2;
    auto source = MakeOpenb({pods, kNodes, kRulesFile, replay});
    ASSERT_TRUE(source.ok()) << source.status();
    for (int i = 0; i < 1'000 && (*source)->RemainingNanos() > 0; ++i) {
      for (const auto& report : SampleOfOpenb(**source, window)) {
        int64_t chip_nanos = 0;
        for (const auto& group : report.groups()) chip_nanos += group.sums().chip_nanos();
        EXPECT_EQ(chip_nanos, report.duration_nanos() * (report.source() == "n1" ? 2 : 4));
      }
    }
  }
}

TEST(OpenbSource, AddsUpExactlyWhateverTheWindowIs) {
  const std::string pods =
      "p0,1,1,1,333,,LS,Running,0,3,0\np1,1,1,1,667,,LS,Running,0,2,1\n"
      "p2,1,1,1,1,,LS,Running,0,3,0\np3,1,1,4,1000,,LS,Running,0,3,1\n";
  const Totals expected{{{"T4", "shared"}, 3 * 333'000'000L + 667'000'000 + 3'000'000},
                        {{"T4", ""}, 6 * kSecond - 1'669'000'000},
                        {{"V100M32", "whole"}, 8 * kSecond},
                        {{"V100M32", ""}, 4 * kSecond}};
  for (int64_t window : {7'777'777L, 123'456'789L, 1'000'000'001L, 3'000'000'000L}) {
    auto source = MakeOpenb({pods});
    ASSERT_TRUE(source.ok()) << source.status();
    Totals totals;
    while ((*source)->RemainingNanos() > 0) {
      for (const auto& report : SampleOfOpenb(**source, window)) Add(report, totals);
    }
    EXPECT_EQ(totals, expected) << window;
  }
}

TEST(OpenbSource, NamesLineAndColumnOfABadPodOrNode) {
  const std::string good = "p0,1,1,1,1000,,LS,Running,0,20,0\n";
  const std::pair<const char*, const char*> cases[] = {
      {"p1,1,1,x,1000,,LS,Running,0,20,0\n", "pods.csv:3: column num_gpu: got \"x\""},
      {"p1,1,1,1,1001,,LS,Running,0,20,0\n", "pods.csv:3: column gpu_milli: got \"1001\""},
      {"p1,1,1,1,0,,LS,Running,0,20,0\n", "pods.csv:3: column gpu_milli: got \"0\""},
      {"p1,1,1,2,500,,LS,Running,0,20,0\n", "pods.csv:3: column gpu_milli: got \"500\""},
      {"p1,1,1,1,1000,,LS,Running,0,,0\n", "pods.csv:3: column deletion_time: got \"\""},
      {"p1,1,1,1,1000,,LS,Running,0,20,-1\n", "pods.csv:3: column scheduled_time: got \"-1\""},
      {"p1,1,1\n", "pods.csv:3: 3 fields; expected 11"},
  };
  for (const auto& [row, error] : cases) EXPECT_THAT(ErrorOfOpenb({good + row}), HasSubstr(error));
  EXPECT_THAT(ErrorOfOpenb({good, "sn,gpu,model\nn1,-1,T4\n"}),
              HasSubstr("nodes.csv:2: column gpu: got \"-1\""));
  EXPECT_THAT(ErrorOfOpenb({good, "sn,gpu,model\nn1,1,\n"}),
              HasSubstr("nodes.csv:2: column model"));
  EXPECT_THAT(ErrorOfOpenb({good, "sn,gpu\nn1,1\n"}),
              HasSubstr("nodes.csv:1: column model is missing"));
  EXPECT_THAT(ErrorOfOpenb({good, "sn,gpu,model\nn1,0,\n"}), HasSubstr("no node with GPUs"));
}

OpenbPod Pod(int gpus, int milli, int64_t from, int64_t to, std::vector<std::string> spec = {}) {
  return {"p", gpus, milli, std::move(spec), "LS", "Running", from, to};
}

TEST(OpenbPlacement, TakesWholeGpusOnTheFirstNodeWithRoom) {
  const std::vector<OpenbNode> nodes = {{"a", "T4", 2}, {"b", "G2", 8}};
  EXPECT_THAT(PlacePods(nodes, {Pod(1, 1'000, 0, 9), Pod(2, 1'000, 0, 9), Pod(1, 1'000, 0, 9),
                                Pod(1, 1'000, 0, 9)}),
              ElementsAre(Optional(0u), Optional(1u), Optional(0u), Optional(1u)));
}

TEST(OpenbPlacement, SharesTheGpuWithTheLeastRoomLeft) {
  const std::vector<OpenbNode> nodes = {{"a", "T4", 1}, {"b", "T4", 1}, {"c", "T4", 1}};
  EXPECT_THAT(PlacePods(nodes, {Pod(1, 300, 0, 9), Pod(1, 800, 0, 9), Pod(1, 200, 0, 9),
                                Pod(1, 700, 0, 9), Pod(1, 1, 0, 9)}),
              ElementsAre(Optional(0u), Optional(1u), Optional(1u), Optional(0u), Optional(2u)));
}

TEST(OpenbPlacement, KeepsToTheModelsOfAPodAndFreesGpusAtDeletion) {
  const std::vector<OpenbNode> nodes = {{"a", "T4", 1}, {"b", "G2", 1}};
  EXPECT_THAT(PlacePods(nodes, {Pod(1, 1'000, 0, 5, {"G2", "A10"}), Pod(1, 500, 4, 9, {"G2"}),
                                Pod(1, 1'000, 5, 9, {"G2"})}),
              ElementsAre(Optional(1u), std::nullopt, Optional(1u)));
}

}  // namespace
}  // namespace fleetmeter::collector
