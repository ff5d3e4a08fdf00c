#include "daemon/ledger/read/read_versions.h"

#include "daemon/domain/outcomes/outcomes_identity.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "gmock/gmock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

constexpr int64_t kFirstTime = 1'767'225'600 * kNanosPerSecond;  // 2026-01-01

ChipKind PricedKind(const std::string& name, Ratio ratio, std::optional<int64_t> micro_usd) {
  ChipKind kind;
  kind.name = name;
  kind.provider = "lab";
  kind.micro_usd_per_chip_hour = micro_usd;
  kind.conversions.push_back({.effective_from_unix_nanos = 0,
                              .chips_per_h100e = ratio,
                              .by_workload_type = {{"decode", {7, 1}}},
                              .basis = "test"});
  return kind;
}

class ReadVersionsTest : public testing::Test {
 protected:
  ReadVersionsTest() {
    Plan plan;
    plan.name = "lab";
    plan.version = 1;
    data_.plans = {plan};
    data_.catalog = Catalog(1, {PricedKind("half", {2, 1}, 1'000'000)});
  }
  // At so many hours after the first time.
  void Record(int64_t hours) {
    const absl::Status status = ledger_->RecordReferenceData(data_, kFirstTime + hours * kHour);
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<RecordedVersion> Since(int64_t hours) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    auto versions = ReadVersionsSince(**database, kFirstTime + hours * kHour);
    EXPECT_TRUE(versions.ok()) << versions.status();
    return *std::move(versions);
  }

  ReferenceData data_;

 private:
  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
};

TEST_F(ReadVersionsTest, AVersionIsNewOnce) {
  Record(0);
  data_.plans[0].version = 2;
  data_.plans[0].effective_from_unix_nanos = kFirstTime + 9 * kHour;
  Record(5);
  data_.plans[0].version = 1;
  Record(6);
  const std::vector<RecordedVersion> since = Since(5);
  ASSERT_EQ(since.size(), 1u);
  EXPECT_EQ(since[0].kind, "plan");
  EXPECT_EQ(since[0].name, "lab");
  EXPECT_EQ(since[0].version, 2);
  EXPECT_EQ(since[0].previous_version, 1);
  EXPECT_EQ(since[0].recorded_unix_nanos, kFirstTime + 5 * kHour);
  EXPECT_EQ(since[0].effective_from_unix_nanos, kFirstTime + 9 * kHour);
  EXPECT_EQ(Since(0).size(), 3u) << "both plans and the catalog";
  EXPECT_EQ(Since(0).back().previous_version, std::nullopt);
}

TEST_F(ReadVersionsTest, TellsWhichChipsANewCatalogChanges) {
  Record(0);
  data_.catalog = Catalog(2, {PricedKind("half", {2, 1}, 750'000), PricedKind("new", {1, 4}, {})});
  Record(3);
  const std::vector<RecordedVersion> since = Since(1);
  ASSERT_EQ(since.size(), 1u);
  EXPECT_EQ(since[0].kind, "catalog");
  ASSERT_EQ(since[0].chips.size(), 2u);
  EXPECT_EQ(since[0].chips[0].chip, "half");
  EXPECT_EQ(since[0].chips[0].before.micro_usd_per_chip_hour, 1'000'000);
  EXPECT_EQ(since[0].chips[0].now.micro_usd_per_chip_hour, 750'000);
  EXPECT_EQ(since[0].chips[0].now.chips_per_h100e, 2);
  EXPECT_EQ(since[0].chips[1].before, ChipTerms());
  EXPECT_EQ(since[0].chips[1].now,
            (ChipTerms{.micro_usd_per_chip_hour = {}, .chips_per_h100e = 0.25}));
}

TEST_F(ReadVersionsTest, HasPriceBooksAndSuites) {
  Record(0);
  data_.outcomes.prices = outcomes::PriceBook(4);
  outcomes::BenchmarkSuite suite;
  suite.name = "general";
  suite.version = 2;
  data_.outcomes.suite = suite;
  Record(1);
  data_.outcomes.prices = outcomes::PriceBook(5);
  data_.outcomes.prices.AddSubscription("max", {});
  Record(2);
  const std::vector<RecordedVersion> since = Since(2);
  ASSERT_EQ(since.size(), 1u);
  EXPECT_EQ(since[0].kind, outcomes::kPriceBook);
  EXPECT_EQ(since[0].previous_version, 4);
  const std::vector<RecordedVersion> more = Since(1);
  ASSERT_EQ(more.size(), 3u);
  EXPECT_TRUE(more[1].name == "general" || more[2].name == "general");
}

}  // namespace
}  // namespace fleetmeter
