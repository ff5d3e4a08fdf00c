#include "collectors/replay/duty_cycle/duty_cycle_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<std::unique_ptr<Source>> MakeDutyCycle(const std::string& rows,
                                                      ReplayOptions replay = {}) {
  TempFolder dir;
  DutyCycleReplayOptions options;
  options.path = dir.Write("duty.csv", "value,timestamp_anon,container_ip\n" + rows);
  options.chip = "a10";
  options.pool = "serving";
  options.team = "images";
  options.replay = replay;
  return MakeDutyCycleSource(options);
}

std::vector<v1::UsageReport> SampleOfDutyCycle(Source& source, int64_t duration) {
  std::vector<v1::UsageReport> reports;
  const absl::Status status = source.Sample(WindowOf(duration), reports);
  EXPECT_TRUE(status.ok()) << status;
  return reports;
}

TEST(DutyCycleSource, ReportsEachPodAsAHostWithOneChip) {
  auto source = MakeDutyCycle("50.0,1000.0,pod-a\n0.0,1000.0,pod-b\n");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->RemainingNanos(), 57 * kSecond);
  const auto reports = SampleOfDutyCycle(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 2);
  EXPECT_EQ(reports[0].source(), "pod-a");
  const v1::UsageGroup& group = reports[0].groups(0);
  EXPECT_EQ(group.chip(), "a10");
  EXPECT_EQ(group.pool(), "serving");
  EXPECT_EQ(group.team(), "images");
  EXPECT_EQ(group.signal(), "gpu_duty_cycle");
  EXPECT_THAT(group.per_chip().device(), ElementsAre(0));
  EXPECT_THAT(group.per_chip().activity(), ElementsAre(0.5));
  EXPECT_THAT(reports[1].groups(0).per_chip().activity(), ElementsAre(0.0));
}

TEST(DutyCycleSource, IsSilentWhereThereIsNoSampleForLongerThanAStep) {
  auto source = MakeDutyCycle("50,0,pod-a\n100,57,pod-a\n20,228,pod-a\n10,0,pod-b\n");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(SampleOfDutyCycle(**source, 57 * kSecond).size(), 2);
  EXPECT_EQ(SampleOfDutyCycle(**source, 57 * kSecond).size(), 1);   // pod-b has gone
  EXPECT_EQ(SampleOfDutyCycle(**source, 114 * kSecond).size(), 0);  // pod-a missed two samples
  EXPECT_THAT(SampleOfDutyCycle(**source, 57 * kSecond)[0].groups(0).per_chip().activity(),
              ElementsAre(0.2));
  EXPECT_EQ((*source)->RemainingNanos(), 0);
}

TEST(DutyCycleSource, SumsSamplesOfALongWindowAndLeavesGapsOut) {
  auto source = MakeDutyCycle("50,0,pod-a\n100,57,pod-a\n20,228,pod-a\n");
  ASSERT_TRUE(source.ok()) << source.status();
  const auto reports = SampleOfDutyCycle(**source, 285 * kSecond);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].groups(0).sums().chip_nanos(), 3 * 57 * kSecond);
  EXPECT_EQ(reports[0].groups(0).sums().busy_chip_nanos(), 57 * kSecond * 17 / 10);
}

// dcgm gives one such sample in millions.
TEST(DutyCycleSource, HoldsAPodWithoutMeasureWhileASampleIsOdd) {
  auto source =
      MakeDutyCycle("50,0,pod-a\n808334905,57,pod-a\n100.00001,114,pod-a\nnan,171,pod-a\n");
  ASSERT_TRUE(source.ok()) << source.status();
  const auto next = [&] { return SampleOfDutyCycle(**source, 57 * kSecond).at(0).groups(0); };
  EXPECT_THAT(next().per_chip().activity(), ElementsAre(0.5));
  for (const bool odd : {true, false, true}) {
    const v1::UsageGroup group = next();
    EXPECT_EQ(group.signal(), odd ? "allocated_only" : "gpu_duty_cycle");
    EXPECT_EQ(group.pool(), "serving");
    EXPECT_EQ(group.per_chip().activity_size(), odd ? 0 : 1);
    if (!odd) {
      EXPECT_EQ(group.per_chip().activity(0), 1);
    }
  }
}

TEST(DutyCycleSource, NamesLineAndColumnOfABadSample) {
  const std::pair<const char*, const char*> cases[] = {
      {"101x,57,pod-a\n", "duty.csv:3: column value: got \"101x\""},
      {",57,pod-a\n", "duty.csv:3: column value: got \"\""},
      {"1,x,pod-a\n", "duty.csv:3: column timestamp_anon: got \"x\""},
      {"1,0,pod-a\n", "duty.csv:3: column timestamp_anon: got \"0\"; expected a time after"},
      {"1,57,\n", "duty.csv:3: column container_ip"},
  };
  for (const auto& [row, error] : cases) {
    EXPECT_THAT(std::string(MakeDutyCycle(std::string("50,0,pod-a\n") + row).status().message()),
                HasSubstr(error));
  }
  EXPECT_THAT(std::string(MakeDutyCycle("").status().message()), HasSubstr("no samples"));
}

TEST(DutyCycleSource, WantsChipPoolAndTeam) {
  EXPECT_THAT(std::string(MakeDutyCycleSource({}).status().message()), HasSubstr("chip is empty"));
}

TEST(DutyCycleSource, ReadsTheRealFile) {
  const std::filesystem::path data = SharedData();
  if (data.empty()) {
    GTEST_SKIP() << "no shared/data beside the checkout: the trace is not on this machine";
  }
  DutyCycleReplayOptions options;
  options.path = data / "genai-requests-alibaba-2026/pod_gpu_duty_cycle_anon.csv.gz";
  options.chip = "a10";
  options.pool = "serving";
  options.team = "images";
  auto source = MakeDutyCycleSource(options);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->RemainingNanos(), (1'662'940'800L - 1'662'858'720L + 57) * kSecond);
  int64_t chip_nanos = 0;
  while ((*source)->RemainingNanos() > 0) {
    const int64_t duration = std::min(600 * kSecond, (*source)->RemainingNanos());
    for (const auto& report : SampleOfDutyCycle(**source, duration)) {
      for (const auto& group : report.groups()) chip_nanos += ChipNanos(report, group);
    }
  }
  EXPECT_EQ(chip_nanos, 157'417L * 57 * kSecond);  // each sample of the file once
}

}  // namespace
}  // namespace fleetmeter::collector
