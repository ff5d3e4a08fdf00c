// What the versions of a price book and of a benchmark suite stand for.
#include "daemon/domain/outcomes/outcomes_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fleetmeter::outcomes {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TokenPrice PriceFrom(int64_t from, int64_t input) {
  return {.effective_from_unix_seconds = from,
          .input = input,
          .cached_input = input,
          .output = 15'000'000,
          .discount_ppm = 0};
}

PriceBook BookWith(uint32_t version, const TokenPrice& price) {
  PriceBook book(version);
  book.Add("opus", "pro", price);
  return book;
}

BenchmarkSuite SuiteOf(uint32_t version, double ceiling) {
  BenchmarkSuite suite;
  suite.name = "general";
  suite.version = version;
  suite.benchmarks = {{.name = "maths", .weight = 1, .floor = 0, .ceiling = ceiling},
                      {.name = "code", .weight = 2, .floor = 0.25, .ceiling = 1}};
  return suite;
}

std::string RefusalOf(const KnownRules& known, PriceBook prices,
                      std::optional<BenchmarkSuite> suite = std::nullopt) {
  Rules rules;
  rules.prices = std::move(prices);
  rules.suite = std::move(suite);
  return std::string(known.Check(rules).message());
}

TEST(OutcomesIdentity, OfAPriceBookIsOfWhatRevenueDependsOn) {
  PriceBook book(1);
  book.Add("opus", "pro", PriceFrom(0, 3));
  book.Add("haiku", "", PriceFrom(0, 1));
  PriceBook turned(2);
  turned.Add("haiku", "", PriceFrom(0, 1));
  turned.Add("opus", "pro", PriceFrom(0, 3));
  EXPECT_EQ(ContentDigest(book), ContentDigest(turned)) << "its order says nothing";
  TokenPrice discounted = PriceFrom(0, 3);
  discounted.discount_ppm = 1;
  TokenPrice cached = PriceFrom(0, 3);
  cached.cached_input = 0;
  for (const TokenPrice& other : {PriceFrom(0, 4), PriceFrom(1, 3), discounted, cached}) {
    PriceBook changed(1);
    changed.Add("opus", "pro", other);
    changed.Add("haiku", "", PriceFrom(0, 1));
    EXPECT_NE(ContentDigest(book), ContentDigest(changed));
  }
  PriceBook subscribed = book;
  subscribed.AddSubscription("pro", {.effective_from_unix_seconds = 0, .micro_usd_per_month = 0});
  EXPECT_NE(ContentDigest(book), ContentDigest(subscribed));
}

TEST(OutcomesIdentity, OfASuiteIsOfWhatCapabilityDependsOn) {
  const BenchmarkSuite suite = SuiteOf(1, 1);
  BenchmarkSuite same = suite;
  std::swap(same.benchmarks[0], same.benchmarks[1]);
  same.columns["maths"] = "Maths (%)";
  EXPECT_EQ(ContentDigest(suite), ContentDigest(same));
  EXPECT_NE(ContentDigest(suite), ContentDigest(SuiteOf(1, 0.9)));
  BenchmarkSuite sooner = suite;
  sooner.declining_quarters = 1;
  EXPECT_NE(ContentDigest(suite), ContentDigest(sooner));
  BenchmarkSuite saturated = suite;
  saturated.saturation.level = 0.8;
  EXPECT_NE(ContentDigest(suite), ContentDigest(saturated));
}

TEST(KnownRules, RefuseAnotherPriceBookOfAKnownVersion) {
  KnownRules known;
  EXPECT_EQ(RefusalOf(known, BookWith(3, PriceFrom(0, 3))), "");
  Rules rules;
  rules.prices = BookWith(3, PriceFrom(0, 3));
  known.Learn(rules);
  EXPECT_EQ(RefusalOf(known, BookWith(3, PriceFrom(0, 3))), "");
  EXPECT_EQ(RefusalOf(known, BookWith(4, PriceFrom(0, 5))), "");
  EXPECT_EQ(RefusalOf(known, PriceBook()), "") << "the configuration names none";
  EXPECT_THAT(RefusalOf(known, BookWith(3, PriceFrom(0, 5))),
              AllOf(HasSubstr("price book version 3 says something else"),
                    HasSubstr("raise the version to 4 for a change, or bring the old content")));
}

TEST(KnownRules, RefuseAnotherSuiteOfAKnownNameAndVersion) {
  KnownRules known;
  Rules rules;
  rules.suite = SuiteOf(1, 1);
  known.Learn(rules);
  rules.suite = SuiteOf(6, 1);
  known.Learn(rules);
  EXPECT_THAT(RefusalOf(known, {}, SuiteOf(1, 0.9)),
              AllOf(HasSubstr("benchmark suite 'general' version 1 says something else"),
                    HasSubstr("raise the version to 7")));
  BenchmarkSuite other = SuiteOf(1, 0.9);
  other.name = "another";
  EXPECT_EQ(RefusalOf(known, {}, other), "");
  known.Learn({kBenchmarkSuite, "general", 1, ContentDigest(SuiteOf(1, 0.9))});
  EXPECT_EQ(RefusalOf(known, {}, SuiteOf(1, 1)), "") << "the first one stays";
}

}  // namespace
}  // namespace fleetmeter::outcomes
