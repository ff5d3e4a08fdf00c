#include "daemon/domain/capacity/commitments.h"

#include <array>
#include <limits>
#include <map>
#include <random>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/check_form.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity {

bool operator==(const PoolSpan& a, const PoolSpan& b) {
  return a.from_unix_seconds == b.from_unix_seconds && a.to_unix_seconds == b.to_unix_seconds &&
         a.allocated_micro_h100e == b.allocated_micro_h100e &&
         a.committed_micro_h100e == b.committed_micro_h100e &&
         a.uncommitted_micro_h100e == b.uncommitted_micro_h100e;
}

namespace commitments_testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

CapacityForm Chips(const std::string& id, int64_t chips) {
  CapacityForm form = MakeForm(id);
  form.chips = chips;
  return form;
}

CapacityForm Between(CapacityForm form, int64_t from_hour, int64_t to_hour) {
  form.start_unix_seconds = At(from_hour);
  form.hours = to_hour - from_hour;
  return form;
}

CapacityForm Beyond(CapacityForm form) {
  form.beyond_allocation = true;
  form.roi = MakeRoi();
  form.trade_off = "something waits";
  return form;
}

Fit FitOf(const BookMaker& maker, const CapacityForm& form, int64_t now = kPresent) {
  const Worth worth = WorthOf(maker.reference().catalog, form.chip, form.chips, form.workload_type,
                              form.start_unix_seconds);
  return DoesItFit(maker.book(), maker.reference(), form, worth, now);
}

std::vector<std::string> Names(const std::vector<Displaced>& displaced) {
  std::vector<std::string> names;
  for (const Displaced& each : displaced) {
    names.push_back(each.request_id + (each.granted ? " granted" : ""));
  }
  return names;
}

PoolSpan Span(int64_t from, int64_t to, int64_t allocated, int64_t committed) {
  return {At(from), At(to), allocated * kMicro, committed * kMicro,
          (allocated - committed) * kMicro};
}

// --- Timeline

TEST(PoolTimeline, ChangesWithGrants) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 100), 2, 6)).Grant("a");
  maker.Submit(Between(Chips("b", 50), 4, 8)).Grant("b");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(0), At(10)),
              ElementsAre(Span(0, 2, 300, 0), Span(2, 4, 300, 100), Span(4, 6, 300, 150),
                          Span(6, 8, 300, 50), Span(8, 10, 300, 0)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(3), At(5)),
              ElementsAre(Span(3, 4, 300, 100), Span(4, 5, 300, 150)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "chat", At(0), At(10)),
              ElementsAre(Span(0, 10, 50, 0)));
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "chat", At(5), At(5)), IsEmpty());
}

TEST(PoolTimeline, HasOneSpanWhereNothingChanges) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 100), 2, 4)).Grant("a");
  maker.Submit(Between(Chips("b", 100), 4, 6)).Grant("b");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(2), At(6)),
              ElementsAre(Span(2, 6, 300, 100)));
}

TEST(PoolTimeline, ChangesWithPlansAtFullHours) {
  PlanDocument later = MakePlanDocument(4);
  later.effective_from_unix_nanos = (At(3) + 1) * kNanosPerSecond;
  later.pools[0].allocation = AbsoluteAllocation{120};
  PlanDocument without = MakePlanDocument(5);
  without.effective_from_unix_nanos = At(6) * kNanosPerSecond;
  without.pools.erase(without.pools.begin());
  BookMaker maker(MakeReference({MakePlanDocument(3), later, without}));
  maker.Submit(Between(Beyond(Chips("a", 130)), 2, 8)).Grant("a");
  EXPECT_THAT(PoolTimeline(maker.book(), maker.reference(), "serving", At(0), At(9)),
              ElementsAre(Span(0, 2, 300, 0), Span(2, 4, 300, 130), Span(4, 6, 120, 130),
                          Span(6, 8, 0, 130), Span(8, 9, 0, 0)));
}

// --- Fit

TEST(DoesItFit, SaysSinceWhenAndUntilWhen) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 250), 12, 20)).Grant("a");
  maker.Submit(Between(Chips("b", 280), 40, 50)).Grant("b");
  const Fit fit = FitOf(maker, Chips("new", 100));  // from 10 to 15
  EXPECT_FALSE(fit.fits);
  EXPECT_EQ(fit.fits_micro_h100e, 50 * kMicro);
  EXPECT_EQ(fit.missing_micro_h100e, 50 * kMicro);
  EXPECT_EQ(fit.from_unix_seconds.value(), At(20));
  EXPECT_EQ(fit.until_unix_seconds.value(), At(40));
  const Fit small = FitOf(maker, Chips("new", 50));
  EXPECT_TRUE(small.fits);
  EXPECT_EQ(small.missing_micro_h100e, 0);
  EXPECT_EQ(small.from_unix_seconds.value(), At(10));
  EXPECT_EQ(small.until_unix_seconds.value(), At(40));
}

TEST(DoesItFit, NeedsAGapForTheWholeDuration) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 250), 10, 12)).Grant("a");
  maker.Submit(Between(Chips("b", 250), 16, 18)).Grant("b");
  const Fit fit = FitOf(maker, Chips("new", 100));
  EXPECT_EQ(fit.from_unix_seconds.value(), At(18)) << "four hours are not five";
  EXPECT_FALSE(fit.until_unix_seconds) << "no end is in sight";
}

TEST(DoesItFit, NeverWhereItIsMoreThanTheAllocation) {
  BookMaker maker;
  const Fit fit = FitOf(maker, Chips("new", 301));
  EXPECT_FALSE(fit.fits);
  EXPECT_EQ(fit.fits_micro_h100e, 300 * kMicro);
  EXPECT_EQ(fit.missing_micro_h100e, kMicro);
  EXPECT_FALSE(fit.from_unix_seconds);
  EXPECT_FALSE(fit.until_unix_seconds);
}

TEST(DoesItFit, LooksAheadForAYear) {
  BookMaker maker;
  const CapacityForm form = Chips("new", 100);
  maker.Submit(Between(Chips("a", 250), 10, 10 + kLookAheadHours)).Grant("a");
  EXPECT_EQ(FitOf(maker, form).from_unix_seconds.value(), At(10 + kLookAheadHours));
  BookMaker longer;
  longer.Submit(Between(Chips("a", 250), 10, 11 + kLookAheadHours)).Grant("a");
  EXPECT_FALSE(FitOf(longer, form).from_unix_seconds);
}

TEST(DoesItFit, DoesNotLookAtHoursThatAreOver) {
  BookMaker maker;
  maker.Submit(Between(Chips("a", 300), -5, 0)).Grant("a");
  const Fit fit = FitOf(maker, Between(Chips("new", 300), -3, 4));
  EXPECT_TRUE(fit.fits);
  EXPECT_EQ(fit.from_unix_seconds.value(), At(-3));
}

TEST(DoesItFit, TakesWhatIsGrantedBeyondFromNoAllocation) {
  BookMaker maker;
  maker.Submit(Beyond(Chips("extra", 350))).Grant("extra");
  EXPECT_FALSE(FitOf(maker, Chips("new", 51)).fits) << "of the category, 400, 50 are the chat's";
  PlanDocument document = MakePlanDocument(3);
  document.category_shares[Category::kInference] = 0.6;
  document.category_shares[Category::kTraining] = 0.25;
  document.category_shares[Category::kResearch] = 0.15;
  document.tier_shares = {{Tier::kP2, 1.0}};
  BookMaker room(MakeReference({document}));
  room.Submit(Beyond(Chips("extra", 350))).Grant("extra");
  EXPECT_EQ(FitOf(room, Chips("new", 10)).fits_micro_h100e, 200 * kMicro);
}

TEST(DoesItFit, BeyondTheAllocationIsWhatTheCategoryAndTheSupplyLeave) {
  BookMaker maker;
  // 400 of inference, less 50 of the chat's.
  EXPECT_EQ(FitOf(maker, Beyond(Chips("new", 400))).fits_micro_h100e, 350 * kMicro);
  maker.Submit(Chips("within", 100)).Grant("within");
  EXPECT_EQ(FitOf(maker, Beyond(Chips("new", 400))).fits_micro_h100e, 250 * kMicro)
      << "what is committed counts as far as it is used";
}

TEST(DoesItFit, OfUnusableTimesIsNowhere) {
  BookMaker maker;
  for (const int64_t hours : {int64_t{0}, int64_t{-1}, INT64_MAX}) {
    CapacityForm form = Chips("new", 10);
    form.hours = hours;
    EXPECT_FALSE(FitOf(maker, form).fits);
    EXPECT_EQ(FitOf(maker, form).missing_micro_h100e, 10 * kMicro);
  }
  CapacityForm form = Chips("new", 10);
  form.start_unix_seconds = INT64_MAX - 5;
  EXPECT_FALSE(FitOf(maker, form).fits);
}

TEST(DoesItFit, NamesTheRequestsThatWouldNotFitAnyMore) {
  BookMaker maker;
  CapacityForm critical = Chips("critical", 150);
  critical.nature = Nature::kCritical;
  maker.Submit(critical)
      .Submit(Chips("bet", 150))
      .Submit(Chips("small", 100))
      .Submit(Chips("too-large", 301))
      .Submit(Between(Chips("later", 300), 15, 20))
      .Submit(Beyond(Chips("beyond", 300)));
  CapacityForm goal = Chips("new", 200);
  goal.nature = Nature::kCompanyGoal;
  goal.goal = "one";
  EXPECT_THAT(Names(FitOf(maker, goal).displaces), ElementsAre("bet"));
  goal.chips = 201;
  EXPECT_THAT(Names(FitOf(maker, goal).displaces), ElementsAre("bet", "small"));
  // The request itself, when it is asked about.
  EXPECT_THAT(Names(FitOf(maker, maker.Get("bet").form).displaces), IsEmpty());
}

TEST(DoesItFit, NamesTheGrantsOfLowerNatureThatWouldHaveToEnd) {
  BookMaker maker;
  CapacityForm goal = Chips("goal", 100);
  goal.nature = Nature::kCompanyGoal;
  maker.Submit(Chips("older", 80)).Submit(Chips("younger", 60)).Submit(goal);
  maker.Submit(Between(Chips("elsewhen", 200), 15, 30));
  maker.Grant("older").Grant("younger").Grant("goal").Grant("elsewhen");
  CapacityForm critical = Chips("new", 110);
  critical.nature = Nature::kCritical;
  EXPECT_THAT(Names(FitOf(maker, critical).displaces), ElementsAre("younger granted"));
  critical.chips = 150;
  EXPECT_THAT(Names(FitOf(maker, critical).displaces),
              ElementsAre("younger granted", "older granted"));
  critical.chips = 250;
  EXPECT_THAT(Names(FitOf(maker, critical).displaces),
              ElementsAre("younger granted", "older granted", "goal granted"));
  critical.chips = 301;
  EXPECT_THAT(Names(FitOf(maker, critical).displaces), IsEmpty()) << "that would not be enough";
  EXPECT_THAT(Names(FitOf(maker, Chips("bet", 110)).displaces), IsEmpty())
      << "a bet has nothing below it";
}

TEST(DoesItFit, NamesWhoCouldLendOverTheWholeTime) {
  BookMaker maker;
  CapacityForm lent = Between(Chips("lent", 60), 12, 13);
  lent.pool = "scaling";
  maker.Submit(lent).Grant("lent");
  const Fit fit = FitOf(maker, Chips("new", 500));
  ASSERT_EQ(fit.lenders.size(), 2u) << "chat and safety-lab lend nothing";
  EXPECT_EQ(fit.lenders[0].pool, "pretraining");
  EXPECT_EQ(fit.lenders[0].micro_h100e, 62'500'000) << "a quarter of 250";
  EXPECT_EQ(fit.lenders[1].pool, "scaling");
  EXPECT_EQ(fit.lenders[1].micro_h100e, 40 * kMicro);
}

TEST(DoesItFit, NamesNoMoreThanThePoolMayBorrow) {
  PlanDocument document = MakePlanDocument(3);
  document.pools[0].policy.borrowing_limit_h100e = 50;
  const Fit fit = FitOf(BookMaker(MakeReference({document})), Chips("new", 500));
  ASSERT_EQ(fit.lenders.size(), 2u);
  EXPECT_EQ(fit.lenders[0].micro_h100e, 50 * kMicro);
  document.pools[0].policy.borrowing_limit_h100e = 0;
  EXPECT_TRUE(FitOf(BookMaker(MakeReference({document})), Chips("new", 500)).lenders.empty());
}

// --- Beside a brute force that looks at every minute, each from the beginning.

constexpr int64_t kMinutesAll = 40 * 60;
// Nothing is granted later, so that nothing changes any more.
constexpr int64_t kQuietHour = 40;

struct Sums {
  std::map<std::string, int64_t> within;
  std::map<std::string, int64_t> beyond;
  int64_t committed(const std::string& pool) const {
    const auto at = [&](const auto& sums) {
      const auto found = sums.find(pool);
      return found == sums.end() ? int64_t{0} : found->second;
    };
    return at(within) + at(beyond);
  }
};

class RandomPlans {
 public:
  explicit RandomPlans(uint64_t seed) : random_(seed), maker_(RandomReference()) {
    const int64_t requests = Draw(14);
    for (int64_t i = 0; i < requests; ++i) {
      const std::string id = "r" + std::to_string(i);
      const CapacityForm form = RandomForm(id);
      maker_.Submit(form);
      if (Draw(4) == 0) continue;
      const int64_t from = Draw(30) - 4;
      const int64_t chips = 1 + Draw(form.chips);
      maker_.Grant(id, chips, At(from), At(std::min(kQuietHour, from + 1 + Draw(12))));
    }
  }

  CapacityForm RandomForm(const std::string& id) {
    static constexpr std::array kPools = {"serving", "chat", "pretraining", "scaling"};
    CapacityForm form = MakeForm(id);
    form.pool = kPools[static_cast<size_t>(Draw(4))];
    form.chips = 1 + Draw(60);
    form.start_unix_seconds = At(Draw(30) - 3);
    form.hours = 4 + Draw(8);
    form.nature = kNatures[static_cast<size_t>(Draw(3))];
    return Draw(3) == 0 ? Beyond(form) : form;
  }

  const BookMaker& maker() const { return maker_; }
  BookMaker& maker() { return maker_; }
  const CapacityBook& book() const { return maker_.book(); }
  int64_t Draw(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }

  // By the plan that is in force at the start of the minute's hour.
  const Plan& PlanAt(int64_t minute) const {
    const int64_t hour = kStartOfHour + (minute < 0 ? minute - 59 : minute) / 60 * 60 * 60;
    const Plan* in_force = &maker_.reference().plans.front();
    for (const Plan& plan : maker_.reference().plans) {
      if (plan.effective_from_unix_nanos <= hour * kNanosPerSecond) in_force = &plan;
    }
    return *in_force;
  }

  Sums SumsAt(int64_t minute) const {
    const int64_t time = kStartOfHour + minute * 60;
    Sums sums;
    for (const auto& [id, request] : book().requests()) {
      if (!request->grant) continue;
      const Grant& grant = *request->grant;
      if (time < grant.start_unix_seconds || time >= grant.end_unix_seconds) continue;
      auto& by_pool = request->form.beyond_allocation ? sums.beyond : sums.within;
      by_pool[request->form.pool] += grant.worth.micro_h100e;
    }
    return sums;
  }

 private:
  ReferenceData RandomReference() {
    std::vector<PlanDocument> plans;
    int64_t effective = -Draw(5) * 3'600;
    for (int64_t i = 0; i < 1 + Draw(2) + Draw(2); ++i) {
      PlanDocument plan = MakePlanDocument(static_cast<uint32_t>(3 + i));
      plan.effective_from_unix_nanos = (kStartOfHour + effective) * kNanosPerSecond;
      effective += 1 + Draw(20 * 3'600);
      for (PoolDocument& pool : plan.pools) {
        pool.allocation = AbsoluteAllocation{static_cast<double>(Draw(50))};
        pool.policy.lendable_ratio = static_cast<double>(Draw(5)) / 4;
      }
      plan.category_shares[Category::kInference] = 0.1;
      plan.category_shares[Category::kTraining] = 0.06;
      plan.category_shares[Category::kResearch] = 0.1;
      plan.tier_shares = {{Tier::kP2, 0.3},
                          {Tier::kBuffer, 0.7 + 0.01 * static_cast<double>(Draw(5))}};
      plan.tier_shares[Tier::kP2] = 1 - plan.tier_shares[Tier::kBuffer];
      if (Draw(3) == 0) {
        plan.has_categories = false;
        plan.category_shares.clear();
      }
      shares_.push_back(plan.category_shares);
      plans.push_back(plan);
    }
    return MakeReference(plans);
  }

 public:
  // What the files said of categories.
  std::vector<std::map<Category, double>> shares_;

 private:
  std::mt19937_64 random_;
  BookMaker maker_;
};

int64_t Micro(double h100e) { return static_cast<int64_t>(h100e * kMicro + 0.5); }

int64_t AllocatedBy(const Plan& plan, const std::string& name) {
  for (const Pool& pool : plan.pools) {
    if (pool.name == name) return Micro(pool.allocated_h100e);
  }
  return 0;
}

TEST(PoolTimeline, IsThatOfEveryMinute) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomPlans plans(seed);
    const std::string pool = plans.Draw(2) == 0 ? "serving" : "scaling";
    const auto spans = PoolTimeline(plans.book(), plans.maker().reference(), pool, At(-3),
                                    kStartOfHour + kMinutesAll * 60);
    size_t at = 0;
    for (int64_t minute = -180; minute < kMinutesAll; ++minute) {
      const int64_t time = kStartOfHour + minute * 60;
      while (at < spans.size() && spans[at].to_unix_seconds <= time) ++at;
      ASSERT_LT(at, spans.size()) << "seed " << seed;
      ASSERT_LE(spans[at].from_unix_seconds, time) << "a gap; seed " << seed;
      const int64_t allocated = AllocatedBy(plans.PlanAt(minute), pool);
      const int64_t committed = plans.SumsAt(minute).committed(pool);
      ASSERT_EQ(spans[at].allocated_micro_h100e, allocated) << "seed " << seed << " at " << minute;
      ASSERT_EQ(spans[at].committed_micro_h100e, committed) << "seed " << seed << " at " << minute;
      ASSERT_EQ(spans[at].uncommitted_micro_h100e, allocated - committed);
    }
    for (size_t i = 1; i < spans.size(); ++i) {
      ASSERT_EQ(spans[i - 1].to_unix_seconds, spans[i].from_unix_seconds);
      ASSERT_FALSE(spans[i - 1].allocated_micro_h100e == spans[i].allocated_micro_h100e &&
                   spans[i - 1].committed_micro_h100e == spans[i].committed_micro_h100e);
    }
  }
}

// What the rules allow at a minute, said once more and without sharing anything: whether what is
// committed exceeds a limit, when `extra` is added to a pool.
struct Extra {
  std::string pool;
  bool beyond = false;
  int64_t micro = 0;
};

// Amounts of these tests are whole H100e, so that the tolerance for rounding never decides.
bool KeepsTheLimits(const RandomPlans& plans, int64_t minute, const Extra& extra) {
  const Plan& plan = plans.PlanAt(minute);
  Sums sums = plans.SumsAt(minute);
  (extra.beyond ? sums.beyond : sums.within)[extra.pool] += extra.micro;
  if (!extra.beyond && extra.micro > 0 && sums.within[extra.pool] > AllocatedBy(plan, extra.pool)) {
    return false;
  }
  const auto& files = plans.shares_[plan.version - 3];
  const Pool* own = nullptr;
  std::map<Category, int64_t> needs;
  int64_t all = 0;
  int64_t own_need = 0;
  for (const Pool& pool : plan.pools) {
    const int64_t need = std::max(Micro(pool.allocated_h100e), sums.committed(pool.name));
    needs[pool.category] += need;
    all += need;
    if (pool.name != extra.pool) continue;
    own = &pool;
    own_need = need;
  }
  // It makes nothing larger.
  if (own_need <=
      std::max(AllocatedBy(plan, extra.pool), plans.SumsAt(minute).committed(extra.pool))) {
    return true;
  }
  if (!files.empty() && needs[own->category] > Micro(files.at(own->category) * 1'000)) return false;
  return all <= Micro((1 - plan.tier_shares.at(Tier::kBuffer)) * 1'000);
}

bool FitsFrom(const RandomPlans& plans, const CapacityForm& form, int64_t from_hour) {
  const Extra extra = {form.pool, form.beyond_allocation, form.chips * kMicro};
  for (int64_t hour = std::max<int64_t>(from_hour, 0); hour < from_hour + form.hours; ++hour) {
    for (const int64_t minute : {0, 59}) {
      if (!KeepsTheLimits(plans, hour * 60 + minute, extra)) return false;
    }
  }
  return true;
}

void ExpectFitOfBruteForce(RandomPlans* plans, const CapacityForm& form, const Fit& fit) {
  const int64_t asked = (form.start_unix_seconds - kStartOfHour) / kAnHour;
  ASSERT_EQ(fit.fits, FitsFrom(*plans, form, asked));
  std::optional<int64_t> from;
  for (int64_t hour = asked; hour <= kQuietHour && !from; ++hour) {
    if (FitsFrom(*plans, form, hour)) from = hour;
  }
  ASSERT_EQ(fit.from_unix_seconds.has_value(), from.has_value());
  if (!from) return;
  ASSERT_EQ(*fit.from_unix_seconds, At(*from));
  CapacityForm longer = form;
  while (longer.hours < 60 && FitsFrom(*plans, longer, *from)) ++longer.hours;
  if (longer.hours == 60) {
    ASSERT_FALSE(fit.until_unix_seconds);
  } else {
    ASSERT_EQ(fit.until_unix_seconds.value_or(0), At(*from + longer.hours - 1));
  }
}

// The most that fits: one H100e after the other.
int64_t MostThatFits(const RandomPlans& plans, CapacityForm form) {
  const int64_t asked = (form.start_unix_seconds - kStartOfHour) / kAnHour;
  for (form.chips = 0; form.chips < 400; ++form.chips) {
    CapacityForm more = form;
    ++more.chips;
    if (!FitsFrom(plans, more, asked)) break;
  }
  return form.chips;
}

TEST(DoesItFit, IsThatOfEveryHourAndOfWhatIsDecided) {
  int fitting = 0;
  int moved = 0;
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    RandomPlans plans(seed);
    const CapacityForm form = plans.RandomForm("new");
    const Fit fit = FitOf(plans.maker(), form);
    ExpectFitOfBruteForce(&plans, form, fit);
    if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed;
    if (seed % 20 == 0 && form.end_unix_seconds() > At(0)) {
      ASSERT_EQ(fit.fits_micro_h100e / kMicro, MostThatFits(plans, form)) << "seed " << seed;
    }
    fitting += fit.fits ? 1 : 0;
    moved += !fit.fits && fit.from_unix_seconds ? 1 : 0;
    if (form.end_unix_seconds() <= kPresent) continue;
    plans.maker().Submit(form);
    Decision decision;
    decision.request_id = "new";
    decision.chips = form.chips;
    const CapacityAnswer answer = plans.maker().Decide({decision});
    ASSERT_EQ(answer.status.ok(), fit.fits) << "seed " << seed << ": " << answer.status;
  }
  EXPECT_GT(fitting, 50) << "the test has both";
  EXPECT_GT(moved, 20);
}

// All ROIs are the same, so that more H100e-hours bring less each. Of equal ones "new" is youngest.
bool IsLowerBet(const CapacityForm& form, const CapacityForm& other) {
  if (form.nature != Nature::kGrowthBet || other.nature != form.nature || !form.roi) return false;
  return !other.roi || other.chips * other.hours > form.chips * form.hours;
}

TEST(DoesItFit, DisplacesWhatWouldNotFitAfterIt) {
  int displaced = 0;
  for (uint64_t seed = 1; seed <= 4'000; ++seed) {
    RandomPlans plans(seed);
    CapacityForm form = plans.RandomForm("new");
    if (form.end_unix_seconds() <= kPresent) continue;
    // After all the others were asked for.
    const std::vector<std::string> names =
        Names(FitOf(plans.maker(), form, kPresent + 1'000).displaces);
    BookMaker after = plans.maker();
    after.Submit(form).Grant("new");
    for (const auto& [id, request] : plans.book().requests()) {
      const CapacityForm& other = request->form;
      const bool lower = other.nature > form.nature || IsLowerBet(form, other);
      const bool expected = !request->decided() && lower && other.pool == form.pool &&
                            other.beyond_allocation == form.beyond_allocation &&
                            other.end_unix_seconds() > kPresent &&
                            other.start_unix_seconds < form.end_unix_seconds() &&
                            form.start_unix_seconds < other.end_unix_seconds() &&
                            FitOf(plans.maker(), other).fits && !FitOf(after, other).fits;
      ASSERT_EQ(std::find(names.begin(), names.end(), id) != names.end(), expected)
          << "seed " << seed << " " << id;
      displaced += expected ? 1 : 0;
    }
  }
  EXPECT_GT(displaced, 20);
}

// The first hour at which a limit is exceeded, of all pools.
std::optional<int64_t> FirstExcess(const RandomPlans& plans) {
  for (int64_t hour = 0; hour < kQuietHour; ++hour) {
    const Plan& plan = plans.PlanAt(hour * 60);
    Sums sums = plans.SumsAt(hour * 60);
    std::map<Category, int64_t> needs;
    int64_t all = 0;
    for (const Pool& pool : plan.pools) {
      const int64_t allocated = Micro(pool.allocated_h100e);
      if (sums.within[pool.name] > allocated) return hour;
      needs[pool.category] += std::max(allocated, sums.committed(pool.name));
      all += std::max(allocated, sums.committed(pool.name));
    }
    for (const auto& [category, share] : plans.shares_[plan.version - 3]) {
      if (needs[category] > Micro(share * 1'000)) return hour;
    }
    if (all > Micro((1 - plan.tier_shares.at(Tier::kBuffer)) * 1'000)) return hour;
  }
  return std::nullopt;
}

TEST(CheckCommitments, FindsTheFirstHourOfABruteForce) {
  int exceeded = 0;
  for (uint64_t seed = 1; seed <= 3'000; ++seed) {
    const RandomPlans plans(seed);
    const absl::Status status = CheckCommitments(plans.book(), plans.maker().reference(), kPresent);
    const std::optional<int64_t> first = FirstExcess(plans);
    ASSERT_EQ(status.ok(), !first) << "seed " << seed << ": " << status;
    if (!first) continue;
    ++exceeded;
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    const int64_t hour = *first + 8;
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(" from 2027-01-" + std::to_string(15 + hour / 24) + " " +
                          (hour % 24 < 10 ? "0" : "") + std::to_string(hour % 24) + ":00:00Z on"))
        << "seed " << seed;
  }
  EXPECT_GT(exceeded, 500);
  EXPECT_LT(exceeded, 2'800);
}

}  // namespace
}  // namespace commitments_testing
}  // namespace fleetmeter::capacity
