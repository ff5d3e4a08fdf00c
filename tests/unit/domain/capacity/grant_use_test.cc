#include "daemon/domain/capacity/grant_use.h"

#include <map>
#include <random>

#include "daemon/base/units.h"
#include "gtest/gtest.h"
#include "tests/unit/domain/capacity/capacity_maker.h"

namespace fleetmeter::capacity::use_testing {
namespace {

constexpr absl::int128 kChipHour = kNanosPerHour;

UsedPeriod Period(int64_t hour, const std::string& workload, int64_t chips) {
  UsedPeriod period;
  period.start_unix_seconds = At(hour);
  period.pool = "serving";
  period.team = "api";
  period.workload = workload;
  period.chip = "h100";
  period.assigned_chip_nanos = chips * kChipHour;
  period.measured_chip_nanos = period.assigned_chip_nanos;
  period.busy_chip_nanos = period.assigned_chip_nanos / 2;
  return period;
}

// As whoever was heard tells it, of pools that are told of from the beginning.
ToldUse Told(std::vector<UsedPeriod> periods, int64_t told_from = 0) {
  ToldUse told;
  told.periods = std::move(periods);
  told.told_from_unix_seconds = told_from;
  told.pools_from_unix_nanos = {{"serving", 0}, {"chat", 0}};
  return told;
}

CapacityForm FormOf(const std::string& id, const std::string& workload, int64_t chips) {
  CapacityForm form = MakeForm(id);
  form.workload = workload;
  form.chips = chips;
  return form;
}

int64_t ChipHours(absl::int128 nanos) { return static_cast<int64_t>(nanos / kChipHour); }

TEST(ShareUse, GivesAWorkloadsChipsToTheGrantThatNamesIt) {
  BookMaker maker;
  maker.Submit(FormOf("older", "a", 10)).Grant("older");
  maker.Submit(FormOf("named", "b", 10)).Grant("named");
  const SharedUse use = ShareUse(maker.book(), Told({Period(10, "b", 8)}), 0, At(12));
  ASSERT_EQ(use.grants.size(), 2u);
  EXPECT_EQ(use.grants[0].request_id, "named");
  EXPECT_EQ(ChipHours(use.grants[0].used_chip_nanos), 8);
  EXPECT_EQ(ChipHours(use.grants[0].busy_chip_nanos), 4);
  EXPECT_EQ(ChipHours(use.grants[0].measured_chip_nanos), 8);
  EXPECT_EQ(use.grants[0].peak_micro_chips, 8 * kMicro);
  EXPECT_EQ(ChipHours(use.grants[0].granted_chip_nanos), 20);
  EXPECT_EQ(use.grants[0].told_seconds, 2 * kAnHour);
  EXPECT_EQ(use.grants[1].used_chip_nanos, 0);
  EXPECT_TRUE(use.beyond.empty());
}

TEST(ShareUse, GivesWhatIsLeftToTheOlderGrantFirst) {
  BookMaker maker;
  maker.Submit(FormOf("z-older", "a", 10)).Submit(FormOf("a-younger", "b", 10));
  maker.Grant("z-older").Grant("a-younger");
  const SharedUse use = ShareUse(maker.book(), Told({Period(10, "other", 13)}), 0, At(12));
  EXPECT_EQ(ChipHours(use.grants[1].used_chip_nanos), 10);
  EXPECT_EQ(ChipHours(use.grants[0].used_chip_nanos), 3);
}

TEST(ShareUse, CountsWhatIsUnderNoGrant) {
  BookMaker maker;
  maker.Submit(FormOf("req-1", "a", 10)).Grant("req-1");
  std::vector<UsedPeriod> periods = {Period(10, "a", 12), Period(9, "a", 5)};
  periods.push_back(Period(10, "a", 3));
  periods.back().chip = "trainium2";
  periods.push_back(Period(10, "a", 2));
  periods.back().team = "batch";
  periods.push_back(Period(10, "a", 1));
  periods.back().pool = "chat";
  const SharedUse use = ShareUse(maker.book(), Told(periods), 0, At(20));
  EXPECT_EQ(ChipHours(use.grants[0].used_chip_nanos), 10);
  ASSERT_EQ(use.beyond.size(), 3u);
  EXPECT_EQ(use.beyond[0].pool + use.beyond[0].team, "chatapi");
  EXPECT_EQ(ChipHours(use.beyond[0].chip_nanos), 1);
  EXPECT_EQ(use.beyond[1].pool + use.beyond[1].team, "servingapi");
  EXPECT_EQ(ChipHours(use.beyond[1].chip_nanos), 2 + 5 + 3);
  EXPECT_EQ(use.beyond[2].team, "batch");
}

TEST(ShareUse, KnowsOnlyHoursThatAreToldAndOver) {
  BookMaker maker;
  maker.Submit(FormOf("req-1", "a", 10)).Grant("req-1");
  std::vector<UsedPeriod> periods;
  for (int64_t hour = 10; hour < 15; ++hour) periods.push_back(Period(hour, "a", 10));
  periods.push_back(Period(10, "a", 1'000));
  periods.back().seconds = 24 * kAnHour;
  // Told from within hour 10 on; within hour 13 now.
  const SharedUse use = ShareUse(maker.book(), Told(periods, At(10) + 1), 0, At(13) + 1'800);
  EXPECT_EQ(ChipHours(use.grants[0].used_chip_nanos), 20);
  EXPECT_EQ(ChipHours(use.grants[0].granted_chip_nanos), 20);
  EXPECT_EQ(use.grants[0].told_seconds, 2 * kAnHour);
  EXPECT_EQ(use.grants[0].untold_seconds, kAnHour);
  EXPECT_TRUE(use.beyond.empty());
}

TEST(ShareUse, IsAllUntoldWhereNothingIsTold) {
  BookMaker maker;
  maker.Submit(FormOf("req-1", "a", 10)).Grant("req-1");
  for (const int64_t told_from : {At(13), At(90), INT64_MAX}) {
    const SharedUse use = ShareUse(maker.book(), Told({Period(11, "a", 10)}, told_from), 0, At(13));
    EXPECT_EQ(use.grants[0].granted_chip_nanos, 0);
    EXPECT_EQ(use.grants[0].used_chip_nanos, 0);
    EXPECT_EQ(use.grants[0].told_seconds, 0);
    EXPECT_EQ(use.grants[0].untold_seconds, 3 * kAnHour);
  }
}

TEST(ShareUse, OfAGrantThatHasNotBegunIsNothing) {
  BookMaker maker;
  maker.Submit(FormOf("req-1", "a", 10)).Grant("req-1");
  const SharedUse use = ShareUse(maker.book(), Told({}), 0, At(2));
  EXPECT_EQ(use.grants[0].granted_chip_nanos, 0);
  EXPECT_EQ(use.grants[0].told_seconds, 0);
  EXPECT_EQ(use.grants[0].untold_seconds, 0);
}

TEST(ShareUse, SharesTheWorkOfChipsThatSeveralTook) {
  BookMaker maker;
  maker.Submit(FormOf("a", "w", 1)).Grant("a");
  maker.Submit(FormOf("b", "w", 1)).Grant("b");
  UsedPeriod period = Period(10, "w", 3);
  period.busy_chip_nanos = 10;
  const SharedUse use = ShareUse(maker.book(), Told({period}), 0, At(12));
  // A third each, and the rest of the division goes to the first.
  EXPECT_EQ(use.grants[0].busy_chip_nanos, 4);
  EXPECT_EQ(use.grants[1].busy_chip_nanos, 3);
}

TEST(ShareUse, EndsWithARelease) {
  BookMaker maker;
  maker.Submit(FormOf("req-1", "a", 10)).Grant("req-1");
  EXPECT_TRUE(
      maker.Order({.identity = "bob", .reason = "done", .what = ReleaseOrder{"req-1", At(11)}})
          .status.ok());
  const SharedUse use =
      ShareUse(maker.book(), Told({Period(10, "a", 10), Period(11, "a", 10)}), 0, At(20));
  EXPECT_EQ(ChipHours(use.grants[0].used_chip_nanos), 10);
  EXPECT_EQ(ChipHours(use.grants[0].granted_chip_nanos), 10);
  EXPECT_EQ(ChipHours(use.beyond.at(0).chip_nanos), 10);
}

// --- Beside a brute force, which gives one chip after the other, hour by hour.

struct PlainGrant {
  std::string id;
  std::string workload;
  std::string team;
  std::string chip;
  int64_t chips = 0;
  int64_t from = 0;  // hours
  int64_t to = 0;
  int64_t age = 0;
  int64_t used = 0;
  int64_t peak = 0;
};

class RandomUse {
 public:
  explicit RandomUse(uint64_t seed) : random_(seed) {
    for (int64_t i = 0; i < Draw(7); ++i) AddGrant("g" + std::to_string(i));
    for (int64_t i = 0; i < 1 + Draw(40); ++i) AddPeriod();
    told_from_ = Draw(4);
    now_ = 6 + Draw(8);
  }

  SharedUse Answer() const {
    return ShareUse(maker_.book(), Told(periods_, At(told_from_)), 0, At(now_) + 100);
  }

  void Simulate() {
    std::sort(plain_.begin(), plain_.end(),
              [](const PlainGrant& a, const PlainGrant& b) { return a.age < b.age; });
    for (int64_t hour = told_from_; hour < now_; ++hour) SimulateHour(hour);
  }

  std::vector<PlainGrant> plain_;
  int64_t all_ = 0;  // chip-hours that count
  int64_t under_none_ = 0;

 private:
  int64_t Draw(int64_t below) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(below));
  }
  std::string Word(const char* letter, int64_t below) {
    return letter + std::to_string(Draw(below));
  }

  void AddGrant(const std::string& id) {
    CapacityForm form = FormOf(id, Word("w", 3), 1 + Draw(6));
    form.team = Word("t", 2);
    form.chip = Draw(4) == 0 ? "trainium2" : "h100";
    maker_.Submit(form);
    const int64_t from = Draw(10);
    const int64_t to = from + 1 + Draw(8);
    maker_.Grant(id, form.chips, At(from), At(to));
    plain_.push_back({id, form.workload, form.team, form.chip, form.chips, from, to,
                      maker_.Get(id).grant->at_unix_nanos, 0, 0});
  }

  void AddPeriod() {
    UsedPeriod period = Period(Draw(14), Word("w", 4), 1 + Draw(7));
    period.team = Word("t", 3);
    period.chip = Draw(4) == 0 ? "trainium2" : "h100";
    periods_.push_back(period);
  }

  void SimulateHour(int64_t hour) {
    // Chips by team, kind and workload.
    std::map<std::tuple<std::string, std::string, std::string>, int64_t> chips;
    for (const UsedPeriod& period : periods_) {
      if (period.start_unix_seconds != At(hour)) continue;
      const int64_t count = ChipHours(period.assigned_chip_nanos);
      chips[{period.team, period.chip, period.workload}] += count;
      all_ += count;
    }
    std::map<std::string, int64_t> taken;
    for (const bool own : {true, false}) {
      for (PlainGrant& grant : plain_) TakeOneByOne(hour, own, &grant, &chips, &taken);
    }
    for (PlainGrant& grant : plain_) grant.peak = std::max(grant.peak, taken[grant.id]);
    for (const auto& [key, left] : chips) under_none_ += left;
  }

  static void TakeOneByOne(
      int64_t hour, bool own, PlainGrant* grant,
      std::map<std::tuple<std::string, std::string, std::string>, int64_t>* chips,
      std::map<std::string, int64_t>* taken) {
    if (hour < grant->from || hour >= grant->to) return;
    for (auto& [key, left] : *chips) {
      const auto& [team, chip, workload] = key;
      if (team != grant->team || chip != grant->chip) continue;
      if (own && workload != grant->workload) continue;
      while (left > 0 && (*taken)[grant->id] < grant->chips) {
        --left;
        ++(*taken)[grant->id];
        ++grant->used;
      }
    }
  }

  std::mt19937_64 random_;
  BookMaker maker_;
  std::vector<UsedPeriod> periods_;
  int64_t told_from_ = 0;
  int64_t now_ = 0;
};

TEST(ShareUse, IsThatOfABruteForceAndLosesNothing) {
  for (uint64_t seed = 1; seed <= 2'000; ++seed) {
    RandomUse use(seed);
    const SharedUse answer = use.Answer();
    use.Simulate();
    ASSERT_EQ(answer.grants.size(), use.plain_.size());
    absl::int128 sum = 0;
    for (const GrantUse& grant : answer.grants) {
      sum += grant.used_chip_nanos;
      const auto plain = std::find_if(use.plain_.begin(), use.plain_.end(), [&](const auto& each) {
        return each.id == grant.request_id;
      });
      ASSERT_NE(plain, use.plain_.end());
      ASSERT_EQ(ChipHours(grant.used_chip_nanos), plain->used) << "seed " << seed;
      ASSERT_EQ(grant.peak_micro_chips, plain->peak * kMicro) << "seed " << seed;
    }
    absl::int128 beyond = 0;
    for (const SharedUse::Beyond& each : answer.beyond) beyond += each.chip_nanos;
    ASSERT_EQ(ChipHours(beyond), use.under_none_) << "seed " << seed;
    ASSERT_EQ(sum + beyond, use.all_ * kChipHour) << "seed " << seed;
  }
}

}  // namespace
}  // namespace fleetmeter::capacity::use_testing
