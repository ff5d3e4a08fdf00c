#include "daemon/domain/fleet/catalog.h"

#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

ChipKind Chip(std::string name, std::vector<Conversion> conversions) {
  return {.name = std::move(name),
          .provider = "aws",
          .title = "A chip",
          .conversions = std::move(conversions),
          .micro_usd_per_chip_hour = std::nullopt,
          .peak_flops = {}};
}

Conversion From(int64_t nanos, Ratio ratio) {
  return {.effective_from_unix_nanos = nanos,
          .chips_per_h100e = ratio,
          .by_workload_type = {{"decode", Ratio{6, 5}}},
          .basis = "test"};
}

// The framework's supply table: N chips = 1 H100e.
TEST(H100e, ReproducesTheFrameworksSupplyTable) {
  const double trainium2 = H100e(1'000'000, Ratio{3, 2});
  const double tpu_v5p = H100e(1'000'000, Ratio{4, 1});
  const double b200 = H100e(156'556, Ratio{1, 3});
  EXPECT_NEAR(trainium2, 666'666.67, 0.005);
  EXPECT_EQ(tpu_v5p, 250'000);
  EXPECT_EQ(b200, 469'668);
  constexpr double kHoursPerYear = 365 * 24;
  EXPECT_NEAR(trainium2 * kHoursPerYear, 5'840'000'000, 0.001);
  EXPECT_EQ(tpu_v5p * kHoursPerYear, 2'190'000'000);
  EXPECT_EQ(b200 * kHoursPerYear, 4'114'291'680);
  EXPECT_NEAR((trainium2 + tpu_v5p + b200) * kHoursPerYear, 12'144'291'680, 0.001);
  // The paper does not round the number of B200 to whole chips: $30B x 80% over 5 years at $3.50.
  const double exact_b200 = H100e(30e9 * 0.8 / (5 * kHoursPerYear) / 3.5, Ratio{1, 3});
  EXPECT_NEAR((trainium2 + tpu_v5p + exact_b200) * kHoursPerYear, 12'144'285'714, 0.5);
}

TEST(H100e, OfWholeMultiplesIsAWholeNumber) {
  for (int64_t chips = 0; chips < 10'000; ++chips) {
    EXPECT_EQ(H100e(static_cast<double>(3 * chips), Ratio{3, 2}), static_cast<double>(2 * chips));
    EXPECT_EQ(H100e(static_cast<double>(chips), Ratio{1, 3}), static_cast<double>(3 * chips));
  }
}

TEST(ChipKind, UsesTheConversionInForce) {
  const ChipKind chip = Chip("chip", {From(100, {1, 1}), From(200, {2, 1}), From(300, {3, 1})});
  EXPECT_EQ(chip.ConversionAt(-5).chips_per_h100e, (Ratio{1, 1}));
  EXPECT_EQ(chip.ConversionAt(100).chips_per_h100e, (Ratio{1, 1}));
  EXPECT_EQ(chip.ConversionAt(199).chips_per_h100e, (Ratio{1, 1}));
  EXPECT_EQ(chip.ConversionAt(200).chips_per_h100e, (Ratio{2, 1}));
  EXPECT_EQ(chip.ConversionAt(299).chips_per_h100e, (Ratio{2, 1}));
  EXPECT_EQ(chip.ConversionAt(INT64_MAX).chips_per_h100e, (Ratio{3, 1}));
}

TEST(Conversion, PrefersTheRatioOfTheWorkloadType) {
  const Conversion conversion = From(0, {3, 2});
  EXPECT_EQ(conversion.For("decode"), (Ratio{6, 5}));
  EXPECT_EQ(conversion.For("pretraining"), (Ratio{3, 2}));
  EXPECT_EQ(conversion.For(""), (Ratio{3, 2}));
}

TEST(Catalog, FindsKindsByName) {
  const Catalog catalog(7, {Chip("b200", {From(0, {1, 3})}), Chip("h100", {From(0, {1, 1})})});
  EXPECT_EQ(catalog.version(), 7u);
  ASSERT_NE(catalog.Find("h100"), nullptr);
  EXPECT_EQ(catalog.Find("h100")->name, "h100");
  EXPECT_EQ(catalog.Find("H100"), nullptr);
  EXPECT_EQ(catalog.Find(""), nullptr);
  EXPECT_EQ(Catalog().Find("h100"), nullptr);
}

TEST(Catalog, StillFindsKindsAfterACopy) {
  Catalog copy;
  {
    const Catalog catalog(1, {Chip("b200", {From(0, {1, 3})})});
    copy = catalog;
  }
  EXPECT_EQ(copy.Find("b200"), copy.kinds().data());
}

}  // namespace
}  // namespace fleetmeter
