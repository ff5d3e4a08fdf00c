#include "collectors/live/neuron/neuron_reading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "daemon/base/units.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

NeuronReport TwoChips() {
  NeuronReport report;
  report.devices = 2;
  report.cores_per_device = 2;
  report.device_type = "trainium1";
  report.device_memory_bytes = 1'000;
  report.tells_runtimes = true;
  return report;
}

void AddRuntime(NeuronReport& report, const std::string& tag, std::vector<NeuronCoreUse> cores) {
  NeuronRuntime& runtime = report.runtimes.emplace_back();
  runtime.tag = tag;
  runtime.cores = std::move(cores);
}

Observation ReadOk(const NeuronReport& report, const NeuronSettings& settings = {}) {
  auto observation = ReadNeuron(report, settings, "node-1", nullptr);
  EXPECT_TRUE(observation.ok()) << observation.status();
  return observation.ok() ? *std::move(observation) : Observation();
}

std::vector<DeviceReading> DevicesOf(const NeuronReport& report,
                                     const NeuronSettings& settings = {}) {
  Observation observation = ReadOk(report, settings);
  return observation.hosts.empty() ? std::vector<DeviceReading>(2)
                                   : observation.hosts.front().devices;
}

TEST(ReadNeuron, TakesAChipWithoutRuntimesForIdleAndFree) {
  const auto devices = DevicesOf(TwoChips());
  ASSERT_THAT(devices, SizeIs(2));
  ASSERT_THAT(devices[1].parts, SizeIs(1));
  EXPECT_EQ(devices[1].index, 1U);
  EXPECT_EQ(devices[1].model, "trainium1");
  EXPECT_EQ(devices[1].parts[0].activity, 0);
  EXPECT_EQ(devices[1].parts[0].knows_holders, Holders::kKnown);
  EXPECT_THAT(devices[1].parts[0].holders, IsEmpty());
}

TEST(ReadNeuron, GivesAChipTheMeanOfItsCores) {
  NeuronReport report = TwoChips();
  AddRuntime(report, "train", {{2, 0.5, 100}, {3, 0.25, 300}});
  const auto devices = DevicesOf(report);
  ASSERT_THAT(devices[1].parts, SizeIs(1));
  const DevicePart& whole = devices[1].parts[0];
  EXPECT_EQ(whole.share, kOne);
  EXPECT_EQ(whole.activity, 375'000);
  EXPECT_EQ(whole.memory, 400'000);  // of 500 bytes a core
  EXPECT_EQ(whole.signal, kNeuronSignal);
  ASSERT_THAT(whole.holders, SizeIs(1));
  EXPECT_EQ(whole.holders[0].name, "runtime train");
  EXPECT_EQ(devices[0].parts[0].activity, 0);
}

TEST(ReadNeuron, DividesAChipAmongRuntimesByCores) {
  NeuronReport report = TwoChips();
  AddRuntime(report, "a", {{0, 0.5}});
  AddRuntime(report, "b", {{3, 0.25}, {2, 0.75}});
  const auto devices = DevicesOf(report);
  ASSERT_THAT(devices[0].parts, SizeIs(2));
  EXPECT_EQ(devices[0].parts[0].id, "core 0");
  EXPECT_EQ(devices[0].parts[0].share, kOne / 2);
  EXPECT_EQ(devices[0].parts[0].activity, 500'000);
  EXPECT_THAT(devices[0].parts[1].holders, IsEmpty());
  EXPECT_EQ(devices[0].parts[1].activity, 0);
  ASSERT_THAT(devices[1].parts, SizeIs(1));
  EXPECT_EQ(devices[1].parts[0].activity, 500'000);
}

TEST(ReadNeuron, SharesOfCoresAddUpToTheChip) {
  NeuronReport report = TwoChips();
  report.cores_per_device = 3;
  AddRuntime(report, "a", {{0, 0.5}});
  Micro sum = 0;
  const auto devices = DevicesOf(report);
  for (const DevicePart& part : devices[0].parts) sum += part.share;
  EXPECT_EQ(sum, kOne);
}

TEST(ReadNeuron, LeavesAReadingThatCannotBeUnmeasured) {
  NeuronReport report = TwoChips();
  AddRuntime(report, "a", {{0, 1.02}, {1, 3.0}, {2, NAN}, {3, -1.0}});
  const Observation observation = ReadOk(report);
  const auto& devices = observation.hosts.at(0).devices;
  ASSERT_THAT(devices[0].parts, SizeIs(2));
  EXPECT_EQ(devices[0].parts[0].activity, kOne);  // measured by a period of its own
  EXPECT_EQ(devices[0].parts[1].activity, std::nullopt);
  EXPECT_THAT(devices[0].parts[1].holders, SizeIs(1));
  ASSERT_THAT(devices[1].parts, SizeIs(1));
  EXPECT_EQ(devices[1].parts[0].activity, std::nullopt);
  EXPECT_EQ(observation.counts.readings.clamped, 1);
  EXPECT_EQ(observation.counts.readings.unmeasured, 3);
}

TEST(ReadNeuron, TakesNoCoreForFreeWhereARuntimeHidesItsOwn) {
  NeuronReport report = TwoChips();
  AddRuntime(report, "a", {{0, 0.5}, {1, 0.5}});
  report.runtimes.emplace_back().tag = "hidden";
  const auto devices = DevicesOf(report);
  EXPECT_EQ(devices[0].parts[0].activity, 500'000);
  EXPECT_EQ(devices[1].parts[0].activity, std::nullopt);
  EXPECT_EQ(devices[1].parts[0].knows_holders, Holders::kUnknown);
}

TEST(ReadNeuron, KnowsNothingOfUseWithoutTheSection) {
  NeuronReport report = TwoChips();
  report.tells_runtimes = false;
  const auto devices = DevicesOf(report);
  EXPECT_EQ(devices[0].parts[0].activity, std::nullopt);
  EXPECT_EQ(devices[0].parts[0].knows_holders, Holders::kUnknown);
}

TEST(ReadNeuron, LeavesFreeChipsToASchedulerIfToldSo) {
  NeuronSettings settings;
  settings.free_without_runtime = false;
  const auto devices = DevicesOf(TwoChips(), settings);
  EXPECT_EQ(devices[0].parts[0].activity, 0);
  EXPECT_EQ(devices[0].parts[0].knows_holders, Holders::kUnknown);
}

TEST(ReadNeuron, TakesPodsThatHoldChipsAndDoNotUseThem) {
  NeuronReport report = TwoChips();
  report.tells_pods = true;
  report.pods_of_devices[1] = {"ml", "train-0", {"main"}};
  report.pods_of_cores[0] = {"ml", "chat-0", {}};
  AddRuntime(report, "a", {{0, 0.5}});
  const auto devices = DevicesOf(report);
  ASSERT_THAT(devices[1].parts, SizeIs(1));
  ASSERT_THAT(devices[1].parts[0].holders, SizeIs(1));
  EXPECT_EQ(devices[1].parts[0].holders[0].name, "pod ml/train-0");
  EXPECT_EQ(devices[1].parts[0].activity, 0);
  ASSERT_THAT(devices[0].parts, SizeIs(2));
  ASSERT_THAT(devices[0].parts[0].holders, SizeIs(1));
  EXPECT_EQ(devices[0].parts[0].holders[0].name, "pod ml/chat-0");
  EXPECT_THAT(devices[0].parts[0].holders[0].attributes.Texts("tag"), testing::ElementsAre("a"));
  EXPECT_EQ(devices[0].parts[1].knows_holders, Holders::kKnown);
}

TEST(ReadNeuron, LeavesOutCoresThatTheMachineDoesNotHave) {
  NeuronReport report = TwoChips();
  AddRuntime(report, "a", {{4, 0.5}, {int64_t{1} << 60, 0.5}});
  const Observation observation = ReadOk(report);
  EXPECT_EQ(observation.counts.bad_lines, 2);
  EXPECT_THAT(observation.remarks.at(0), HasSubstr("names core 4; expected one below 4"));
  const DevicePart& other = observation.hosts.at(0).devices.at(0).parts.at(0);
  EXPECT_EQ(other.knows_holders, Holders::kUnknown) << "it may be the one that is meant";
  EXPECT_EQ(other.activity, std::nullopt);
}

TEST(ReadNeuron, FailsWhereTheDriverShowsNoChips) {
  NeuronReport report = TwoChips();
  report.hardware_error = "no driver";
  const auto observation = ReadNeuron(report, {}, "node-1", nullptr);
  EXPECT_EQ(observation.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(observation.status().message()), HasSubstr("no driver"));
}

// The fitness of device 1 after a look that counts so many errors of it.
class NeuronErrorWatchTest : public testing::Test {
 protected:
  Fitness After(int64_t nanos, std::optional<int64_t> errors) {
    now_ += nanos;
    NeuronReport report = TwoChips();
    if (errors) report.uncorrected_errors = {{0, 0}, {1, *errors}};
    HostReading host = ReadOk(report).hosts.at(0);
    watch_.Judge(report, now_, host);
    if (errors) {
      EXPECT_EQ(host.devices[0].fitness, Fitness::kFit);
    }
    return host.devices[1].fitness;
  }

  int64_t now_ = kSecond;
  NeuronErrorWatch watch_{kHour};
};

TEST_F(NeuronErrorWatchTest, TakesAChipWithNewErrorsForBrokenForAnHour) {
  EXPECT_EQ(After(0, 7), Fitness::kFit);  // from before
  EXPECT_EQ(After(kSecond, 7), Fitness::kFit);
  EXPECT_EQ(After(kSecond, 8), Fitness::kBroken);
  EXPECT_EQ(After(kMinute, std::nullopt), Fitness::kBroken);
  EXPECT_EQ(After(kMinute, 9), Fitness::kBroken);
  EXPECT_EQ(After(kHour - kSecond, 9), Fitness::kBroken);
  EXPECT_EQ(After(2 * kSecond, 9), Fitness::kFit);
}

TEST_F(NeuronErrorWatchTest, TakesAChipForFitAgainWhenItsCountFalls) {
  EXPECT_EQ(After(0, 7), Fitness::kFit);
  EXPECT_EQ(After(kSecond, 8), Fitness::kBroken);
  EXPECT_EQ(After(kSecond, 0), Fitness::kFit);
  EXPECT_EQ(After(kSecond, 1), Fitness::kBroken);
}

TEST_F(NeuronErrorWatchTest, SaysNothingOfChipsWhoseErrorsNobodyCounts) {
  EXPECT_EQ(After(0, std::nullopt), Fitness::kUnknown);
}

}  // namespace
}  // namespace fleetmeter::collector
