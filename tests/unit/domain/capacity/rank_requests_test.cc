#include "daemon/domain/capacity/rank_requests.h"

#include <algorithm>
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::rank_testing {
namespace {

using ::testing::ElementsAre;

constexpr int64_t kNowNanos = kPresent * 1'000'000'000;

CapacityForm Bet(const std::string& id, int64_t low_usd, int64_t basis_points) {
  CapacityForm form = MakeForm(id);
  form.roi = MakeRoi();
  form.roi->low_micro_usd = low_usd * kMicro;
  form.roi->confidence_basis_points = basis_points;
  return form;
}

CapacityForm Of(const std::string& id, Nature nature, const std::string& workload) {
  CapacityForm form = MakeForm(id);
  form.nature = nature;
  form.workload = workload;
  return form;
}

std::vector<std::string> Ids(const std::vector<RankedRequest>& ranked) {
  std::vector<std::string> ids;
  for (const RankedRequest& each : ranked) ids.push_back(each.request->form.request_id);
  return ids;
}

std::vector<RankedRequest> Serving(const BookMaker& maker) {
  return RankPool(maker.book(), "serving", kPresent);
}

TEST(DiscountedMicroUsd, IsWhatCanBeCountedOn) {
  Roi roi = MakeRoi();
  EXPECT_EQ(DiscountedMicroUsd(roi), 400'000 * kMicro);
  roi.low_micro_usd = 3;
  roi.confidence_basis_points = 5'000;
  EXPECT_EQ(DiscountedMicroUsd(roi), 1) << "rounded down";
  roi.low_micro_usd = -3;
  EXPECT_EQ(DiscountedMicroUsd(roi), -3) << "a loss is not made smaller by doubt";
  roi.low_micro_usd = 1'000'000'000'000'000'000;
  roi.confidence_basis_points = 10'000;
  EXPECT_EQ(DiscountedMicroUsd(roi), 1'000'000'000'000'000'000);
}

TEST(RankPool, PutsCriticalFirstThenGoalsThenBets) {
  BookMaker maker;
  maker.Submit(Bet("bet", 1'000'000, 10'000))
      .Submit(Of("goal", Nature::kCompanyGoal, "x"))
      .Submit(Of("critical", Nature::kCritical, "x"));
  const auto ranked = Serving(maker);
  EXPECT_THAT(Ids(ranked), ElementsAre("critical", "goal", "bet"));
  EXPECT_EQ(ranked[0].rule, RankRule::kFirst);
  EXPECT_EQ(ranked[0].why,
            "It is first, before goal, which is for a goal of the company; this one is critical.");
  EXPECT_EQ(ranked[1].rule, RankRule::kNature);
  EXPECT_EQ(ranked[1].why,
            "It follows critical, which is critical; this one is for a goal of the company.");
  EXPECT_EQ(ranked[2].why,
            "It follows goal, which is for a goal of the company; this one is a growth bet.");
  EXPECT_EQ(ranked[2].place, 3u);
}

TEST(RankPool, FollowsTheOwnersOrderWithinANature) {
  BookMaker maker;
  maker.Submit(Of("a", Nature::kCritical, "unnamed"))
      .Submit(Of("b", Nature::kCritical, "second"))
      .Submit(Of("c", Nature::kCritical, "first"))
      .Submit(Of("d", Nature::kCompanyGoal, "second"))
      .Rank("serving", Nature::kCritical, {"first", "second"})
      .Rank("chat", Nature::kCompanyGoal, {"first"});
  const auto ranked = Serving(maker);
  EXPECT_THAT(Ids(ranked), ElementsAre("c", "b", "a", "d"));
  EXPECT_EQ(ranked[1].rule, RankRule::kOwnersOrder);
  EXPECT_EQ(ranked[1].why,
            "It follows c, which serves \"first\", number 1 in the order of the pool's owner; this "
            "one serves \"second\", number 2 in it.");
  EXPECT_EQ(
      ranked[2].why,
      "It follows b, which serves \"second\", number 2 in the order of the pool's owner; this "
      "one serves \"unnamed\", which is not in it.");
  EXPECT_EQ(ranked[3].rule, RankRule::kNature);
}

TEST(RankPool, PutsBetsInTheOrderOfWhatEachHourBrings) {
  BookMaker maker;
  CapacityForm large = Bet("large", 1'000, 9'000);  // 900 USD for 10 H100e x 5 h
  CapacityForm small = Bet("small", 250, 10'000);
  small.chips = 1;  // 250 USD for 5 H100e-hours
  maker.Submit(MakeForm("unsaid")).Submit(large).Submit(small).Submit(Bet("loss", -1, 9'000));
  const auto ranked = Serving(maker);
  EXPECT_THAT(Ids(ranked), ElementsAre("small", "large", "loss", "unsaid"));
  EXPECT_EQ(ranked[0].why,
            "It is first, before large, which brings 18.00 USD for each H100e-hour, counted on; "
            "this one brings 50.00 USD.");
  EXPECT_EQ(ranked[1].rule, RankRule::kRoi);
  EXPECT_EQ(ranked[1].why,
            "It follows small, which brings 50.00 USD for each H100e-hour, counted on; this one "
            "brings 18.00 USD.");
  EXPECT_EQ(ranked[3].why,
            "It follows loss, which brings -0.02 USD for each H100e-hour, counted on; this one "
            "does not say what it brings.");
}

TEST(RankPool, ShowsAsManyDecimalsAsTellThemApart) {
  BookMaker maker;
  CapacityForm more = Bet("more", 100, 10'000);
  more.roi->low_micro_usd += 1'000;
  maker.Submit(Bet("less", 100, 10'000)).Submit(more);
  EXPECT_EQ(Serving(maker)[1].why,
            "It follows more, which brings 2.000020 USD for each H100e-hour, counted on; this one "
            "brings 2.000000 USD.");
}

TEST(RankPool, DoesNotJudgeCriticalWorkByWhatItBrings) {
  BookMaker maker;
  CapacityForm rich = Bet("rich", 1'000'000, 10'000);
  rich.nature = Nature::kCritical;
  maker.Submit(Of("older", Nature::kCritical, "completions")).Submit(rich);
  const auto ranked = Serving(maker);
  EXPECT_THAT(Ids(ranked), ElementsAre("older", "rich"));
  EXPECT_EQ(ranked[1].rule, RankRule::kAge);
  EXPECT_EQ(ranked[1].why,
            "It follows older, which was asked for at 2027-01-15 08:20:01Z; this one was asked for "
            "at 2027-01-15 08:20:02Z.");
}

TEST(RankPool, TellsPartsOfASecondWhereTheyDecide) {
  BookMaker maker;
  maker.SubmitAt(MakeForm("b"), kNowNanos + 1'000'000)
      .SubmitAt(MakeForm("a"), kNowNanos + 2'000'000);
  EXPECT_EQ(Serving(maker)[1].why,
            "It follows b, which was asked for at 2027-01-15 08:20:00.001Z; this one was asked for "
            "at 2027-01-15 08:20:00.002Z.");
  BookMaker seconds;
  seconds.SubmitAt(MakeForm("b"), kNowNanos + 1).SubmitAt(MakeForm("a"), kNowNanos + 1'000'000'005);
  EXPECT_EQ(Serving(seconds)[1].why,
            "It follows b, which was asked for at 2027-01-15 08:20:00Z; this one was asked for at "
            "2027-01-15 08:20:01Z.");
}

TEST(RankPool, DecidesByIdWhenNothingElseDoes) {
  BookMaker maker;
  maker.SubmitAt(MakeForm("b"), kNowNanos).SubmitAt(MakeForm("a"), kNowNanos);
  const auto ranked = Serving(maker);
  EXPECT_THAT(Ids(ranked), ElementsAre("a", "b"));
  EXPECT_EQ(ranked[1].rule, RankRule::kId);
  EXPECT_EQ(ranked[0].why,
            "It is first, before b, which was asked for at the same moment; this one has an id "
            "that is earlier in the alphabet.");
  EXPECT_EQ(ranked[1].why,
            "It follows a, which was asked for at the same moment; this one has an id that is "
            "later in the alphabet.");
}

TEST(RankPool, HasOnlyWhatWaitsForThePoolsOwner) {
  BookMaker maker;
  CapacityForm beyond = MakeForm("beyond");
  beyond.beyond_allocation = true;
  CapacityForm elsewhere = MakeForm("elsewhere");
  elsewhere.pool = "chat";
  maker.Submit(MakeForm("waits")).Submit(beyond).Submit(elsewhere).Submit(MakeForm("granted"));
  maker.Grant("granted");
  EXPECT_THAT(Ids(Serving(maker)), ElementsAre("waits"));
  EXPECT_EQ(Serving(maker)[0].why,
            "It is the only request within the pool's allocation that waits for a decision.");
  EXPECT_THAT(Ids(RankBetweenPools(maker.book(), kPresent)), ElementsAre("beyond"));
  const int64_t over = At(15);
  EXPECT_THAT(Ids(RankPool(maker.book(), "serving", over - 1)), ElementsAre("waits"));
  EXPECT_TRUE(RankPool(maker.book(), "serving", over).empty()) << "it has expired";
}

TEST(RankBetweenPools, CountsNoOwnersOrder) {
  BookMaker maker;
  for (const std::string id : {"a", "b"}) {
    CapacityForm form = Of(id, Nature::kCritical, id);
    form.beyond_allocation = true;
    maker.Submit(form);
  }
  maker.Rank("serving", Nature::kCritical, {"b"});
  EXPECT_THAT(Ids(RankBetweenPools(maker.book(), kPresent)), ElementsAre("a", "b"));
}

TEST(RankPool, IsExactWhereProductsNeedMoreThan128Bits) {
  // p / q and (p + 1) / (q + 1) with p < q: the second is more, by 1 in 10^38.
  const auto rank = [](int64_t a_usd, int64_t a_hours, int64_t b_usd, int64_t b_hours) {
    CapacityBook book;
    int64_t number = 0;
    for (const auto& [id, usd, hours] :
         {std::tuple("a", a_usd, a_hours), std::tuple("b", b_usd, b_hours)}) {
      CapacityEvent event;
      event.number = ++number;
      event.request_id = id;
      event.form = MakeForm(id);
      event.form.hours = 1;
      event.form.roi = MakeRoi();
      event.form.roi->low_micro_usd = usd;
      event.form.roi->confidence_basis_points = 10'000;
      event.worth.micro_h100e = hours;
      book.Apply(event);
    }
    return Ids(RankPool(book, "serving", kPresent));
  };
  constexpr int64_t kLarge = 1'000'000'000'000'000'000;
  EXPECT_THAT(rank(kLarge - 2, kLarge - 1, kLarge - 1, kLarge), ElementsAre("b", "a"));
  EXPECT_THAT(rank(kLarge - 1, kLarge, kLarge - 2, kLarge - 1), ElementsAre("a", "b"));
  EXPECT_THAT(rank(-kLarge, kLarge, -kLarge, kLarge - 1), ElementsAre("a", "b"));
  EXPECT_THAT(rank(kLarge, kLarge, kLarge - 1, kLarge - 1), ElementsAre("a", "b")) << "by id";
  EXPECT_THAT(rank(-5, 0, -5, 1), ElementsAre("a", "b")) << "no H100e-hours are divided by";
}

// --- A slow one, built in another way: the best is selected by comparing every pair, with products
// of integers in place of continued fractions.

struct Plain {
  int nature = 0;
  size_t owners_place = 0;  // the number of named workloads: not named
  bool has_roi = false;
  absl::int128 usd = 0;
  absl::int128 hours = 1;
  int64_t asked = 0;
  std::string id;
};

// Positive: a is better; with the rule that says so.
std::pair<int, RankRule> Compare(const Plain& a, const Plain& b) {
  if (a.nature != b.nature) return {b.nature - a.nature, RankRule::kNature};
  if (a.owners_place != b.owners_place) {
    return {a.owners_place < b.owners_place ? 1 : -1, RankRule::kOwnersOrder};
  }
  if (a.nature == 2 && a.has_roi != b.has_roi) return {a.has_roi ? 1 : -1, RankRule::kRoi};
  if (a.nature == 2 && a.has_roi && a.usd * b.hours != b.usd * a.hours) {
    return {a.usd * b.hours > b.usd * a.hours ? 1 : -1, RankRule::kRoi};
  }
  if (a.asked != b.asked) return {a.asked < b.asked ? 1 : -1, RankRule::kAge};
  return {a.id < b.id ? 1 : -1, RankRule::kId};
}

std::vector<Plain> SelectedInOrder(std::vector<Plain> left) {
  std::vector<Plain> out;
  while (!left.empty()) {
    const auto best = std::find_if(left.begin(), left.end(), [&](const Plain& each) {
      return std::all_of(left.begin(), left.end(), [&](const Plain& other) {
        return other.id == each.id || Compare(each, other).first > 0;
      });
    });
    EXPECT_NE(best, left.end()) << "the order has a circle";
    if (best == left.end()) break;
    out.push_back(*best);
    left.erase(best);
  }
  return out;
}

class RandomRequests {
 public:
  RandomRequests(uint64_t seed, bool beyond) : random_(seed), beyond_(beyond) {
    for (const Nature nature : kNatures) {
      order_[static_cast<size_t>(nature)] = {};
      for (const char* workload : {"w0", "w1", "w2"}) {
        if (Draw(2) == 0) order_[static_cast<size_t>(nature)].push_back(workload);
      }
      std::shuffle(order_[static_cast<size_t>(nature)].begin(),
                   order_[static_cast<size_t>(nature)].end(), random_);
      maker_.Rank("serving", nature, order_[static_cast<size_t>(nature)]);
    }
    const int64_t count = 1 + Draw(24);
    for (int64_t i = 0; i < count; ++i) Add("r" + std::to_string(Draw(1'000'000)));
  }

  const CapacityBook& book() const { return maker_.book(); }
  const std::vector<Plain>& plain() const { return plain_; }

 private:
  int64_t Draw(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }

  void Add(const std::string& id) {
    if (maker_.book().Find(id) != nullptr) return;
    CapacityForm form =
        Of(id, kNatures[static_cast<size_t>(Draw(3))], "w" + std::to_string(Draw(4)));
    form.beyond_allocation = beyond_;
    form.chips = 1 + Draw(4);
    form.hours = 1 + Draw(4);
    if (Draw(4) != 0) {
      form.roi = MakeRoi();
      // Few values, so that many are equal.
      form.roi->low_micro_usd = (Draw(8) - 2) * 30;
      form.roi->confidence_basis_points = 1 + Draw(4) * 3'333;
    }
    const int64_t asked = kNowNanos - Draw(5);
    maker_.SubmitAt(form, asked);
    AddPlain(form, asked);
  }

  void AddPlain(const CapacityForm& form, int64_t asked) {
    Plain plain;
    plain.nature = static_cast<int>(form.nature);
    const auto& order = order_[static_cast<size_t>(form.nature)];
    plain.owners_place = order.size();
    for (size_t i = 0; i < order.size() && !beyond_; ++i) {
      if (order[i] == form.workload) plain.owners_place = i;
    }
    if (beyond_) plain.owners_place = 0;
    plain.has_roi = form.roi.has_value();
    if (form.roi) {
      const int64_t low = form.roi->low_micro_usd;
      plain.usd = low < 0 ? low : low * form.roi->confidence_basis_points / 10'000;
    }
    plain.hours = form.chips * form.hours * kMicro;
    plain.asked = asked;
    plain.id = form.request_id;
    plain_.push_back(plain);
  }

  std::mt19937_64 random_;
  const bool beyond_;
  std::array<std::vector<std::string>, 3> order_;
  BookMaker maker_;
  std::vector<Plain> plain_;
};

void ExpectSameOrder(const std::vector<RankedRequest>& ranked, const std::vector<Plain>& expected,
                     uint64_t seed) {
  ASSERT_EQ(ranked.size(), expected.size()) << "seed " << seed;
  for (size_t i = 0; i < ranked.size(); ++i) {
    ASSERT_EQ(ranked[i].request->form.request_id, expected[i].id) << "seed " << seed;
    ASSERT_EQ(ranked[i].place, i + 1);
    const RankRule rule = i == 0 ? RankRule::kFirst : Compare(expected[i - 1], expected[i]).second;
    ASSERT_EQ(Name(ranked[i].rule), Name(rule)) << "seed " << seed << " place " << i + 1;
    if (i == 0) continue;
    ASSERT_NE(ranked[i].why.find("It follows " + expected[i - 1].id + ", which "),
              std::string::npos)
        << ranked[i].why;
  }
}

TEST(Ranking, IsThatOfASlowerImplementation) {
  for (uint64_t seed = 1; seed <= 4'000; ++seed) {
    const RandomRequests within(seed, false);
    ExpectSameOrder(RankPool(within.book(), "serving", kPresent), SelectedInOrder(within.plain()),
                    seed);
    const RandomRequests beyond(seed, true);
    ExpectSameOrder(RankBetweenPools(beyond.book(), kPresent), SelectedInOrder(beyond.plain()),
                    seed);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace fleetmeter::capacity::rank_testing
