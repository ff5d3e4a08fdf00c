// MIG instances, as the type `dcgm` reads them.
#include "tests/unit/collectors/live/dcgm_testing.h"

namespace fleetmeter::collector {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(DcgmSource, WeighsMigInstancesBySlices) {
  const DeviceReading chip = Only(DcgmSample("mig.prom"));
  ASSERT_THAT(chip.parts, SizeIs(3));
  EXPECT_EQ(chip.parts[0].id, "2");
  EXPECT_EQ(chip.parts[0].share, 428'571);  // 3/7
  EXPECT_EQ(chip.parts[0].activity, 800'000);
  EXPECT_EQ(chip.parts[0].productive, 300'000);
  EXPECT_EQ(chip.parts[0].holders.at(0).name, "pod search/rank-0");
  EXPECT_EQ(chip.parts[1].id, "5");
  EXPECT_EQ(chip.parts[1].share, 285'715);  // 5/7 - 3/7
  EXPECT_EQ(chip.parts[1].activity, 0);
  EXPECT_THAT(chip.parts[1].holders, IsEmpty());
  EXPECT_EQ(chip.parts[2].id, "11");
  EXPECT_EQ(chip.parts[2].share, 142'857);  // 6/7 - 5/7; the last seventh is nobody's
  EXPECT_EQ(chip.parts[2].activity, kOne) << "1.29 of an instance is clamped";
  EXPECT_EQ(last_.counts.readings.clamped, 1);
}

TEST_F(DcgmSource, MakesAWholeChipOfSevenSevenths) {
  std::string page;
  for (int id = 7; id < 14; ++id) page += Instance(id, "1g.18gb");
  Micro sum = 0;
  const DeviceReading chip = Only(page);
  for (const DevicePart& part : chip.parts) sum += part.share;
  EXPECT_THAT(chip.parts, SizeIs(7));
  EXPECT_EQ(sum, kOne);
  EXPECT_EQ(chip.parts[0].id, "7") << "by number, and not by text";
  EXPECT_EQ(chip.parts[6].id, "13");
}

TEST_F(DcgmSource, DividesEachModelByItsOwnSlices) {
  const auto share_of = [&](const std::string& profile, const std::string& model) {
    const DeviceReading chip = Only(Instance(1, profile, "0.5", model));
    return chip.parts.at(0).activity ? chip.parts.at(0).share : 0;
  };
  EXPECT_EQ(share_of("1g.24gb", "NVIDIA RTX PRO 6000 Blackwell Server Edition"), kOne / 4);
  EXPECT_EQ(share_of("2g.12gb", "NVIDIA A30"), kOne / 2);
  EXPECT_EQ(share_of("1c.3g.40gb", "NVIDIA A100-SXM4-80GB"), 428'571);
  EXPECT_EQ(share_of("1g.10gb+me", "NVIDIA H100 80GB HBM3"), 142'857);
  EXPECT_EQ(share_of("4g.24gb", "A model of tomorrow"), kOne) << "only chips of 4 have it";
  EXPECT_EQ(share_of("1g.24gb", "A model of tomorrow"), 0) << "a guess";
  EXPECT_THAT(last_.remarks, Contains(HasSubstr("not measured")));
}

TEST_F(DcgmSource, DoesNotMeasureAChipWithMoreInstancesThanItHas) {
  const DeviceReading chip = Only(Instance(1, "4g.71gb") + Instance(2, "4g.71gb"));
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
  EXPECT_EQ(chip.parts[0].share, kOne);
}

TEST_F(DcgmSource, NeverTakesTheUtilizationOfAnInstance) {
  const DeviceReading chip =
      Only(Gpu0("DCGM_FI_DEV_GPU_UTIL", "90") +
           Gpu0("DCGM_FI_DEV_GPU_UTIL", "0", R"(GPU_I_PROFILE="1g.18gb",GPU_I_ID="7")"));
  ASSERT_THAT(chip.parts, SizeIs(1));
  EXPECT_EQ(chip.parts[0].id, "7");
  EXPECT_EQ(chip.parts[0].activity, std::nullopt);
}

}  // namespace
}  // namespace fleetmeter::collector
