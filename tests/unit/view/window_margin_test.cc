#include "daemon/view/window_margin.h"

#include <random>

#include "daemon/view/serving_cost.h"
#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using outcomes::CostBasis;
using outcomes::Sales;
using outcomes::TokenWeights;

constexpr int64_t kUsd = 1'000'000;
constexpr absl::int128 kHour = 3'600'000'000'000;

SegmentSum Served(const std::string& model, const std::string& tier, int64_t requests,
                  int64_t input, int64_t output, int64_t revenue) {
  return {model,
          tier,
          {.requests = requests,
           .input_tokens = input,
           .output_tokens = output,
           .revenue_micro_usd = revenue}};
}

// Chip-hours: all, measured, busy.
ServingSum Chips(const std::string& model, const std::string& pool, const std::string& workload,
                 int64_t chips, int64_t measured, int64_t busy,
                 std::optional<int64_t> micro_usd_per_chip_hour) {
  return {model,
          pool,
          workload,
          "h100",
          micro_usd_per_chip_hour,
          {.chips = chips * kHour, .busy = busy * kHour, .measured = measured * kHour}};
}

WindowPeriod Make(const WindowFacts& facts, CostBasis basis = CostBasis::kAllocated) {
  auto made = MakePeriod(facts, basis, TokenWeights());
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : WindowPeriod();
}

const Sales& At(const WindowPeriod& made, const std::string& model, const std::string& tier) {
  return made.period.at({model, tier});
}

TEST(MakePeriod, GivesAModelsCostToItsTiersByWeightedTokens) {
  WindowFacts facts;
  // 100 + 5 x 20 = 200 and 300 + 5 x 60 = 600.
  facts.segments = {Served("opus", "free", 10, 100, 20, 0),
                    Served("opus", "max", 10, 300, 60, 9 * kUsd)};
  facts.serving = {Chips("opus", "serving", "", 4, 3, 1, 2 * kUsd)};
  const WindowPeriod allocated = Make(facts);
  EXPECT_EQ(At(allocated, "opus", "free").cost_micro_usd, 2 * kUsd);
  EXPECT_EQ(At(allocated, "opus", "max").cost_micro_usd, 6 * kUsd);
  EXPECT_EQ(At(allocated, "opus", "max").revenue_micro_usd, 9 * kUsd);
  EXPECT_EQ(allocated.unattributed_cost_micro_usd, 0);
  // Busy 1 and not measured 1 of 4.
  const WindowPeriod used = Make(facts, CostBasis::kUsed);
  EXPECT_EQ(At(used, "opus", "free").cost_micro_usd, kUsd);
  EXPECT_EQ(At(used, "opus", "max").cost_micro_usd, 3 * kUsd);
}

TEST(MakePeriod, WeighsCachedTokensAsSuchAndRequestsWhereTokensAreNotKnown) {
  const InferenceAmounts cached = {
      .requests = 1, .input_tokens = 100, .cached_input_tokens = 90, .output_tokens = 2};
  EXPECT_EQ(WeightedTokens(cached, TokenWeights()), (10 + 9 + 10) * 1'000'000);
  EXPECT_EQ(WeightedTokens({.input_tokens = -5}, TokenWeights()), 0);
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 30, 0, 0, 0), Served("opus", "max", 10, 0, 0, 0)};
  facts.serving = {Chips("opus", "serving", "", 4, 4, 4, kUsd)};
  EXPECT_EQ(At(Make(facts), "opus", "free").cost_micro_usd, 3 * kUsd);
  EXPECT_EQ(At(Make(facts), "opus", "max").cost_micro_usd, kUsd);
}

// The server of one tier counts no tokens. It was not served for nothing.
TEST(MakePeriod, ATierWithoutTokensHasItsPartOfTheCost) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 30, 0, 0, 0), Served("opus", "max", 10, 100, 20, 0)};
  facts.serving = {Chips("opus", "serving", "", 4, 4, 4, kUsd)};
  EXPECT_EQ(At(Make(facts), "opus", "free").cost_micro_usd, 3 * kUsd);
  EXPECT_EQ(At(Make(facts), "opus", "max").cost_micro_usd, kUsd);
}

TEST(MakePeriod, RequestsOfOtherDaysAreToldAndInNoMargin) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 10, 100, 20, 5), Served("haiku", "free", 0, 0, 0, 0)};
  facts.segments[0].requests_of_other_days = 7;
  facts.segments[1].requests_of_other_days = 3;
  facts.serving = {Chips("opus", "serving", "", 4, 4, 1, 2 * kUsd)};
  facts.unknown_models = {"haiku"};
  const WindowPeriod made = Make(facts);
  EXPECT_EQ(At(made, "haiku", "free").revenue_micro_usd, std::nullopt);
  const auto total = outcomes::Total(made.period);
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(total->requests, 20);
  EXPECT_EQ(total->known_requests, 10);
  EXPECT_EQ(total->cost_micro_usd, 8 * kUsd);
}

TEST(MakePeriod, TellsWhatIsNotKnownFromNothing) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 1, 1, 1, 5), Served("haiku", "free", 1, 1, 1, 5),
                    Served("sonnet", "free", 1, 1, 1, 5), Served("idle", "free", 1, 1, 1, 5)};
  facts.segments[2].amounts.unpriced_requests = 1;
  facts.serving = {Chips("opus", "serving", "", 1, 1, 1, kUsd),
                   Chips("opus", "serving", "", 1, 1, 0, std::nullopt),
                   Chips("sonnet", "serving", "", 1, 1, 1, kUsd),
                   Chips("idle", "serving", "", 1, 1, 0, kUsd)};
  const WindowPeriod allocated = Make(facts);
  EXPECT_EQ(At(allocated, "opus", "free").cost_micro_usd, std::nullopt) << "a chip has no price";
  EXPECT_EQ(At(allocated, "haiku", "free").cost_micro_usd, std::nullopt) << "no chips";
  EXPECT_EQ(At(allocated, "sonnet", "free").revenue_micro_usd, std::nullopt) << "no price";
  const WindowPeriod used = Make(facts, CostBasis::kUsed);
  EXPECT_EQ(At(used, "opus", "free").cost_micro_usd, kUsd) << "the chip without price was idle";
  EXPECT_EQ(At(used, "idle", "free").cost_micro_usd, 0) << "idle all along";
}

TEST(MakePeriod, FindsWhoseChipsAreWithoutAModel) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 1, 100, 0, 0), Served("haiku", "free", 1, 300, 0, 0)};
  facts.serving = {Chips("", "a", "chat", 4, 4, 4, kUsd),   // opus alone, by its workload
                   Chips("", "a", "batch", 8, 8, 8, kUsd),  // both, by the pool
                   Chips("", "b", "chat", 16, 16, 16, kUsd)};
  facts.served_by = {{"a", "chat", "opus", {.requests = 1, .input_tokens = 1}},
                     {"a", "", "opus", {.requests = 1, .input_tokens = 100}},
                     {"a", "", "haiku", {.requests = 1, .input_tokens = 300}},
                     {"b", "other", "opus", {.requests = 1, .input_tokens = 1}}};
  const WindowPeriod made = Make(facts);
  EXPECT_EQ(At(made, "opus", "free").cost_micro_usd, 4 * kUsd + 2 * kUsd);
  EXPECT_EQ(At(made, "haiku", "free").cost_micro_usd, 6 * kUsd);
  EXPECT_EQ(made.unattributed_cost_micro_usd, 16 * kUsd) << "only another workload of b is named";
}

TEST(MakePeriod, TellsCostOfNobodysApart) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 0, 0, 0, -7)};
  facts.serving = {Chips("opus", "a", "", 1, 1, 1, kUsd), Chips("gone", "a", "", 2, 2, 2, kUsd),
                   Chips("", "c", "", 4, 4, 4, kUsd)};
  facts.served_by = {{"c", "", "opus", {}}};
  const WindowPeriod made = Make(facts);
  EXPECT_EQ(made.unattributed_cost_micro_usd, 7 * kUsd);
  EXPECT_EQ(At(made, "opus", "free").revenue_micro_usd, -7) << "money without requests";
  EXPECT_EQ(At(made, "opus", "free").cost_micro_usd, std::nullopt);
  facts.serving.push_back(Chips("", "d", "", 1, 1, 1, std::nullopt));
  EXPECT_EQ(Make(facts).unattributed_cost_micro_usd, std::nullopt);
}

TEST(MakePeriod, HasNoSegmentThatCorrectionsEmptied) {
  WindowFacts facts;
  facts.segments = {Served("opus", "free", 0, 0, 0, 0)};
  EXPECT_TRUE(Make(facts).period.empty());
  EXPECT_EQ(Make({}).unattributed_cost_micro_usd, 0);
}

TEST(MakePeriod, SpreadsSubscriptionsAndTellsTheRest) {
  WindowFacts facts;
  facts.segments = {Served("opus", "max", 3, 1, 1, 0), Served("haiku", "max", 1, 1, 1, 0)};
  facts.subscriptions = {{"max", 400}, {"team", 50}};
  const WindowPeriod made = Make(facts);
  EXPECT_EQ(At(made, "opus", "max").revenue_micro_usd, 300);
  EXPECT_EQ(At(made, "haiku", "max").revenue_micro_usd, 100);
  EXPECT_EQ(made.subscription_micro_usd, 450);
  EXPECT_EQ(made.unattributed_subscription_micro_usd, 50);
}

// Whatever is served by whom: what segments cost and what is nobody's add up to all chip-time, each
// model rounded once.
TEST(MakePeriod, DropsNoCostInHundredsOfRandomFleets) {
  constexpr unsigned kSeed = 20261122;
  std::mt19937_64 random(kSeed);
  const auto pick = [&](int64_t most) { return static_cast<int64_t>(random() % (most + 1)); };
  const auto name = [&](int64_t most) { return std::to_string(pick(most)); };
  for (int round = 0; round < 500; ++round) {
    WindowFacts facts;
    std::map<outcomes::Segment, InferenceAmounts> segments;
    for (int64_t i = pick(8); i >= 0; --i) {
      segments[{name(3), name(2)}] = {.requests = pick(5),
                                      .input_tokens = pick(1'000'000'000'000),
                                      .output_tokens = pick(1'000'000'000'000)};
    }
    for (const auto& [segment, amounts] : segments) {
      facts.segments.push_back({segment.model, segment.customer_tier, amounts});
    }
    for (int64_t i = pick(5); i > 0; --i) {
      facts.served_by.push_back({name(1),
                                 pick(1) == 0 ? "" : name(1),
                                 name(3),
                                 {.requests = pick(2), .input_tokens = pick(1'000)}});
    }
    std::map<CostBasis, absl::int128> whole;
    for (int64_t i = pick(12); i >= 0; --i) {
      const absl::int128 chips = pick(1'000'000'000'000'000'000);
      const absl::int128 measured = chips / (1 + pick(3));
      const absl::int128 busy = measured / (1 + pick(3));
      const int64_t price = pick(10 * kUsd);
      facts.serving.push_back({pick(1) == 0 ? "" : name(4),
                               name(1),
                               name(1),
                               "h100",
                               price,
                               {.chips = chips, .busy = busy, .measured = measured}});
      whole[CostBasis::kAllocated] += chips * price;
      whole[CostBasis::kUsed] += (busy + chips - measured) * price;
    }
    for (const CostBasis basis : outcomes::kCostBases) {
      const WindowPeriod made = Make(facts, basis);
      ASSERT_TRUE(made.unattributed_cost_micro_usd);
      int64_t sum = *made.unattributed_cost_micro_usd;
      for (const auto& [segment, sales] : made.period) sum += sales.cost_micro_usd.value_or(0);
      const absl::int128 off = sum * kHour - whole[basis];
      // Four models and what is nobody's, each rounded by half a micro-dollar at most.
      EXPECT_LE(off < 0 ? -off : off, 3 * kHour) << "round " << round << " of seed " << kSeed;
    }
  }
}

}  // namespace
}  // namespace fleetmeter
