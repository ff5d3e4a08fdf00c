// Pages of real exporters, from the folder of samples beside the checkout.
#include "collectors/device/chip_kinds.h"
#include "tests/unit/collectors/live/dcgm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// What data/README.md says of the files.
class DcgmFixtures : public DcgmSource {
 protected:
  void SetUp() override {
    folder_ = DcgmSourceTree().parent_path() / "shared/data/fixtures/dcgm-exporter";
    if (!std::filesystem::exists(folder_)) {
      GTEST_SKIP() << "no shared/data beside the checkout: the samples are not on this machine";
    }
  }

  std::filesystem::path folder_;
};

TEST_F(DcgmFixtures, ReadsOneT4OfEachOfTwoLabelSets) {
  auto observation = Look(DcgmFile(folder_ / "datadog_tesla_t4.prom"));
  ASSERT_TRUE(observation.ok()) << observation.status();
  ASSERT_THAT(observation->hosts, SizeIs(2));
  EXPECT_EQ(observation->hosts[0].host, "424773df46e0");
  const DeviceReading& measured = observation->hosts[0].devices.at(0);
  EXPECT_EQ(measured.uuid, "GPU-20c56d28-0da5-6d26-a36a-e7af1ce2586e");
  EXPECT_EQ(measured.model, "Tesla T4");
  EXPECT_EQ(measured.parts[0].activity, 0);
  EXPECT_EQ(measured.parts[0].signal, "gpu_util");
  EXPECT_EQ(measured.parts[0].memory, 0);
  EXPECT_EQ(measured.fitness, Fitness::kFit);
  EXPECT_EQ(observation->hosts[1].host, "551bdf382151");
  const DeviceReading& unmeasured = observation->hosts[1].devices.at(0);
  EXPECT_EQ(unmeasured.uuid, "GPU-9ef1b6d0-3643-5dd7-b823-c0ec20dcf2d5");
  EXPECT_EQ(unmeasured.parts[0].activity, std::nullopt);
  EXPECT_EQ(unmeasured.parts[0].memory, 8);
  EXPECT_EQ(ChipKinds().KindOf(unmeasured.model), "t4");
}

TEST_F(DcgmFixtures, ReadsAFreeGpuOfAnUnknownKindAmongLinesOfADocument) {
  const DeviceReading chip = Only(DcgmFile(folder_ / "k8s_labels_gpu_monitoring_tools.prom"));
  EXPECT_EQ(chip.uuid, "GPU-604ac76c-d9cf-fef3-62e9-d92044ab6e52");
  EXPECT_EQ(chip.index, 0U);
  EXPECT_EQ(chip.model, "");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(chip.parts[0].knows_holders, Holders::kKnown);
  EXPECT_THAT(chip.parts[0].holders, IsEmpty());
  EXPECT_EQ(last_.counts.bad_lines, 2);
}

TEST_F(DcgmFixtures, ReadsOneChipWithOneInstance) {
  const DeviceReading chip =
      Only(DcgmFile(folder_ / "render_lowercase_hostname_mig_parent_and_instance.prom"));
  EXPECT_EQ(last_.hosts[0].host, "testhost");
  EXPECT_EQ(chip.uuid, "GPU-test-uuid");
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].id, "7");
  EXPECT_EQ(chip.parts[0].share, 142'857);
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
}

TEST_F(DcgmFixtures, CanAllBeRead) {
  int files = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    const auto observation = Look(DcgmFile(file.path()));
    EXPECT_TRUE(observation.ok()) << file.path() << observation.status();
    ++files;
  }
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace fleetmeter::collector
