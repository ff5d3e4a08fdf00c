// What scontrol prints as text.
#include "collectors/live/slurm/slurm_scontrol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/live/slurm/slurm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr char kScontrolNodes[] = R"(NodeName=n1 Arch=x86_64 CoresPerSocket=32
   CPUAlloc=8 CPUEfctv=64 CPUTot=64 CPULoad=1.02
   AvailableFeatures=nvlink,ib
   ActiveFeatures=nvlink
   Gres=gpu:h100:4(S:0-1)
   GresDrain=N/A
   GresUsed=gpu:h100:3(IDX:0,2-3)
   NodeAddr=n1 NodeHostName=n1 Version=23.11.4
   OS=Linux 6.1.0 #1 SMP
   State=MIXED ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A
   Partitions=gpu
   CfgTRES=cpu=64,mem=500G,billing=64,gres/gpu=4,gres/gpu:h100=4
   Comment=was slow State=DOWN

NodeName=n2 CoresPerSocket=32
   Gres=gpu:h100:4
   GresUsed=gpu:h100:1(IDX:1)
   State=IDLE*+DRAIN ThreadsPerCore=1
   Reason=GPU 3 fell off the bus [root@2026-01-02T03:04:05]

NodeName=n3 Gres=(null) State=IDLE
)";

constexpr char kScontrolJobs[] = R"(JobId=7 JobName=train NodeList=n9 JobState=COMPLETED
   UserId=eve(1001) GroupId=ml(100) MCS_label=N/A
   Priority=4294901720 Nice=0 Account=ml QOS=normal WCKey=*
   JobState=RUNNING Reason=None Dependency=(null)
   SubmitTime=2027-01-15T07:00:00 EligibleTime=2027-01-15T07:00:00
   Partition=gpu AllocNode:Sid=login:99
   ReqNodeList=(null) ExcNodeList=(null)
   NodeList=n[1-2]
   BatchHost=n1
   NumNodes=2 NumCPUs=8 NumTasks=2 CPUs/Task=4 ReqB:S:C:T=0:0:*:*
   ReqTRES=cpu=8,mem=8G,node=2,billing=8,gres/gpu=3
   AllocTRES=cpu=8,mem=8G,node=2,billing=8,gres/gpu=3,gres/gpu:h100=3
   JOB_GRES=gpu:h100:3
     Nodes=n1 CPU_IDs=0-3 Mem=4096 GRES=gpu:h100:2(IDX:0,2)
     Nodes=n2 CPU_IDs=0-3 Mem=4096 GRES=gpu:h100:1(IDX:1)
   Command=/home/eve/run.sh NodeList=n9
   WorkDir=/home/eve
   TresPerNode=gres/gpu:h100:2

JobId=9 ArrayJobId=8 ArrayTaskId=1 JobName=sweep
   UserId=bob(1002) GroupId=ml(100)
   JobState=RUNNING Reason=None
   NodeList=n1
   NumNodes=1 NumCPUs=1 NumTasks=1
   TRES=cpu=1,node=1,gres/gpu:h100=1
     Nodes=n1 CPU_IDs=4 Mem=0 GRES=gpu:h100:1(IDX:3)

JobId=8 ArrayJobId=8 ArrayTaskId=2-9%3 JobName=sweep
   UserId=bob(1002) GroupId=ml(100)
   Priority=100 Nice=0
   JobState=PENDING Reason=Resources
   SubmitTime=2027-01-15T06:00:00 EligibleTime=2027-01-15T06:01:00
   NodeList=(null)
   NumNodes=1-1 NumCPUs=1 NumTasks=1
   TRES=cpu=1,node=1,gres/gpu:h100=2

JobId=5 JobName=gone
   JobState=COMPLETED Reason=None
   NodeList=n1
   NumNodes=1
   AllocTRES=gres/gpu:h100=4
)";

SlurmView ViewOfScontrol(std::string_view nodes, std::string_view jobs) {
  const auto nodes_json = JsonOfScontrol(nodes);
  const auto jobs_json = JsonOfScontrol(jobs);
  EXPECT_TRUE(nodes_json.ok()) << nodes_json.status();
  EXPECT_TRUE(jobs_json.ok()) << jobs_json.status();
  return nodes_json.ok() && jobs_json.ok() ? ViewOfJson(*nodes_json, *jobs_json) : SlurmView();
}

TEST(SlurmScontrol, SaysWhichChipsJobsHold) {
  const SlurmView view = ViewOfScontrol(kScontrolNodes, kScontrolJobs);
  ASSERT_THAT(view.observation.hosts, SizeIs(testing::Ge(2)));
  EXPECT_EQ(HoldersOf(view.observation.hosts[0]), "0:job 7; 1: 2:job 7; 3:job 8_1;");
  EXPECT_EQ(HoldersOf(view.observation.hosts[1]), "0: 1:job 7; 2: 3:");
  EXPECT_EQ(view.observation.hosts[0].devices[0].fitness, Fitness::kFit);
  EXPECT_EQ(view.observation.hosts[1].devices[0].fitness, Fitness::kDrained);
  EXPECT_EQ(SumOf(view.observation).chips, 8);
  const Holder& holder = view.observation.hosts[0].devices[0].parts.at(0).holders.at(0);
  EXPECT_THAT(holder.attributes.Texts("user"), ElementsAre("eve"));
  EXPECT_THAT(holder.attributes.Texts("job_name"),
              ElementsAre("train NodeList=n9 JobState=COMPLETED"));
}

// Three tasks of the array may run at once, and one does.
TEST(SlurmScontrol, SaysWhatJobsWaitFor) {
  const SlurmView view = ViewOfScontrol(kScontrolNodes, kScontrolJobs);
  ASSERT_THAT(view.observation.demand, SizeIs(1));
  EXPECT_EQ(view.observation.demand[0].chips, 4);
  EXPECT_EQ(view.observation.demand[0].model, "h100");
  EXPECT_EQ(view.observation.demand[0].waits_since_unix_nanos, 1'799'992'860LL * 1'000'000'000);
}

// A node's reason comes last, and a job's name is what its user likes.
TEST(SlurmScontrol, NodesMayStandOnOneLineAndJobsMayNot) {
  const auto nodes = JsonOfScontrol(
      "NodeName=n1 Gres=gpu:t4:2 OS=Linux 6.1 #1 SMP State=DOWN+DRAIN Reason=bad State=IDLE\n"
      "NodeName=n2 Gres=gpu:t4:1 State=IDLE\r\n");
  ASSERT_TRUE(nodes.ok()) << nodes.status();
  const SlurmView view = ViewOfJson(*nodes, *JsonOfScontrol("No jobs in the system\n"));
  EXPECT_EQ(SumOf(view.observation).chips, 3);
  EXPECT_EQ(SumOf(view.observation).broken, 2);
  const auto jobs = JsonOfScontrol("JobId=7 JobName=x UserId=eve(1) JobState=RUNNING NodeList=n1");
  EXPECT_TRUE(absl::IsInvalidArgument(jobs.status())) << jobs.status();
  EXPECT_THAT(std::string(jobs.status().message()), HasSubstr("without -o"));
}

TEST(SlurmScontrol, TellsItsTextFromOthers) {
  EXPECT_TRUE(IsScontrolText("\nNodeName=n1 Arch=x86_64"));
  EXPECT_TRUE(IsScontrolText("No jobs in the system"));
  EXPECT_FALSE(IsScontrolText(R"({"nodes": []})"));
  EXPECT_FALSE(IsScontrolText(""));
  EXPECT_THAT(ReadSlurmNodesJson(*JsonOfScontrol("No nodes in the system"))->nodes, IsEmpty());
  EXPECT_FALSE(ReadSlurmJobsJson(*JsonOfScontrol(kScontrolNodes)).ok());
}

}  // namespace
}  // namespace fleetmeter::collector
