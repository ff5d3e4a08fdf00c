#include "collectors/live/tpu/tpu_chips.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "collectors/live/tpu/tpu_pci.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

using Activities = std::vector<std::optional<Micro>>;

TpuRuntime Answered(TpuValues duty, size_t memory_devices = 0) {
  TpuRuntime runtime;
  runtime.state = TpuRuntime::State::kAnswered;
  runtime.duty_percent = std::move(duty);
  for (size_t i = 0; i < memory_devices; ++i) {
    const auto device = static_cast<int64_t>(i);
    runtime.memory_total[device] = 200;
    runtime.memory_used[device] = 50;
  }
  return runtime;
}

TpuRuntime InState(TpuRuntime::State state) {
  TpuRuntime runtime;
  runtime.state = state;
  return runtime;
}

class TpuChipsTest : public testing::Test {
 protected:
  // Activities by the chip's number.
  Activities Observe(const char* generation, const std::vector<TpuRuntime>& runtimes,
                     std::optional<int64_t> chips = std::nullopt, bool idle = true) {
    TpuHost host;
    host.host = "tpu-1";
    host.generation = FindTpuGeneration(generation);
    host.chips = chips;
    host.idle_without_runtime = idle;
    observation_ = {};
    status_ = AddTpuHost(host, runtimes, observation_);
    Activities activities;
    if (!status_.ok()) return activities;
    for (const DeviceReading& device : observation_.hosts.at(0).devices) {
      EXPECT_EQ(device.parts.at(0).signal, device.parts[0].activity ? "duty_cycle" : "");
      activities.push_back(device.parts[0].activity);
    }
    return activities;
  }

  Observation observation_;
  absl::Status status_;
};

TEST_F(TpuChipsTest, TakesOneDeviceForAChipOfMostGenerations) {
  for (const char* generation : {"v4", "v5e", "v5p", "v6e"}) {
    EXPECT_THAT(Observe(generation, {Answered({{0, 100}, {1, 25.5}}, 2)}),
                ElementsAre(kOne, 255'000))
        << generation;
  }
  EXPECT_EQ(observation_.hosts[0].devices[0].model, "TPU v6e");
  EXPECT_EQ(observation_.hosts[0].devices[0].parts[0].memory, kOne / 4);
}

TEST_F(TpuChipsTest, TakesOneValueForAChipOfTwoDevices) {
  for (const char* generation : {"v2", "v3"}) {
    // By the chip's number, and by that of its first device.
    EXPECT_THAT(Observe(generation, {Answered({{0, 80}, {1, 10}}, 4)}),
                ElementsAre(800'000, 100'000));
    EXPECT_THAT(Observe(generation, {Answered({{0, 80}, {2, 10}}, 4)}),
                ElementsAre(800'000, 100'000));
    EXPECT_THAT(Observe(generation, {Answered({{0, 80}, {1, 10}})}), ElementsAre(800'000, 100'000));
  }
}

TEST_F(TpuChipsTest, TakesTheMeanOfTwoDevices) {
  EXPECT_THAT(Observe("v7x", {Answered({{0, 100}, {1, 50}, {2, 0}, {3, 20}}, 4)}),
              ElementsAre(750'000, 100'000));
  EXPECT_THAT(Observe("v7x", {Answered({{0, 100}, {1, 50}})}), ElementsAre(750'000));
  // As many values as devices: each is of a device, whatever the generation.
  EXPECT_THAT(Observe("v3", {Answered({{0, 100}, {1, 50}}, 2)}), ElementsAre(750'000));
}

TEST_F(TpuChipsTest, LeavesAChipUnmeasuredOfWhichADeviceSaysNothing) {
  EXPECT_THAT(Observe("v7x", {Answered({{0, 100}, {1, 50}, {2, 10}}, 4)}),
              ElementsAre(750'000, std::nullopt));
  EXPECT_THAT(Observe("v6e", {Answered({{0, 100}}, 2)}), ElementsAre(kOne, std::nullopt));
}

TEST_F(TpuChipsTest, LeavesChipsUnmeasuredWhoseValuesCannotBe) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT(
      Observe("v6e", {Answered({{0, 150}, {1, std::nan("")}, {2, infinity}, {3, -1}, {4, 7}})}),
      ElementsAre(std::nullopt, std::nullopt, std::nullopt, std::nullopt, 70'000));
  EXPECT_EQ(observation_.counts.readings.unmeasured, 4);
}

TEST_F(TpuChipsTest, LeavesChipsUnmeasuredWithoutTheMetric) {
  TpuRuntime runtime = Answered({}, 2);
  runtime.duty_percent.reset();
  EXPECT_THAT(Observe("v6e", {runtime}, 4), ElementsAre(std::nullopt, std::nullopt, 0, 0));
  runtime = Answered({});
  runtime.duty_percent.reset();
  EXPECT_THAT(Observe("v6e", {runtime}, 1), ElementsAre(std::nullopt));
}

TEST_F(TpuChipsTest, TakesChipsForIdleThatNoProgramUses) {
  EXPECT_THAT(Observe("v5e", {InState(TpuRuntime::State::kNone)}, 2), ElementsAre(0, 0));
  EXPECT_THAT(Observe("v5e", {Answered({})}, 2), ElementsAre(0, 0));
  EXPECT_THAT(Observe("v5e", {InState(TpuRuntime::State::kNone)}, 2, false),
              ElementsAre(std::nullopt, std::nullopt));
  EXPECT_EQ(observation_.hosts[0].listing, Listing::kAll);
}

TEST_F(TpuChipsTest, KnowsNothingOfChipsThatARuntimeWhichFailsMayUse) {
  EXPECT_THAT(Observe("v5e", {Answered({{0, 40}}), InState(TpuRuntime::State::kFailed)}, 2),
              ElementsAre(400'000, std::nullopt));
}

TEST_F(TpuChipsTest, JoinsProgramsThatUseDifferentChips) {
  EXPECT_THAT(Observe("v5e", {Answered({{0, 40}}), Answered({{1, 60}})}),
              ElementsAre(400'000, 600'000));
  EXPECT_EQ(observation_.counts.duplicate_devices, 0);
  EXPECT_THAT(Observe("v5e", {Answered({{0, 40}}), Answered({{0, 60}})}),
              ElementsAre(std::nullopt));
  EXPECT_EQ(observation_.counts.duplicate_devices, 1);
}

TEST_F(TpuChipsTest, SaysThatItDoesNotKnowHowManyChipsThereAre) {
  Observe("v5e", {InState(TpuRuntime::State::kNone)});
  EXPECT_TRUE(absl::IsNotFound(status_)) << status_;
  EXPECT_THAT(observation_.hosts, IsEmpty());
}

TEST(ReadTpuValues, CountsWhatItCannotRead) {
  ::tpu::monitoring::runtime::TPUMetric metric;
  const auto add = [&](int64_t device) {
    auto* one = metric.add_metrics();
    one->mutable_attribute()->mutable_value()->set_int_attr(device);
    return one;
  };
  add(0)->mutable_gauge()->set_as_double(1.5);
  add(1)->mutable_gauge()->set_as_int(7);
  add(1)->mutable_gauge()->set_as_int(8);          // once more
  add(2)->mutable_gauge()->set_as_string("busy");  // no number
  add(3);                                          // no value
  add(-1)->mutable_gauge()->set_as_double(1);
  add(INT64_MAX)->mutable_gauge()->set_as_double(1);
  metric.add_metrics()->mutable_gauge()->set_as_double(1);  // no device
  Observation observation;
  EXPECT_THAT(ReadTpuValues(metric, observation),
              ElementsAre(testing::Pair(0, 1.5), testing::Pair(1, 7)));
  EXPECT_EQ(observation.counts.bad_lines, 6);
  EXPECT_THAT(observation.remarks, SizeIs(6));
}

class PciTpusTest : public testing::Test {
 protected:
  void Add(const std::string& address, const std::string& vendor, const std::string& device,
           const std::string& subsystem = "0x0000") const {
    const std::string folder = "bus/pci/devices/" + address + "/";
    sysfs_.Write(folder + "vendor", vendor + "\n");
    sysfs_.Write(folder + "device", device + "\n");
    sysfs_.Write(folder + "subsystem_device", subsystem + "\n");
  }

  const TempFolder sysfs_;
};

TEST_F(PciTpusTest, CountsAddressesAndNotFunctions) {
  Add("0000:00:04.0", "0x1ae0", "0x0063");
  Add("0000:00:05.0", "0x1ae0", "0x0063");
  Add("0000:00:05.1", "0x1ae0", "0x0063");
  Add("0000:00:06.0", "0x10de", "0x2330");
  Add("0000:00:07.0", "0x1ae0", "0x0042");  // a network card
  const auto tpus = FindPciTpus(sysfs_.path());
  ASSERT_TRUE(tpus);
  EXPECT_EQ(tpus->generation, "v5e");
  EXPECT_EQ(tpus->chips, 2);
}

TEST_F(PciTpusTest, TellsGenerationsApartThatShareANumber) {
  Add("0000:00:04.0", "0x1ae0", "0x0027", "0x004f");
  EXPECT_EQ(FindPciTpus(sysfs_.path())->generation, "v3");
  Add("0000:00:04.0", "0x1ae0", "0x0027", "0x004e");
  EXPECT_EQ(FindPciTpus(sysfs_.path())->generation, "v2");
}

TEST_F(PciTpusTest, FindsNoneWhereThereIsNone) {
  EXPECT_FALSE(FindPciTpus(sysfs_.path()));
  Add("0000:00:06.0", "0x10de", "0x2330");
  EXPECT_FALSE(FindPciTpus(sysfs_.path()));
  EXPECT_FALSE(FindPciTpus(sysfs_.PathOf("absent")));
}

}  // namespace
}  // namespace fleetmeter::collector
