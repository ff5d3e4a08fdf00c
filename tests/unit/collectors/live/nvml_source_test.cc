#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "collectors/live/prober.h"
#include "daemon/base/clock.h"
#include "tests/unit/collectors/live/nvml_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class NvmlSourceTest : public testing::Test {
 protected:
  // The devices of one more look.
  std::vector<DeviceReading> Devices(int64_t monotonic_nanos = kSecond) {
    Look look;
    look.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    look.monotonic_nanos = monotonic_nanos;
    if (!source_) source_ = machine_.Source(keys_);
    auto observation = source_->Observe(look);
    EXPECT_TRUE(observation.ok()) << observation.status();
    if (!observation.ok()) return std::vector<DeviceReading>(2);
    EXPECT_THAT(observation->hosts, SizeIs(1));
    EXPECT_EQ(observation->hosts[0].host, "node-1");
    counts_ = observation->counts;
    return observation->hosts[0].devices;
  }

  absl::Status Failure(const std::string& library = FLEETMETER_FAKE_NVML_LIBRARY) {
    return machine_.Source("", library)->Observe(Look()).status();
  }

  FakeNvmlMachine machine_;
  std::string keys_;
  std::unique_ptr<LiveSource> source_;
  ObservationCounts counts_;
};

TEST_F(NvmlSourceTest, ReadsGpusTheirUseAndWhoHoldsThem) {
  machine_.AddProcess(11, "python3", "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0");
  machine_.AddProcess(12, "python3", "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_1");
  machine_.AddProcess(13, "server", "0::/system.slice/chat.service");
  machine_.Say(
      "gpu uuid=GPU-a name=NVIDIA_H200 util=37 used=250 reserved=100 total=1000 mig=0\n"
      "gpu uuid=GPU-b name=NVIDIA_H200 util=0 used=0 total=1000 mig=0\n"
      "process gpu=0 pid=11\nprocess gpu=0 pid=12\nprocess gpu=0 pid=13 mps=1\n");
  const auto devices = Devices();
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].uuid, "GPU-a");
  EXPECT_EQ(devices[0].index, 0U);
  EXPECT_EQ(devices[0].model, "NVIDIA H200");
  EXPECT_EQ(devices[0].fitness, Fitness::kFit);
  const DevicePart& busy = devices[0].parts.at(0);
  EXPECT_EQ(busy.activity, 370'000);
  EXPECT_EQ(busy.signal, "gpu_util");
  EXPECT_EQ(busy.memory, 250'000);
  ASSERT_THAT(busy.holders, SizeIs(2));
  EXPECT_EQ(busy.holders[0].name, "job 7");
  EXPECT_THAT(busy.holders[0].attributes.Texts("job"), ElementsAre("7"));
  EXPECT_EQ(busy.holders[1].name, "chat.service");
  const DevicePart& idle = devices[1].parts.at(0);
  EXPECT_EQ(idle.activity, 0);
  EXPECT_THAT(idle.holders, IsEmpty());
  EXPECT_EQ(idle.knows_holders, Holders::kKnown);
}

TEST_F(NvmlSourceTest, ReadsMoreProcessesThanItExpects) {
  std::string script = "gpu uuid=GPU-a name=NVIDIA_H200 util=1\n";
  for (int i = 0; i < 100; ++i) script += "process gpu=0 pid=" + std::to_string(1'000 + i) + "\n";
  machine_.Say(script);
  EXPECT_THAT(Devices()[0].parts.at(0).holders, SizeIs(100));
}

TEST_F(NvmlSourceTest, LeavesFreeGpusToASchedulerIfToldSo) {
  keys_ = "free_without_process: false\n";
  machine_.Say(
      "gpu uuid=GPU-a name=NVIDIA_H200 util=1\ngpu uuid=GPU-b name=NVIDIA_H200 util=1\n"
      "process gpu=0 pid=11\n");
  const auto devices = Devices();
  EXPECT_EQ(devices[0].parts.at(0).knows_holders, Holders::kKnown);
  EXPECT_EQ(devices[1].parts.at(0).knows_holders, Holders::kUnknown);
}

TEST_F(NvmlSourceTest, DividesAChipByItsMigDevices) {
  machine_.AddProcess(11, "a", "0::/system.slice/a.service");
  machine_.Say(
      "gpu uuid=GPU-a name=NVIDIA_H100_80GB_HBM3 util=0 mig=1 most=7 used=1 total=4\n"
      "mig gpu=0 at=0 uuid=MIG-a gi=1 ci=0 gpu_slices=4 compute_slices=4 used=1 total=4\n"
      "mig gpu=0 at=3 uuid=MIG-b gi=2 ci=0 gpu_slices=2 compute_slices=1 used=0 total=4\n"
      "mig gpu=0 at=4 uuid=MIG-c gi=2 ci=1 gpu_slices=2 compute_slices=1 used=0 total=4\n"
      "process gpu=0 pid=11 gi=2 ci=1\n");
  const auto devices = Devices();
  ASSERT_THAT(devices, SizeIs(1));
  const auto& parts = devices[0].parts;
  ASSERT_THAT(parts, SizeIs(3));
  EXPECT_EQ(parts[0].id, "MIG-a");
  EXPECT_EQ(parts[0].share, kOne * 4 / 7);
  EXPECT_EQ(parts[1].share, kOne / 7);
  EXPECT_EQ(parts[2].share, kOne / 7);
  // The library's 0 is none of theirs.
  for (const DevicePart& part : parts) EXPECT_EQ(part.activity, std::nullopt);
  EXPECT_EQ(parts[0].memory, 250'000);
  EXPECT_THAT(parts[0].holders, IsEmpty());
  EXPECT_THAT(parts[1].holders, IsEmpty());
  ASSERT_THAT(parts[2].holders, SizeIs(1));
  EXPECT_EQ(parts[2].holders[0].name, "a.service");
}

TEST_F(NvmlSourceTest, SaysOnlyWhatTheDriverSays) {
  machine_.Say("gpu uuid=GPU-a name=Quadro\ngpu uuid=GPU-b name=NVIDIA_H200 util=101\n");
  const auto devices = Devices();
  EXPECT_EQ(devices[0].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[0].parts.at(0).memory, std::nullopt);
  EXPECT_EQ(devices[1].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(counts_.readings.unmeasured, 1);
}

TEST_F(NvmlSourceTest, KeepsALostGpuUnderItsNameAndTheOthersGoOn) {
  const std::string healthy = "gpu uuid=GPU-b name=NVIDIA_H200 util=50\n";
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=50\n" + healthy);
  EXPECT_EQ(Devices()[0].fitness, Fitness::kFit);
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=50 error=15\n" + healthy);
  const auto devices = Devices();
  ASSERT_THAT(devices, SizeIs(2));
  EXPECT_EQ(devices[0].uuid, "GPU-a");
  EXPECT_EQ(devices[0].model, "NVIDIA H200");
  EXPECT_EQ(devices[0].fitness, Fitness::kBroken);
  EXPECT_EQ(devices[0].fitness_reason, "GPU is lost (15)");
  EXPECT_EQ(devices[0].parts.at(0).activity, std::nullopt);
  EXPECT_EQ(devices[1].parts.at(0).activity, 500'000);
}

TEST_F(NvmlSourceTest, DoesNotTakeAGpuForFitThatDoesNotAnswer) {
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=50 error=4\n");
  const auto devices = Devices();
  EXPECT_EQ(devices[0].fitness, Fitness::kUnknown);
  EXPECT_EQ(devices[0].parts.at(0).knows_holders, Holders::kUnknown);
}

TEST_F(NvmlSourceTest, TakesHealthFromRowsPagesAndTheDriversAdvice) {
  machine_.Say(
      "gpu uuid=GPU-a name=NVIDIA_H200 remap_failed=1\n"
      "gpu uuid=GPU-b name=NVIDIA_H200 remap_pending=1\n"
      "gpu uuid=GPU-c name=Tesla_T4 pages_pending=1\n"
      "gpu uuid=GPU-d name=NVIDIA_H200 recovery=1\n"
      "gpu uuid=GPU-e name=NVIDIA_H200 recovery=4\n"
      "gpu uuid=GPU-f name=NVIDIA_H200 recovery=0 remap_failed=0 pages_pending=0\n"
      "gpu uuid=GPU-g name=NVIDIA_H200 recovery=5\n");
  std::vector<Fitness> all;
  for (const DeviceReading& device : Devices()) all.push_back(device.fitness);
  EXPECT_THAT(all,
              ElementsAre(Fitness::kBroken, Fitness::kDrained, Fitness::kDrained, Fitness::kBroken,
                          Fitness::kDrained, Fitness::kFit, Fitness::kBroken));
}

TEST_F(NvmlSourceTest, TakesAGpuForBrokenForAnHourAfterAnXid) {
  const std::string gpus = "gpu uuid=GPU-a name=H200 util=1\ngpu uuid=GPU-b name=H200 util=1\n";
  machine_.Say(gpus);
  EXPECT_EQ(Devices(kSecond)[1].fitness, Fitness::kFit);  // from here on it listens
  machine_.Say(gpus + "xid gpu=1 number=79\nxid gpu=0 number=31\n");
  const auto devices = Devices(2 * kSecond);
  EXPECT_EQ(devices[0].fitness, Fitness::kFit);  // 31 is a program's own
  EXPECT_EQ(devices[1].fitness, Fitness::kBroken);
  EXPECT_EQ(devices[1].fitness_reason, "XID 79");
  machine_.Say(gpus);
  EXPECT_EQ(Devices(kHour)[1].fitness, Fitness::kBroken);
  EXPECT_EQ(Devices(kHour + 3 * kSecond)[1].fitness, Fitness::kFit);
}

TEST_F(NvmlSourceTest, TellsWhyThereIsNoLibrary) {
  const absl::Status none = Failure("/nonexistent/libnvidia-ml.so.1");
  EXPECT_EQ(none.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(none.message()), HasSubstr("expected NVIDIA's driver"));
  const absl::Status other = Failure("libm.so.6");
  EXPECT_EQ(other.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(other.message()), HasSubstr("lacks the functions"));
}

TEST_F(NvmlSourceTest, ComesBackWhenTheDriverDoes) {
  machine_.Say("init code=9\n");
  source_ = machine_.Source();
  const absl::Status unloaded = source_->Observe(Look()).status();
  EXPECT_EQ(unloaded.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(unloaded.message()), HasSubstr("Driver Not Loaded (9)"));
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=1\ncount code=999\n");
  EXPECT_EQ(source_->Observe(Look()).status().code(), absl::StatusCode::kUnavailable);
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=1\n");
  EXPECT_EQ(Devices()[0].uuid, "GPU-a");
}

TEST_F(NvmlSourceTest, HoldsNobodyUpWhenACallHangs) {
  const std::string pipe = machine_.folder().PathOf("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  machine_.Say("gpu uuid=GPU-a name=NVIDIA_H200 util=1\nhang at=" + pipe + "\n");
  const SystemClock clock;
  Prober prober("gpus", machine_.Source(), std::chrono::milliseconds(50), clock);
  prober.Ask();
  EXPECT_EQ(prober.Await().observation.status().code(), absl::StatusCode::kDeadlineExceeded);
  prober.Ask();  // it is still under way, and not asked again
  EXPECT_EQ(prober.Await().observation.status().code(), absl::StatusCode::kDeadlineExceeded);
  std::ofstream release(pipe);  // opens when the call waits for it
}

}  // namespace
}  // namespace fleetmeter::collector
