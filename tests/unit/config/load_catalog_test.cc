#include "daemon/config/load_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

constexpr int64_t kNewYear2026 = 1'767'225'600'000'000'000;

TEST(LoadCatalog, ReadsAllThereIsToSayAboutAChip) {
  const TempFolder folder;
  const auto catalog = LoadCatalog(folder.Write("c.yaml", R"(version: 12
chips:
  - name: trainium2
    provider: aws
    title: "AWS Trainium\u20222"
    usd_per_chip_hour: 2.450001
    peak_flops: {bf16: 667e12, fp8: 1299e12}
    conversions:
      - chips_per_h100e: 1.50
        basis: first estimate
      - effective_from: 2026-01-01
        chips_per_h100e: "8/5"
        by_workload_type: {decode: 1.2, pretraining: 2}
        basis: >-
          measured
          at home
)"));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->version(), 12u);
  const ChipKind* chip = catalog->Find("trainium2");
  ASSERT_NE(chip, nullptr);
  EXPECT_EQ(chip->provider, "aws");
  EXPECT_EQ(chip->title, "AWS Trainium\u20222");
  EXPECT_EQ(chip->micro_usd_per_chip_hour, 2'450'001);
  EXPECT_EQ(chip->peak_flops.at("fp8"), 1299e12);
  EXPECT_EQ(chip->ConversionAt(kNewYear2026 - 1).chips_per_h100e, (Ratio{3, 2}));
  const Conversion& now = chip->ConversionAt(kNewYear2026);
  EXPECT_EQ(now.chips_per_h100e, (Ratio{8, 5}));
  EXPECT_EQ(now.For("decode"), (Ratio{6, 5}));
  EXPECT_EQ(now.basis, "measured at home");
}

TEST(LoadCatalog, KeepsAnUnknownPriceUnknown) {
  const TempFolder folder;
  const auto catalog = LoadCatalog(folder.Write("c.yaml", kCatalogYaml));
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_EQ(catalog->Find("h100")->micro_usd_per_chip_hour, std::nullopt);
}

// The framework's supply table, through the file that is shipped.
TEST(LoadCatalog, OfTheShippedFileConvertsTheFrameworksSupply) {
  const auto catalog = LoadCatalog(SourceDir() + "/deploy/catalog/default.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  const auto h100e = [&](std::string_view name, double chips) {
    return H100e(chips, catalog->Find(name)->ConversionAt(kNewYear2026).chips_per_h100e);
  };
  EXPECT_NEAR(h100e("trainium2", 1'000'000), 666'666.67, 0.005);
  EXPECT_EQ(h100e("tpu_v5p", 1'000'000), 250'000);
  EXPECT_EQ(h100e("b200", 156'556), 469'668);
  EXPECT_EQ(h100e("h100", 17), 17);
}

TEST(LoadCatalog, OfTheShippedFileTakesRatiosFromPeakRatesUnlessTheBasisSaysOtherwise) {
  const auto catalog = LoadCatalog(SourceDir() + "/deploy/catalog/default.yaml");
  ASSERT_TRUE(catalog.ok()) << catalog.status();
  EXPECT_GE(catalog->kinds().size(), 39u);
  for (const ChipKind& kind : catalog->kinds()) {
    const Conversion& conversion = kind.conversions.front();
    if (conversion.basis.starts_with("framework")) continue;
    const auto bf16 = kind.peak_flops.find("bf16");
    const double peak = bf16 == kind.peak_flops.end() ? kind.peak_flops.at("fp16") : bf16->second;
    EXPECT_NEAR(conversion.chips_per_h100e.AsDouble(), 989.4e12 / peak, 1e-12) << kind.name;
    if (bf16 == kind.peak_flops.end()) {
      EXPECT_THAT(conversion.basis, testing::HasSubstr("FP16")) << kind.name;
    }
  }
}

}  // namespace
}  // namespace fleetmeter
