#include "daemon/view/chip_price.h"

#include "tests/unit/view/snapshot_fixture.h"

namespace fleetmeter {
namespace {

// As tests/product/dashboards/rules/costs_test.yaml has them: kinds at $2 and $4 for an H100e-hour.
class ChipPriceTest : public SnapshotTest {
 protected:
  void Price(std::optional<int64_t> half, std::optional<int64_t> triple) {
    auto priced = std::make_shared<ReferenceData>(*reference_);
    std::vector<ChipKind> kinds = reference_->catalog.kinds();
    for (ChipKind& kind : kinds) {
      kind.micro_usd_per_chip_hour = kind.name == "half" ? half : triple;
    }
    priced->catalog = Catalog(1, kinds);
    reference_ = priced;
  }
  std::optional<double> PriceOf(const std::string& pool) {
    return PoolNamed(pool).usd_per_h100e_hour;
  }
};

constexpr int64_t kHalfPrice = 1'000'000;     // 2 chips are one H100e
constexpr int64_t kTriplePrice = 12'000'000;  // one chip is 3 H100e

TEST_F(ChipPriceTest, IsTheMeanOfWhatAPoolHolds) {
  Price(kHalfPrice, kTriplePrice);
  Apply(Report("h1", 0, {Assigned("half", 18, "alpha", 1), Assigned("triple", 1, "alpha", 0.5)}));
  EXPECT_DOUBLE_EQ(*PriceOf("alpha"), (9 * 2.0 + 3 * 4.0) / 12);
}

TEST_F(ChipPriceTest, IsTheMeanOfTheFleetWhereAPoolHoldsNothing) {
  Price(kHalfPrice, kTriplePrice);
  EXPECT_EQ(PriceOf("beta"), std::nullopt) << "nothing is known of the fleet";
  Apply(Report("h1", 0, {Assigned("half", 18, "alpha", 1)}));
  Apply(Report("h2", 0, {Free("triple", 3, ChipState::kUnassigned)}));
  EXPECT_DOUBLE_EQ(*PriceOf("beta"), (9 * 2.0 + 9 * 4.0) / 18);
}

TEST_F(ChipPriceTest, IsNotKnownWhereAKindHasNoPrice) {
  Price(kHalfPrice, std::nullopt);
  Apply(Report("h1", 0, {Assigned("half", 18, "alpha", 1), Assigned("triple", 1, "gamma", 1)}));
  EXPECT_DOUBLE_EQ(*PriceOf("alpha"), 2);
  EXPECT_EQ(PriceOf("gamma"), std::nullopt);
  EXPECT_EQ(PriceOf("beta"), std::nullopt) << "the fleet's mean is not known";
}

}  // namespace
}  // namespace fleetmeter
