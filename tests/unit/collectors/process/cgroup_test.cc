#include "collectors/process/cgroup.h"

#include <gtest/gtest.h>

namespace fleetmeter::collector {
namespace {

const std::string kContainerId(64, 'a');
constexpr char kPodUid[] = "0b2f6c1e-5d0a-4c3b-9f6e-1a2b3c4d5e6f";
constexpr char kPodUidInSlice[] = "0b2f6c1e_5d0a_4c3b_9f6e_1a2b3c4d5e6f";

TEST(ParseCgroup, FindsJobsOfSlurmInBothVersions) {
  const CgroupFacts first = ParseCgroup(
      "11:memory:/slurm/uid_1000/job_123/step_0/task_0\n"
      "4:devices:/slurm/uid_1000/job_123/step_0\n"
      "1:name=systemd:/system.slice/slurmd.service\n");
  EXPECT_EQ(first.slurm_job, "123");
  EXPECT_EQ(first.slurm_step, "0");
  EXPECT_EQ(first.unit, "");
  EXPECT_EQ(first.path, "/slurm/uid_1000/job_123/step_0/task_0");

  const CgroupFacts second =
      ParseCgroup("0::/system.slice/slurmstepd.scope/job_77/step_batch/user/task_0\n");
  EXPECT_EQ(second.slurm_job, "77");
  EXPECT_EQ(second.slurm_step, "batch");

  // Several slurmds on one machine.
  EXPECT_EQ(ParseCgroup("0::/system.slice/node1_slurmstepd.scope/job_78/step_extern").slurm_job,
            "78");
}

TEST(ParseCgroup, TakesJobsOnlyBelowSlurm) {
  const CgroupFacts facts = ParseCgroup("0::/user.slice/job_123/step_0\n");
  EXPECT_EQ(facts.slurm_job, "");
  EXPECT_EQ(facts.slurm_step, "");
  EXPECT_EQ(ParseCgroup("0::/slurm/uid_0/job_12x/step_0").slurm_job, "");
  EXPECT_EQ(ParseCgroup("0::/slurm/uid_0/job_/step_0").slurm_job, "");
}

TEST(ParseCgroup, FindsPodsOfKubernetesInAllLayouts) {
  const std::string slice = std::string("kubepods-burstable-pod") + kPodUidInSlice + ".slice";
  for (const std::string& line : {
           std::string("0::/kubepods/burstable/pod") + kPodUid + "/" + kContainerId,
           "5:devices:/kubepods.slice/kubepods-burstable.slice/" + slice + "/docker-" +
               kContainerId + ".scope",
           "0::/kubelet.slice/kubelet-kubepods.slice/kubelet-" + slice + "/cri-containerd-" +
               kContainerId + ".scope",
           "0::/system.slice/containerd.service/" + slice + ":cri-containerd:" + kContainerId,
           "0::/../../" + slice + "/crio-" + kContainerId + ".scope",
       }) {
    const CgroupFacts facts = ParseCgroup(line + "\n");
    EXPECT_EQ(facts.kubernetes_pod, kPodUid) << line;
    EXPECT_EQ(facts.container, kContainerId) << line;
    EXPECT_EQ(facts.unit, "") << line;
  }
  EXPECT_EQ(ParseCgroup("0::/kubepods/pod" + std::string(32, '1') + "/x").kubernetes_pod,
            std::string(32, '1'));
}

TEST(ParseCgroup, TakesNoOtherNameForAPod) {
  for (const char* line : {"0::/kubepods/besteffort", "0::/podman/x", "0::/libpod_parent/pod12",
                           "0::/machine.slice/tripod0b2f6c1e5d0a4c3b9f6e1a2b3c4d5e6f.scope"}) {
    EXPECT_EQ(ParseCgroup(line).kubernetes_pod, "") << line;
  }
}

TEST(ParseCgroup, FindsContainersOutsideKubernetes) {
  EXPECT_EQ(ParseCgroup("0::/docker/" + kContainerId).container, kContainerId);
  EXPECT_EQ(ParseCgroup("0::/machine.slice/libpod-" + kContainerId + ".scope").container,
            kContainerId);
  EXPECT_EQ(ParseCgroup("0::/docker/" + kContainerId.substr(1)).container, "");
  EXPECT_EQ(ParseCgroup("0::/docker/z" + kContainerId).container, "");
}

TEST(ParseCgroup, NamesTheServiceWhereNothingElseIsKnown) {
  EXPECT_EQ(ParseCgroup("0::/system.slice/serving.service\n").unit, "serving.service");
  EXPECT_EQ(ParseCgroup("0::/user.slice/user-1000.slice/user@1000.service/app.slice/a.scope").unit,
            "user@1000.service");
}

TEST(ParseCgroup, SurvivesWhatIsNoCgroupFile) {
  for (const char* text : {"", "\n\n", "nonsense", ":", "::", "0:", "0::", "0::/", ":::::"}) {
    const CgroupFacts facts = ParseCgroup(text);
    EXPECT_EQ(facts.slurm_job + facts.kubernetes_pod + facts.container + facts.unit, "") << text;
  }
}

}  // namespace
}  // namespace fleetmeter::collector
