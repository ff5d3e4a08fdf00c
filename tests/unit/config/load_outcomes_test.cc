#include "daemon/config/load_outcomes.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr char kPrices[] = R"(version: 3
prices:
  - {model: opus, effective_from: 2026-01-01, input: 5, output: 25}
)";
constexpr int64_t kJanuary2026 = 1'767'225'600;
constexpr int64_t kFebruary2026 = kJanuary2026 + 31 * 86'400;

TEST(LoadPriceBook, ReadsPricesAndSubscriptions) {
  const TempFolder folder;
  const auto book = LoadPriceBook(folder.Write("p.yaml", std::string(kPrices) + R"(subscriptions:
  - {customer_tier: max, effective_from: 2026-01-01, usd_per_month: 31.50}
  - {customer_tier: team, effective_from: 2026-01-01, usd_per_month: 1000000000}
  - {customer_tier: max, effective_from: 2026-02-01, usd_per_month: 0}
)"));
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(book->version(), 3u);
  const auto& subscriptions = book->subscriptions();
  EXPECT_THAT(*subscriptions.Accrued(kJanuary2026, kFebruary2026),
              ElementsAre(Pair("max", 31'500'000), Pair("team", 1'000'000'000'000'000)));
  EXPECT_FALSE(subscriptions.InForce("max", kFebruary2026));
  EXPECT_EQ(*book->RevenueMicroUsd("opus", "max", kJanuary2026, {.input = 1'000}), 0);
  EXPECT_EQ(*book->RevenueMicroUsd("opus", "free", kJanuary2026, {.input = 1'000}), 5'000);
}

TEST(LoadPriceBook, SaysWhatIsWrongWithASubscription) {
  const std::pair<const char*, const char*> cases[] = {
      {"  - {effective_from: 2026-01-01, usd_per_month: 1}", "customer_tier: is missing"},
      {"  - {customer_tier: max, usd_per_month: 1}", "effective_from: is missing"},
      {"  - {customer_tier: max, effective_from: 2026-01-01}", "usd_per_month: is missing"},
      {"  - {customer_tier: max, effective_from: soon, usd_per_month: 1}", "effective_from: is"},
      {"  - {customer_tier: max, effective_from: 2026-01-01, usd_per_month: -1}",
       "expected US dollars from 0 to 1000000000 with at most 6 decimals"},
      {"  - {customer_tier: max, effective_from: 2026-01-01, usd_per_month: 1000000000.000001}",
       "expected US dollars from 0 to 1000000000 with at most 6 decimals"},
      {"  - {customer_tier: max, effective_from: 2026-01-01, usd_per_month: 1, model: opus}",
       "subscriptions[0].model: unknown key"},
      {"  - {customer_tier: max, effective_from: 2026-01-02, usd_per_month: 1}\n"
       "  - {customer_tier: max, effective_from: 2026-01-02, usd_per_month: 2}",
       "takes effect no later than the subscription of max before it; expected ascending dates"},
      {"  []", "is empty; expected a list of at least one"},
  };
  for (const auto& [yaml, expected] : cases) {
    const TempFolder folder;
    const auto book = LoadPriceBook(
        folder.Write("p.yaml", std::string(kPrices) + "subscriptions:\n" + yaml + "\n"));
    ASSERT_FALSE(book.ok()) << yaml;
    EXPECT_THAT(std::string(book.status().message()), HasSubstr(expected)) << yaml;
  }
}

absl::StatusOr<outcomes::PriceBook> BookWith(const std::string& input, const std::string& unit) {
  const TempFolder folder;
  return LoadPriceBook(folder.Write(
      "p.yaml", "version: 1\n" + unit +
                    "prices:\n  - {model: m, effective_from: 2026-01-01, input: " + input +
                    ", output: 15}\n"));
}

TEST(LoadPriceBook, RefusesPricesThatAreOffByAMillion) {
  for (const char* per_token : {"0.000003", "3e-6", "0.000003000"}) {
    const auto book = BookWith(per_token, "");
    ASSERT_FALSE(book.ok()) << per_token;
    EXPECT_THAT(std::string(book.status().message()),
                HasSubstr("expected a price per million tokens; per token it would be $3 per "
                          "million"))
        << per_token;
  }
  // Below a micro-dollar too, and up to the dearest model.
  EXPECT_THAT(std::string(BookWith("0.00000037", "").status().message()),
              HasSubstr("it would be $0.37 per million"));
  EXPECT_THAT(std::string(BookWith("0.0006", "").status().message()),
              HasSubstr("it would be $600 per million"));
  EXPECT_THAT(std::string(BookWith("15000", "").status().message()),
              HasSubstr("in micro-dollars it would be $0.015 per million"));
  // As cheap and as dear as there are.
  for (const char* likely : {"0", "0.001", "0.0375", "600", "10000", "1e1"}) {
    EXPECT_TRUE(BookWith(likely, "").ok()) << likely;
  }
}

// Of models m0, m1 and so on.
absl::StatusOr<outcomes::PriceBook> BookOf(const std::vector<std::string>& prices,
                                           const std::string& unit = "") {
  const TempFolder folder;
  std::string text = "version: 1\n" + unit + "prices:\n";
  for (size_t i = 0; i < prices.size(); ++i) {
    text +=
        "  - {model: m" + std::to_string(i) + ", effective_from: 2026-01-01, " + prices[i] + "}\n";
  }
  return LoadPriceBook(folder.Write("p.yaml", text));
}

// As clouds list prices: per thousand tokens.
TEST(LoadPriceBook, RefusesBooksThatAreOffByAThousand) {
  EXPECT_THAT(std::string(BookOf({"input: 0.003, output: 0.015"}).status().message()),
              HasSubstr("prices: has $0.015 as its highest price; expected prices per million "
                        "tokens; per thousand tokens it would be $15 per million"));
  EXPECT_FALSE(BookOf({"input: 0.0025, output: 0.01", "input: 0.001, output: 0.0012"}).ok());
  // Either reading of one that is too low for the million.
  const std::string either(BookOf({"input: 0.00025, output: 1"}).status().message());
  EXPECT_THAT(either, HasSubstr("per token it would be $250 per million, and per thousand tokens "
                                "$0.25"));
  EXPECT_THAT(either, HasSubstr("`unit: per_thousand_tokens`"));
  // Small models beside a dear one, and a book that says so.
  EXPECT_TRUE(BookOf({"input: 0.003, output: 0.015", "input: 3, output: 15"}).ok());
  EXPECT_TRUE(BookOf({"input: 0.02, output: 0"}).ok());
  EXPECT_TRUE(BookOf({"input: 0, output: 0"}).ok()) << "what is free has no unit";
  EXPECT_TRUE(BookOf({"input: 0.003, output: 0.015"}, "unit: per_million_tokens\n").ok());
  const auto book = BookOf({"input: 0.003, output: 0.015"}, "unit: per_thousand_tokens\n");
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_EQ(**book->RevenueMicroUsd("m0", "", kJanuary2026, {.input = 1'000'000}), 3'000'000);
}

TEST(LoadPriceBook, TakesTheUnitThatABookSays) {
  const auto revenue = [](const absl::StatusOr<outcomes::PriceBook>& book) {
    EXPECT_TRUE(book.ok()) << book.status();
    return **book->RevenueMicroUsd("m", "", kJanuary2026, {.input = 1'000'000'000});
  };
  EXPECT_EQ(revenue(BookWith("0.000003", "unit: per_million_tokens\n")), 3'000);
  EXPECT_EQ(revenue(BookWith("3", "unit: per_million_tokens\n")), 3'000'000'000);
  const TempFolder folder;
  const auto per_token = LoadPriceBook(folder.Write(
      "p.yaml",
      "version: 1\nunit: per_token\nprices:\n  - {model: m, effective_from: 2026-01-01, "
      "input: 3e-6, output: 0.000015}\n"));
  EXPECT_EQ(revenue(per_token), 3'000'000'000);
  EXPECT_THAT(std::string(BookWith("3", "unit: per_thousand\n").status().message()),
              HasSubstr("per_million_tokens"));
}

TEST(LoadPriceBook, ReadsTheShippedFile) {
  const auto book = LoadPriceBook(SourceDir() + "/deploy/outcomes/prices.yaml");
  ASSERT_TRUE(book.ok()) << book.status();
  EXPECT_TRUE(book->subscriptions().InForce("max", kJanuary2026));
}

absl::Status SuiteWith(const std::string& scale) {
  const TempFolder folder;
  return LoadBenchmarkSuite(
             folder.Write("b.yaml", "suite: s\nversion: 1\nbenchmarks:\n  mmlu: {" + scale + "}\n"))
      .status();
}

// Scores from 0.25 to 100 are no scale that anybody means: 60.1% would be 0.6 of it, and not 0.468.
TEST(LoadBenchmarkSuite, RefusesAFloorAndACeilingInTwoNotations) {
  EXPECT_THAT(
      std::string(SuiteWith("floor: 25%, ceiling: 100").message()),
      HasSubstr("b.yaml:4: benchmarks.mmlu: has the floor 25% and the ceiling 100; expected "
                "both with %, or both without: 25% is 0.25"));
  EXPECT_FALSE(SuiteWith("floor: 25, ceiling: 100%").ok());
  EXPECT_FALSE(SuiteWith("floor: 100, ceiling: 5%").ok()) << "less is better";
  for (const char* scale :
       {"floor: 25%, ceiling: 100%", "floor: 25, ceiling: 100", "floor: 0, ceiling: 100%",
        "floor: 0%, ceiling: 100", "floor: 0.25, ceiling: 100%", "floor: 25%, ceiling: 1",
        "floor: 800, ceiling: 2000"}) {
    EXPECT_TRUE(SuiteWith(scale).ok()) << scale << ": " << SuiteWith(scale);
  }
  EXPECT_THAT(std::string(SuiteWith("floor: [1], ceiling: 100%").message()),
              HasSubstr("benchmarks.mmlu.floor: is a list"));
}

}  // namespace
}  // namespace fleetmeter
