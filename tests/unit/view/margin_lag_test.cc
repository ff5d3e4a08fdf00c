// Margins where billing comes later than usage: what they say is what complete data would, cut
// where the last report has come.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>

#include "daemon/base/units.h"
#include "daemon/domain/outcomes/windows.h"
#include "daemon/ledger/sqlite/ledger_file.h"
#include "daemon/view/outcome_review.h"
#include "gmock/gmock.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using outcomes::CostBasis;
using outcomes::Margin;
using outcomes::MarginLine;
using outcomes::Span;
using testing::ElementsAre;

constexpr int64_t kDays = kSecondsPerDay;
constexpr int64_t kNov2024 = 1'730'419'200;
constexpr int64_t kNov2026 = 1'793'491'200;
const GroupTerms kServing{"inference", 2'000'000};  // $2 a chip-hour

// The books of a world, made in one transaction.
class Books {
 public:
  // Chips that serve a model for a day.
  void Serve(const std::string& model, int64_t day, int64_t chips) {
    LedgerEntry entry;
    entry.report.source = "cluster-" + model;
    entry.report.window_start_unix_nanos = day * kNanosPerSecond;
    entry.report.window_length_nanos = entry.report.duration_nanos = kDay;
    UsageGroup group = MakeGroup("serving", "t", chips * kDay);
    group.model = model;
    entry.report.groups = {group};
    entry.conversions = {HalfChip()};
    entry.terms = {kServing};
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.history = true;
    WindowSet& windows = usage_[entry.report.source];
    windows.Add({day * kNanosPerSecond, day * kNanosPerSecond + kDay});
    entry.windows = windows;
    Number(&entry);
    transaction_.counted.push_back(std::move(entry));
  }

  void Bill(const std::string& source, const outcomes::Segment& segment, const Span& window,
            int64_t requests, int64_t micro_usd) {
    OutcomeEntry entry;
    entry.kind = OutcomeKind::kInference;
    entry.source = source;
    entry.window_start_unix_nanos = window.from * kNanosPerSecond;
    entry.window_length_nanos = (window.to - window.from) * kNanosPerSecond;
    entry.inference = {{.model = segment.model,
                        .customer_tier = segment.customer_tier,
                        .pool = "",
                        .workload = "",
                        .amounts = {.requests = requests,
                                    .input_tokens = requests * 100,
                                    .output_tokens = requests * 10,
                                    .revenue_micro_usd = micro_usd}}};
    WindowSet& windows = billing_[source];
    windows.Add({window.from * kNanosPerSecond, window.to * kNanosPerSecond});
    entry.windows = windows;
    Number(&entry);
    transaction_.outcomes.push_back(std::move(entry));
  }

  MarginAnswer Review(const Span& window, int64_t now) {
    Commit(now);
    const auto ledger = OpenLedgerToRead(path_);
    EXPECT_TRUE(ledger.ok()) << ledger.status();
    const auto told = ReadToldTimes(**ledger);
    EXPECT_TRUE(told.ok()) << told.status();
    const outcomes::Rules rules;
    const auto facts = ReadMarginFacts(**ledger, rules, *told, window, now);
    EXPECT_TRUE(facts.ok()) << facts.status();
    auto answer = ReviewFacts(*facts, CostBasis::kAllocated, rules);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return *std::move(answer);
  }

 private:
  template <class Entry>
  void Number(Entry* entry) {
    entry->stream = stream_;
    entry->sequence = ++sequence_;
  }

  void Commit(int64_t now) {
    if (sequence_ == committed_) return;
    committed_ = sequence_;
    transaction_.now_unix_nanos = now * kNanosPerSecond;
    transaction_.streams = {{.stream = stream_, .sequence = sequence_, .epoch = 1, .digests = {}}};
    const absl::Status committed = ledger_->Commit(transaction_);
    ASSERT_TRUE(committed.ok()) << committed;
    transaction_ = {};
  }

  const TempFolder folder_;
  const std::string path_ = folder_.PathOf("ledger.db");
  std::unique_ptr<SqliteLedger> ledger_ = OpenLedger(LedgerOptions(path_));
  const StreamKey stream_ = {.identity = "local", .id = std::string(16, 's')};
  uint64_t sequence_ = 0;
  uint64_t committed_ = 0;
  LedgerTransaction transaction_;
  std::map<std::string, WindowSet> usage_;
  std::map<std::string, WindowSet> billing_;
};

const MarginLine& TotalOf(const MarginAnswer& answer) { return answer.review.lines.at(0); }

int64_t NextMonth(int64_t month) {
  using namespace std::chrono;
  const year_month_day first{sys_days{days{month / kDays}}};
  return int64_t{sys_days(first + months(1)).time_since_epoch().count()} * kDays;
}

// A flat world: 10,000 requests, $600 and 8 chips every day for two years, up to 27 November.

class FlatWorld : public testing::Test {
 protected:
  static constexpr int64_t kToday = kNov2026 + 28 * kDays;
  static constexpr int64_t kNow = kToday + 12 * 3'600;

  void Use(int64_t until) {
    for (int64_t day = kNov2024; day < until; day += kDays) books_.Serve("atlas", day, 8);
  }
  void BillFor(const Span& window) {
    const int64_t days = (window.to - window.from) / kDays;
    books_.Bill("billing", {"atlas", "all"}, window, 10'000 * days, 600'000'000 * days);
  }
  void BillByDay(int64_t until) {
    for (int64_t day = kNov2024; day < until; day += kDays) BillFor({day, day + kDays});
  }
  void BillByMonth(int64_t until) {
    for (int64_t month = kNov2024; month < until; month = NextMonth(month)) {
      BillFor({month, NextMonth(month)});
    }
  }

  void ExpectFlat(int64_t days) {
    const MarginAnswer answer = books_.Review(outcomes::TrailingDays(days, kNow), kNow);
    const MarginLine& total = TotalOf(answer);
    ASSERT_TRUE(total.before && total.after);
    EXPECT_DOUBLE_EQ(total.before->usd_per_request().value_or(-1), 0.0216) << days;
    EXPECT_DOUBLE_EQ(total.after->usd_per_request().value_or(-1), 0.0216) << days;
    EXPECT_NEAR(total.change_ratio.value_or(-1), 0, 1e-12) << days;
    EXPECT_EQ(total.declined, false) << days;
    EXPECT_EQ(outcomes::ReviewDue(answer.review), false) << days;
  }

  Books books_;
};

TEST_F(FlatWorld, IsFlatWithBillingOfTheSameDay) {
  Use(kToday);
  BillByDay(kToday);
  for (const int64_t days : {28, 91, 365}) ExpectFlat(days);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  ASSERT_EQ(answer.unknown.size(), 1U) << "today";
  EXPECT_EQ(answer.unknown[0].time, (Span{kToday, kNow}));
}

TEST_F(FlatWorld, IsFlatWithBillingTwoDaysLate) {
  Use(kToday);
  BillByDay(kToday - 2 * kDays);
  for (const int64_t days : {28, 91, 365}) ExpectFlat(days);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  ASSERT_EQ(answer.unknown.size(), 1U);
  EXPECT_EQ(answer.unknown[0].source, "billing");
  EXPECT_EQ(answer.unknown[0].time, (Span{kToday - 2 * kDays, kNow}));
  EXPECT_EQ(answer.unknown[0].told, kToday - 2 * kDays);
  EXPECT_THAT(answer.unknown[0].models, ElementsAre("atlas"));
}

TEST_F(FlatWorld, IsFlatWithInvoicesOfMonths) {
  Use(kToday);
  BillByMonth(kNov2026);
  for (const int64_t days : {91, 365}) ExpectFlat(days);
  const MarginAnswer year = books_.Review(outcomes::TrailingDays(365, kNow), kNow);
  ASSERT_TRUE(year.both_years);
  EXPECT_EQ(year.both_years->after.to, kNov2026);
  EXPECT_EQ(year.both_years->before.to, outcomes::YearEarlier(kNov2026));
  // Of the last four weeks nothing is known: no figure, which is not 0.
  const MarginAnswer weeks = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  EXPECT_EQ(TotalOf(weeks).change_ratio, std::nullopt);
  EXPECT_EQ(TotalOf(weeks).declined, std::nullopt);
  EXPECT_EQ(outcomes::ReviewDue(weeks.review), std::nullopt);
  EXPECT_EQ(weeks.after.unattributed_cost_micro_usd, 0) << "it is not known yet, and not nobody's";
  EXPECT_THAT(weeks.after.unknown_models, ElementsAre("atlas"));
  EXPECT_THAT(year.after.unknown_models, testing::IsEmpty());
}

TEST_F(FlatWorld, IsFlatWithUsageThatIsLate) {
  Use(kToday - 5 * kDays);
  BillByDay(kToday);
  for (const int64_t days : {28, 91, 365}) ExpectFlat(days);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  const MarginLine& total = TotalOf(answer);
  EXPECT_EQ(total.after->known_requests, 22 * 10'000);
  EXPECT_EQ(total.after->requests, 27 * 10'000) << "all that were told of";
  ASSERT_EQ(answer.unknown.size(), 1U);
  EXPECT_EQ(answer.unknown[0].source, "") << "usage";
}

TEST_F(FlatWorld, IsFlatInTheFirstYearsSecondHalf) {
  // Told from May 2025 on: of the year before, a half can be compared.
  const int64_t may = kNov2024 + 181 * kDays;
  for (int64_t day = may; day < kToday; day += kDays) {
    books_.Serve("atlas", day, 8);
    BillFor({day, day + kDays});
  }
  ExpectFlat(365);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(365, kNow), kNow);
  EXPECT_EQ(answer.both_years->before.from, may);
  EXPECT_EQ(TotalOf(answer).compared->known_requests, TotalOf(answer).before->known_requests);
  EXPECT_EQ(TotalOf(answer).after->known_requests, 364 * 10'000) << "the window's own";
}

// Of one model nothing is known yet: the total compares the other one with itself.
TEST_F(FlatWorld, LeavesAModelThatIsLateOutOfBothYears) {
  Use(kToday);
  BillByDay(kToday);
  for (int64_t day = kNov2024; day < kToday; day += kDays) books_.Serve("dear", day, 1);
  for (int64_t month = kNov2024; month < kNov2026; month = NextMonth(month)) {
    const int64_t days = (NextMonth(month) - month) / kDays;
    books_.Bill("invoices", {"dear", "all"}, {month, NextMonth(month)}, 10 * days,
                900'000'000 * days);
  }
  ExpectFlat(28);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  ASSERT_TRUE(answer.review.change);
  EXPECT_EQ(answer.review.change->change_micro_usd, 0);
  EXPECT_THAT(answer.review.change->left_out, ElementsAre(outcomes::Segment{"dear", "all"}));
}

// A model that served only a year ago has gone, and its money with it.
TEST_F(FlatWorld, CountsAModelThatIsGoneAsMix) {
  Use(kToday);
  BillByDay(kToday);
  for (int64_t day = kNov2024; day < kNov2024 + 390 * kDays; day += kDays) {
    books_.Serve("old", day, 1);
    books_.Bill("old-billing", {"old", "all"}, {day, day + kDays}, 10'000, 900'000'000);
  }
  // Told on, of nothing.
  books_.Bill("old-billing", {"old", "all"}, {kToday - kDays, kToday}, 0, 0);
  const MarginAnswer answer = books_.Review(outcomes::TrailingDays(28, kNow), kNow);
  ASSERT_TRUE(answer.review.change);
  EXPECT_LT(answer.review.change->mix_micro_usd, 0);
  EXPECT_THAT(answer.review.change->left_out, testing::IsEmpty());
  EXPECT_EQ(TotalOf(answer).declined, true);
}

// A source that bills a segment by windows, and is late.
struct Biller {
  std::string source;
  outcomes::Segment segment;
  std::vector<Span> windows;
  std::vector<std::pair<int64_t, int64_t>> of_day;  // requests and micro-USD, by window
};

struct World {
  std::map<std::string, std::map<int64_t, int64_t>> chips;  // by model and day
  std::vector<Biller> billers;
  std::map<std::string, int64_t> known_until;  // by model: what all have told of it
};

int64_t Pick(std::mt19937_64& random, int64_t below) {
  return std::uniform_int_distribution<int64_t>(0, below - 1)(random);
}

// Days, weeks or months, the last of which ends `late` days or more before `now`.
std::vector<Span> WindowsOf(std::mt19937_64& random, int64_t now) {
  const int64_t cadence = Pick(random, 3);
  const int64_t late = Pick(random, 20) * kDays;
  std::vector<Span> windows;
  for (int64_t from = kNov2024;;) {
    const int64_t to = cadence == 0   ? from + kDays
                       : cadence == 1 ? from + 7 * kDays
                                      : NextMonth(from);
    if (to > now - late) return windows;
    windows.push_back({from, to});
    from = to;
  }
}

World MakeWorld(std::mt19937_64& random, int64_t now) {
  World world;
  for (int64_t m = 1 + Pick(random, 3); m > 0; --m) {
    const std::string model = fmt::format("model-{}", m);
    int64_t& known_until = world.known_until[model];
    known_until = now - now % kDays - Pick(random, 10) * kDays;
    int64_t chips = 1 + Pick(random, 5);
    for (int64_t day = kNov2024; day < known_until; day += kDays) {
      if (Pick(random, 40) == 0) chips = 1 + Pick(random, 5);
      world.chips[model][day] = chips;
    }
    for (int64_t b = 1 + Pick(random, 2); b > 0; --b) {
      Biller biller{.source = fmt::format("billing-{}-{}", m, b),
                    .segment = {model, fmt::format("tier-{}", b)},
                    .windows = WindowsOf(random, now),
                    .of_day = {}};
      for (size_t i = 0; i < biller.windows.size(); ++i) {
        biller.of_day.push_back({1 + Pick(random, 1'000), Pick(random, 300'000'000)});
      }
      known_until = std::min(known_until, biller.windows.back().to);
      world.billers.push_back(std::move(biller));
    }
  }
  return world;
}

// As they tell it: each by its own windows, as far as it has come.
void TellLate(const World& world, Books* books) {
  for (const auto& [model, days] : world.chips) {
    for (const auto& [day, chips] : days) books->Serve(model, day, chips);
  }
  for (const Biller& biller : world.billers) {
    for (size_t i = 0; i < biller.windows.size(); ++i) {
      const int64_t days = (biller.windows[i].to - biller.windows[i].from) / kDays;
      const auto& [requests, micro_usd] = biller.of_day[i];
      books->Bill(biller.source, biller.segment, biller.windows[i], requests * days,
                  micro_usd * days);
    }
  }
}

// Day by day, and of each model only as far as all have told of it.
void TellCut(const World& world, Books* books) {
  for (const auto& [model, days] : world.chips) {
    for (const auto& [day, chips] : days) {
      if (day < world.known_until.at(model)) books->Serve(model, day, chips);
    }
  }
  for (const Biller& biller : world.billers) {
    const int64_t until = world.known_until.at(biller.segment.model);
    for (size_t i = 0; i < biller.windows.size(); ++i) {
      for (int64_t day = biller.windows[i].from; day < std::min(until, biller.windows[i].to);
           day += kDays) {
        books->Bill(biller.source, biller.segment, {day, day + kDays}, biller.of_day[i].first,
                    biller.of_day[i].second);
      }
    }
  }
}

std::string TextOf(const std::optional<Margin>& margin) {
  if (!margin || margin->known_requests == 0) return "-";
  return fmt::format("{} of {}", margin->margin_micro_usd, margin->known_requests);
}

// All that a review says of what is known.
std::vector<std::string> TextOf(const MarginAnswer& answer) {
  std::vector<std::string> lines;
  for (const MarginLine& line : answer.review.lines) {
    const std::string declined = line.declined ? (*line.declined ? "declined" : "held") : "-";
    const std::string figures =
        fmt::format("{} | {} | {} | {} {}", TextOf(line.before), TextOf(line.compared),
                    TextOf(line.after), declined, line.change_ratio.value_or(-999));
    if (figures != "- | - | - | - -999") lines.push_back(line.Name() + ": " + figures);
  }
  const auto due = outcomes::ReviewDue(answer.review);
  lines.push_back(due ? (*due ? "due" : "not due") : "cannot tell");
  if (const auto& change = answer.review.change) {
    lines.push_back(fmt::format("{} {} {} {}", change->volume_micro_usd, change->mix_micro_usd,
                                change->price_micro_usd, change->cost_micro_usd));
  }
  return lines;
}

class RandomLag : public testing::TestWithParam<int> {};

TEST_P(RandomLag, SaysWhatCompleteDataSaysThatIsCutWhereItWasTold) {
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  const int64_t now = kNov2026 + Pick(random, 60) * kDays + Pick(random, kDays);
  const World world = MakeWorld(random, now);
  Books late;
  TellLate(world, &late);
  Books cut;
  TellCut(world, &cut);
  for (const int64_t days :
       {int64_t{7}, int64_t{28}, int64_t{91}, int64_t{365}, 1 + Pick(random, 365)}) {
    const Span window = outcomes::TrailingDays(days, now);
    EXPECT_EQ(TextOf(late.Review(window, now)), TextOf(cut.Review(window, now)))
        << "seed " << GetParam() << ", " << days << " days";
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomLag, testing::Range(1, 25));

}  // namespace
}  // namespace fleetmeter
