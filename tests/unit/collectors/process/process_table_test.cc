#include "collectors/process/process_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(ProcessTable, ReadsOwnerCommandAndCgroup) {
  const TempFolder proc;
  proc.Write("4711/cgroup", "0::/system.slice/slurmstepd.scope/job_9/step_0/user/task_0\n");
  proc.Write("4711/comm", "python3\n");
  const ProcessFacts process = ProcessTable(proc.path()).Look(4711);
  EXPECT_TRUE(process.found);
  EXPECT_EQ(process.command, "python3");
  EXPECT_EQ(process.cgroup.slurm_job, "9");
  EXPECT_NE(process.user, "");
  EXPECT_EQ(HolderNameOf(process), "job 9");

  Attributes attributes;
  AddProcessAttributes(process, attributes);
  EXPECT_EQ(attributes.Integer("pid"), 4711);
  EXPECT_THAT(attributes.Texts("job"), ElementsAre("9"));
  EXPECT_THAT(attributes.Texts("command"), ElementsAre("python3"));
  EXPECT_THAT(attributes.Texts("pod_uid"), IsEmpty());
}

TEST(ProcessTable, KeepsOnlyTheVariablesThatWereAskedFor) {
  const TempFolder proc;
  using namespace std::string_literals;
  proc.Write("5/environ", "SECRET=x\0SLURM_JOB_ACCOUNT=search=1\0SLURM_JOB_ACCOUNTS=no\0"s);
  EXPECT_THAT(ProcessTable(proc.path(), {"SLURM_JOB_ACCOUNT", "NONE"}).Look(5).environment,
              ElementsAre(Pair("SLURM_JOB_ACCOUNT", "search=1")));
  EXPECT_THAT(ProcessTable(proc.path()).Look(5).environment, IsEmpty());
}

TEST(ProcessTable, KnowsThatAProcessHasEnded) {
  const TempFolder proc;
  for (const int64_t pid : {int64_t{4711}, int64_t{0}, int64_t{-1}}) {
    const ProcessFacts process = ProcessTable(proc.path()).Look(pid);
    EXPECT_FALSE(process.found);
    EXPECT_EQ(process.pid, pid);
  }
  EXPECT_EQ(HolderNameOf(ProcessTable(proc.path()).Look(4711)), "process 4711");
}

TEST(ProcessTable, ReadsThisProcess) {
  const ProcessFacts process = ProcessTable().Look(getpid());
  EXPECT_TRUE(process.found);
  EXPECT_NE(process.command, "");
  EXPECT_NE(process.user, "");
}

TEST(HolderNameOf, PrefersWhatIsLeastLocal) {
  ProcessFacts process;
  process.pid = 5;
  process.command = "a";
  EXPECT_EQ(HolderNameOf(process), "a (5)");
  process.cgroup.unit = "b.service";
  EXPECT_EQ(HolderNameOf(process), "b.service");
  process.cgroup.container = std::string(64, 'c');
  EXPECT_EQ(HolderNameOf(process), "container cccccccccccc");
  process.cgroup.kubernetes_pod = "d";
  EXPECT_EQ(HolderNameOf(process), "pod d");
  process.cgroup.slurm_job = "1";
  EXPECT_EQ(HolderNameOf(process), "job 1");
}

}  // namespace
}  // namespace fleetmeter::collector
