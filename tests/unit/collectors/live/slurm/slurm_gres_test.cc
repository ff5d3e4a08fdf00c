#include "collectors/live/slurm/slurm_gres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/live/slurm/slurm_state.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::Optional;
using testing::SizeIs;

TEST(SlurmGres, ReadsEveryFormOfGres) {
  const auto list = ParseSlurmGres("gpu:h100:8(S:0-1),gpu:a100:2(IDX:0,4-5),gpu:4,gpu,shard:2K");
  ASSERT_TRUE(list);
  ASSERT_THAT(*list, SizeIs(5));
  EXPECT_EQ((*list)[0].type, "h100");
  EXPECT_EQ((*list)[0].count, 8);
  EXPECT_FALSE((*list)[0].tells_indexes);
  EXPECT_THAT((*list)[1].indexes, ElementsAre(0, 4, 5));
  EXPECT_EQ((*list)[2].type, "");
  EXPECT_EQ((*list)[2].count, 4);
  EXPECT_EQ((*list)[3].count, 1);
  EXPECT_EQ((*list)[4].count, 2048);
}

TEST(SlurmGres, ReadsOldAndNewPrefixesAlike) {
  for (const char* text : {"gres:gpu:h100:2", "gres/gpu:h100:2", "gres/gpu:h100=2", "gpu:h100:2"}) {
    const auto list = ParseSlurmGres(text);
    ASSERT_TRUE(list) << text;
    ASSERT_THAT(*list, SizeIs(1)) << text;
    EXPECT_EQ((*list)[0].name, "gpu") << text;
    EXPECT_EQ((*list)[0].type, "h100") << text;
    EXPECT_EQ((*list)[0].count, 2) << text;
  }
}

TEST(SlurmGres, TakesWordsForNothingAsNothing) {
  for (const char* text : {"", "(null)", "N/A", "  "}) {
    EXPECT_THAT(ParseSlurmGres(text), Optional(SizeIs(0))) << text;
  }
  const auto none = ParseSlurmGres("gpu:tesla:0(IDX:N/A)");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->front().count, 0);
  EXPECT_TRUE(none->front().tells_indexes);
}

TEST(SlurmGres, ReadsSharesOfEachDevice) {
  const auto list = ParseSlurmGres("shard:h100:3(1/4,2/4,0/4)");
  ASSERT_TRUE(list);
  EXPECT_THAT(list->front().of_each, ElementsAre(1, 2, 0));
}

TEST(SlurmGres, RefusesWhatIsNoGres) {
  for (const char* text : {"gpu:h100:2(IDX:0-1", "gpu:h100:2(IDX:1-0)", "gpu:h100:2(IDX:x)", ":3",
                           "gpu:h100:2(IDX:0-999999)", "gpu:a b:1", "gpu)", "gres/gpu=x"}) {
    EXPECT_FALSE(ParseSlurmGres(text)) << text;
  }
}

// Typed and untyped entries are about the same GPUs, in either order.
TEST(SlurmGres, CountsTypedAndUntypedTresOnce) {
  for (const char* text :
       {"billing=1,cpu=4,gres/gpu:h100=1,gres/gpu=1,mem=42G", "gres/gpu=1,gres/gpu:h100=1"}) {
    const auto list = ParseSlurmTres(text);
    ASSERT_TRUE(list) << text;
    EXPECT_EQ(SlurmCountOf(*list, "gpu"), 1) << text;
    EXPECT_THAT(SlurmTypesOf(*list, "gpu"), SizeIs(1)) << text;
  }
  const auto more = ParseSlurmTres("gres/gpu=5,gres/gpu:h100=3");
  EXPECT_EQ(SlurmCountOf(*more, "gpu"), 5);
  EXPECT_EQ(SlurmTypesOf(*more, "gpu")[1].type, "");
}

TEST(SlurmGres, ReadsMigProfiles) {
  const auto bare = ParseSlurmMig("1g.10gb");
  ASSERT_TRUE(bare);
  EXPECT_EQ(bare->slices, 1);
  EXPECT_EQ(bare->chip_slices, 7);
  const auto typed = ParseSlurmMig("a100_3g.20gb");
  ASSERT_TRUE(typed);
  EXPECT_EQ(typed->model, "a100");
  EXPECT_EQ(typed->slices, 3);
  EXPECT_EQ(typed->memory_gb, 20);
  EXPECT_EQ(ParseSlurmMig("1g.24gb")->chip_slices, 4);
  for (const char* text : {"h100", "g.10gb", "1g.gb", "1g.10", "0g.10gb"}) {
    EXPECT_FALSE(ParseSlurmMig(text)) << text;
  }
}

TEST(SlurmHosts, ExpandsLists) {
  EXPECT_THAT(ExpandSlurmHosts("n[08-10,12],m1,r[1-2]-x[3,4]b", 100),
              Optional(ElementsAre("n08", "n09", "n10", "n12", "m1", "r1-x3b", "r1-x4b", "r2-x3b",
                                   "r2-x4b")));
  EXPECT_THAT(ExpandSlurmHosts("", 100), Optional(SizeIs(0)));
}

TEST(SlurmHosts, RefusesTooMany) {
  EXPECT_FALSE(ExpandSlurmHosts("n[0-99999999]", 65'536));
  EXPECT_FALSE(ExpandSlurmHosts("n[0-999][0-999]", 65'536));
  EXPECT_FALSE(ExpandSlurmHosts("n[1-2", 65'536));
  EXPECT_FALSE(ExpandSlurmHosts("n[2-1]", 65'536));
}

TEST(SlurmArray, CountsTasks) {
  EXPECT_EQ(ParseSlurmArray("0-9:2,12%4")->tasks, 6);
  EXPECT_EQ(ParseSlurmArray("0-9:2,12%4")->at_once, 4);
  EXPECT_EQ(ParseSlurmArray("3")->tasks, 1);
  EXPECT_TRUE(ParseSlurmArray("1,2,3,...")->cut_short);
  EXPECT_FALSE(ParseSlurmArray("9-0"));
  EXPECT_FALSE(ParseSlurmArray("x"));
}

Fitness FitnessOf(std::string_view text, bool planned_is_free = false) {
  return FitnessOfSlurmNode(SplitSlurmNodeState(text), planned_is_free).fitness;
}

TEST(SlurmState, HasAFitnessForEachState) {
  for (const char* text : {"idle", "mixed", "allocated", "mix", "alloc+", "IDLE+CLOUD", "idle#",
                           "MIXED+COMPLETING", "ALLOCATED+POWERING_UP", "idle@"}) {
    EXPECT_EQ(FitnessOf(text), Fitness::kFit) << text;
  }
  for (const char* text : {"drained", "draining", "drng", "IDLE+DRAIN", "idle*", "mixed~", "idle%",
                           "fail", "failing", "unk", "future", "IDLE+INVALID_REG", "idle!",
                           "IDLE+REBOOT_ISSUED", "idle^", "MIXED+NOT_RESPONDING", ""}) {
    EXPECT_EQ(FitnessOf(text), Fitness::kDrained) << text;
  }
  for (const char* text : {"reserved", "resv", "maint", "idle$", "mixed-", "planned", "plnd",
                           "IDLE+MAINTENANCE", "IDLE+BLOCKED"}) {
    EXPECT_EQ(FitnessOf(text), Fitness::kReserved) << text;
  }
  for (const char* text : {"down", "down*", "DOWN+DRAIN", "error", "DOWN+MAINTENANCE"}) {
    EXPECT_EQ(FitnessOf(text), Fitness::kBroken) << text;
  }
  EXPECT_EQ(FitnessOf("planned", true), Fitness::kFit);
}

TEST(SlurmState, DoesNotTakeAnUnknownStateForHeadroom) {
  const SlurmFitness fitness = FitnessOfSlurmNode(SplitSlurmNodeState("IDLE+QUARANTINED"), false);
  EXPECT_EQ(fitness.fitness, Fitness::kDrained);
  EXPECT_EQ(fitness.unknown, "QUARANTINED");
}

TEST(SlurmState, KnowsWhichJobsHoldAndWhichWait) {
  for (const char* text : {"RUNNING", "R", "COMPLETING", "COMPLETED+COMPLETING", "CONFIGURING",
                           "SUSPENDED", "STOPPED", "PENDING+COMPLETING"}) {
    EXPECT_TRUE(SlurmJobHolds(SplitSlurmJobState(text))) << text;
    EXPECT_FALSE(SlurmJobWaits(SplitSlurmJobState(text))) << text;
  }
  EXPECT_TRUE(SlurmJobWaits(SplitSlurmJobState("PENDING")));
  EXPECT_TRUE(SlurmJobWaits(SplitSlurmJobState("PD")));
  EXPECT_FALSE(SlurmJobHolds(SplitSlurmJobState("CANCELLED by 380693")));
}

}  // namespace
}  // namespace fleetmeter::collector
