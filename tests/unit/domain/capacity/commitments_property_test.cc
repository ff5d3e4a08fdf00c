// What is committed and what fits, beside a brute force.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>

#include "daemon/base/units.h"
#include "daemon/domain/capacity/commitments.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::minute_testing {
namespace {

using ::testing::HasSubstr;

std::vector<std::string> Names(const std::vector<Displaced>& displaced) {
  std::vector<std::string> names;
  for (const Displaced& each : displaced) {
    names.push_back(each.request_id + (each.granted ? " granted" : ""));
  }
  return names;
}

// --- Beside a brute force that looks at every minute, each from the beginning.

constexpr int64_t kMinutesAll = 40 * 60;
// Nothing is granted later, so that nothing changes any more.
constexpr int64_t kQuietHour = 40;
constexpr uint32_t kFirstVersion = 3;
constexpr int64_t kAsked = kPresent + 1'000;  // after all events, within the hour

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
    LearnPlans();
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

  // What the file of a plan said of categories; empty: it has none.
  const std::map<Category, double>& SharesOf(const Plan& plan) const {
    return shares_[plan.version - kFirstVersion];
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

  // Of a grant that is decided at `decided`, by what the file of the plan said, if it said
  // anything.
  bool IsInPlan(const Plan& plan, const std::string& id, int64_t decided_unix_nanos) const {
    const auto& named = named_[plan.version - kFirstVersion];
    return named ? Has(*named, id) : decided_unix_nanos < plan.known_since_unix_nanos;
  }

  bool IsNamed(const std::string& id) const {
    return std::any_of(named_.begin(), named_.end(),
                       [&](const auto& named) { return named && Has(*named, id); });
  }

  // What is granted beyond, and in the plan, takes its part of the allocation.
  Sums SumsAt(int64_t minute) const {
    const int64_t time = kStartOfHour + minute * 60;
    const Plan& plan = PlanAt(minute);
    Sums sums;
    for (const auto& [id, request] : book().requests()) {
      if (!request->grant) continue;
      const Grant& grant = *request->grant;
      if (time < grant.start_unix_seconds || time >= grant.end_unix_seconds) continue;
      const bool on_top =
          request->form.beyond_allocation && !IsInPlan(plan, id, grant.at_unix_nanos);
      auto& by_pool = on_top ? sums.beyond : sums.within;
      by_pool[request->form.pool] += grant.worth.micro_h100e;
    }
    return sums;
  }

 private:
  static bool Has(const std::vector<std::string>& names, const std::string& id) {
    return std::find(names.begin(), names.end(), id) != names.end();
  }

  ReferenceData RandomReference() {
    std::vector<PlanDocument> plans;
    int64_t effective = -Draw(5) * 3'600;
    for (int64_t i = 0; i < 1 + Draw(2) + Draw(2); ++i) {
      PlanDocument plan = MakePlanDocument(kFirstVersion + static_cast<uint32_t>(i));
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
      if (Draw(2) == 0) {
        plan.grants.emplace();
        for (int64_t request = 0; request < 14; ++request) {
          if (Draw(2) == 0) plan.grants->push_back("r" + std::to_string(request));
        }
        if (Draw(8) == 0) plan.grants->push_back("new");
      }
      named_.push_back(plan.grants);
      shares_.push_back(plan.category_shares);
      plans.push_back(plan);
    }
    return MakeReference(plans);
  }

  // Some plans came in the midst of the decisions, which are a second apart.
  void LearnPlans() {
    ReferenceData reference = maker_.reference();
    for (Plan& plan : reference.plans) {
      if (Draw(2) == 0) continue;
      plan.known_since_unix_nanos = (kPresent + Draw(book().last_number() + 1)) * kNanosPerSecond;
    }
    maker_.Use(std::move(reference));
  }

  std::vector<std::map<Category, double>> shares_;
  std::vector<std::optional<std::vector<std::string>>> named_;
  std::mt19937_64 random_;
  BookMaker maker_;
};

int64_t Micro(double h100e) { return static_cast<int64_t>(h100e * kMicro + 0.5); }

int64_t AllocatedBy(const Plan& plan, const std::string& name) {
  const Pool* pool = plan.FindPool(name);
  return pool == nullptr ? 0 : Micro(pool->allocated_h100e);
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
      Sums sums = plans.SumsAt(minute);
      ASSERT_EQ(spans[at].uncommitted_micro_h100e, allocated - sums.within[pool]);
      ASSERT_EQ(spans[at].beyond_micro_h100e, sums.beyond[pool]);
    }
    for (size_t i = 1; i < spans.size(); ++i) {
      ASSERT_EQ(spans[i - 1].to_unix_seconds, spans[i].from_unix_seconds);
      ASSERT_FALSE(spans[i - 1].allocated_micro_h100e == spans[i].allocated_micro_h100e &&
                   spans[i - 1].committed_micro_h100e == spans[i].committed_micro_h100e &&
                   spans[i - 1].beyond_micro_h100e == spans[i].beyond_micro_h100e);
    }
  }
}

// What the rules allow at a minute, said once more and without sharing anything: whether what is
// committed exceeds a limit, when `extra` is added to a pool.
struct Extra {
  std::string pool;
  bool beyond = false;
  int64_t micro = 0;
  std::string id;
};

// The allocation, or what takes its part of it if that is more, and what is on top.
int64_t NeedOf(const Pool& pool, Sums sums) {
  return std::max(Micro(pool.allocated_h100e), sums.within[pool.name]) + sums.beyond[pool.name];
}

// Amounts of these tests are whole H100e, so that the tolerance for rounding never decides.
bool KeepsTheLimits(const RandomPlans& plans, int64_t minute, const Extra& extra) {
  const Plan& plan = plans.PlanAt(minute);
  Sums sums = plans.SumsAt(minute);
  const Sums before = sums;
  const bool on_top = extra.beyond && !plans.IsInPlan(plan, extra.id, kAsked * kNanosPerSecond);
  (on_top ? sums.beyond : sums.within)[extra.pool] += extra.micro;
  if (!on_top && extra.micro > 0) return sums.within[extra.pool] <= AllocatedBy(plan, extra.pool);
  const auto& files = plans.SharesOf(plan);
  const Pool* own = nullptr;
  std::map<Category, int64_t> needs;
  int64_t all = 0;
  int64_t own_more = 0;
  for (const Pool& pool : plan.pools) {
    const int64_t need = NeedOf(pool, sums);
    needs[pool.category] += need;
    all += need;
    if (pool.name != extra.pool) continue;
    own = &pool;
    own_more = need - NeedOf(pool, before);
  }
  if (own_more == 0) return true;  // it makes nothing larger
  if (!files.empty() && needs[own->category] > Micro(files.at(own->category) * 1'000)) return false;
  return all <= Micro((1 - plan.tier_shares.at(Tier::kBuffer)) * 1'000);
}

bool FitsFrom(const RandomPlans& plans, const CapacityForm& form, int64_t from_hour) {
  const Extra extra = {form.pool, form.beyond_allocation, form.chips * kMicro, form.request_id};
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
    const Fit fit = plans.maker().FitOf(form, kAsked);
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
    const CapacityAnswer answer = plans.maker().Decide({decision}, kAsked);
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
  for (uint64_t seed = 1; seed <= 8'000; ++seed) {
    RandomPlans plans(seed);
    CapacityForm form = plans.RandomForm("new");
    if (form.end_unix_seconds() <= kPresent) continue;
    // After all the others were asked for.
    const std::vector<std::string> names = Names(plans.maker().FitOf(form, kAsked).displaces);
    BookMaker after = plans.maker();
    after.Submit(form).Grant("new");
    for (const auto& [id, request] : plans.book().requests()) {
      const CapacityForm& other = request->form;
      const bool lower = other.nature > form.nature || IsLowerBet(form, other);
      if (other.pool != form.pool && plans.IsNamed(id)) continue;  // it is in no common place
      const bool shares = other.pool == form.pool || form.beyond_allocation;
      const bool expected = !request->decided() && lower && shares &&
                            other.beyond_allocation == form.beyond_allocation &&
                            other.end_unix_seconds() > kPresent &&
                            other.start_unix_seconds < form.end_unix_seconds() &&
                            form.start_unix_seconds < other.end_unix_seconds() &&
                            plans.maker().FitOf(other, kAsked).fits &&
                            !after.FitOf(other, kAsked).fits;
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
      needs[pool.category] += NeedOf(pool, sums);
      all += NeedOf(pool, sums);
    }
    for (const auto& [category, share] : plans.SharesOf(plan)) {
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
}  // namespace fleetmeter::capacity::minute_testing
