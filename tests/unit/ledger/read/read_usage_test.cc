#include "daemon/ledger/read/read_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>

#include "tests/unit/ledger/booked_usage.h"

namespace fleetmeter {
namespace {

using ctl::OutputFormat;
using testing::HasSubstr;

class ReadUsageTest : public BookedUsage {};

// The usage is in the first two hours of 2026 by UTC.
TEST_F(ReadUsageTest, DaysAndQuartersFollowATimeZone) {
  const auto asked = [&](const std::string& zone, UsageKey key) {
    const auto answer = Ask({.from = kFirst - kSecondsPerDay,
                             .to = kDayEnd,
                             .by = {key},
                             .zone = *DayZone::Load(zone)});
    std::vector<std::pair<std::string, int64_t>> rows;
    if (!answer.ok()) return std::pair(std::string(answer.status().message()), rows);
    for (const UsageRow& row : answer->rows) {
      rows.emplace_back(row.keys[0], static_cast<int64_t>(row.chips.chips / kNanosPerHour));
    }
    return std::pair(std::string(), rows);
  };
  using Rows = std::vector<std::pair<std::string, int64_t>>;
  EXPECT_EQ(asked("UTC", UsageKey::kDay).second, Rows({{"2026-01-01", 3'025}}));
  EXPECT_EQ(asked("Europe/Berlin", UsageKey::kDay).second, Rows({{"2026-01-01", 3'025}}));
  EXPECT_EQ(asked("America/New_York", UsageKey::kDay).second, Rows({{"2025-12-31", 3'025}}));
  EXPECT_EQ(asked("America/New_York", UsageKey::kQuarter).second, Rows({{"2025-Q4", 3'025}}));
  // An hour ahead of midnight.
  EXPECT_EQ(asked("Atlantic/Cape_Verde", UsageKey::kDay).second,
            Rows({{"2025-12-31", 3'024}, {"2026-01-01", 1}}));
  EXPECT_THAT(asked("Asia/Kolkata", UsageKey::kDay).first,
              HasSubstr("days of Asia/Kolkata begin within an hour of UTC"));
  EXPECT_EQ(asked("Asia/Kolkata", UsageKey::kPool).first, "") << "no day is asked for";
}

TEST_F(ReadUsageTest, TellsStatesCategoriesAndPlansApart) {
  const auto by = [&](UsageKey key) {
    std::string text;
    const auto answer = Ask({kFirst, kDayEnd, {key}});
    EXPECT_TRUE(answer.ok()) << answer.status();
    for (const UsageRow& row : answer->rows) {
      text += row.keys[0] + "=" + ctl::HoursOfNanos(row.chips.chips) + " ";
    }
    return text;
  };
  EXPECT_EQ(by(UsageKey::kState), "assigned=3025 unhealthy=2 ");
  EXPECT_EQ(by(UsageKey::kCategory), "inference=8 training=3017 ");
  EXPECT_EQ(by(UsageKey::kTier), "p1=3025 ");
  EXPECT_EQ(by(UsageKey::kPlan), "plan/3=3025 ");
  EXPECT_EQ(by(UsageKey::kDay), "2026-01-01=3025 ");
  EXPECT_EQ(by(UsageKey::kQuarter), "2026-Q1=3025 ");
}

// An import of the past once stood under the day of the import, and its own quarter was empty.
TEST_F(ReadUsageTest, CountsHistoryWhenItWasUsed) {
  constexpr int64_t kMarch2025 = 1'740'787'200;  // 2025-03-01
  constexpr int64_t kQ1 = 1'735'689'600;         // 2025-01-01
  constexpr int64_t kQ2 = 1'743'465'600;         // 2025-04-01
  Book(*ledger_, kMarch2025 + 5 * kSecondsPerHour, {{"beta", "", B200(), 192, 96.0, std::nullopt}},
       kFirst + 2 * kSecondsPerHour);
  Book(*ledger_, kMarch2025 + 86'400, {{"beta", "", B200(), 10, 1.0, std::nullopt}},
       kFirst + 2 * kSecondsPerHour);
  const auto sums = [&](int64_t from, int64_t to, std::vector<UsageKey> by, UsageTime time) {
    const auto answer = Ask({from, to, std::move(by), time});
    EXPECT_TRUE(answer.ok()) << answer.status();
    std::string text;
    if (!answer.ok()) return text;
    for (const UsageRow& row : answer->rows) {
      for (const std::string& key : row.keys) text += key + " ";
      text += "= " + ctl::HoursOfNanos(row.chips.chips) + "; ";
    }
    return text;
  };
  const auto check = [&] {
    EXPECT_EQ(sums(kQ1, kQ2, {UsageKey::kPool, UsageKey::kQuarter}, UsageTime::kUsed),
              "beta 2025-Q1 = 202; ");
    EXPECT_EQ(sums(kFirst, kFirst + 90 * 86'400, {UsageKey::kQuarter}, UsageTime::kUsed),
              "2026-Q1 = 3025; ");
    EXPECT_EQ(sums(kQ1, kQ2, {UsageKey::kPool}, UsageTime::kBooked), "");
    EXPECT_EQ(sums(kFirst, kFirst + 90 * 86'400, {UsageKey::kQuarter}, UsageTime::kBooked),
              "2026-Q1 = 3227; ");
    // All there is, either way.
    EXPECT_EQ(sums(0, kFirst + 360 * 86'400, {}, UsageTime::kUsed), "= 3227; ");
    EXPECT_EQ(sums(0, kFirst + 360 * 86'400, {}, UsageTime::kBooked), "= 3227; ");
  };
  check();
  EXPECT_EQ(sums(kQ1, kQ2, {UsageKey::kHour}, UsageTime::kUsed),
            "2025-03-01T05:00:00Z = 192; 2025-03-02T00:00:00Z = 10; ");
  EXPECT_EQ(sums(kFirst, kDayEnd, {UsageKey::kPool, UsageKey::kHour}, UsageTime::kBooked),
            "alpha 2026-01-01T00:00:00Z = 3016; alpha 2026-01-01T01:00:00Z = 1; "
            "beta 2026-01-01T00:00:00Z = 8; beta 2026-01-01T03:00:00Z = 202; ");

  // The hours of the booking go: the day of the use is still known, its hour is not.
  Pass(kFirst + 20 * 86'400);
  ASSERT_EQ(ReadInteger(path_, "SELECT count(*) FROM usage_hours"), 0);
  check();
  EXPECT_EQ(sums(kQ1, kQ2, {UsageKey::kDay}, UsageTime::kUsed),
            "2025-03-01 = 192; 2025-03-02 = 10; ");
  EXPECT_THAT(Text({kQ1, kQ2, {UsageKey::kHour}}, OutputFormat::kCsv),
              HasSubstr("only days are still kept, which do not tell 'hour'"));
  EXPECT_THAT(Text({kMarch2025 + kSecondsPerHour, kQ2, {}}, OutputFormat::kCsv),
              HasSubstr("2025-03-01T01:00:00Z lies within a day"));

  Pass(kFirst + 200 * 86'400);
  ASSERT_EQ(ReadInteger(path_, "SELECT count(*) FROM usage_days"), 0);
  check();
  EXPECT_THAT(Text({kMarch2025, kQ2, {}}, OutputFormat::kCsv), HasSubstr("lies within a quarter"));
}

// The plan of SetUp holds from 1970 on and grants 1 H100e to each pool.
TEST_F(ReadUsageTest, TellsWhatWasAllocatedBesideWhatWasUsed) {
  EXPECT_EQ(Text({kFirst, kDayEnd, {UsageKey::kPool, UsageKey::kTier}}, OutputFormat::kTable),
            "POOL   TIER  ALLOCATED  ASSIGNED     BUSY     IDLE  PRODUCTIVE  MEASURED   CHIP-H\n"
            "alpha  p1         24.0   2,048.7  1,012.7  1,036.0       500.3   2,048.7  3,017.0\n"
            "beta   p1         24.0      24.0        -        -           -       0.0      8.0\n"
            "total             48.0   2,072.7  1,012.7  1,036.0       500.3   2,048.7  3,025.0\n"
            "\n"
            "2026-01-01 00:00:00Z to 2026-01-02 00:00:00Z, by the time of use; H100e-hours, chips "
            "in chip-hours; assigned chips; allocated by the plans of the time; plan plan version "
            "3; catalog version 4, 5\n");
  const auto allocated = [&](std::vector<UsageKey> by) {
    std::string text;
    const auto answer = Ask({kFirst, kDayEnd, std::move(by)});
    EXPECT_TRUE(answer.ok()) << answer.status();
    if (!answer.ok()) return text;
    for (const UsageRow& row : answer->rows) {
      text += (row.allocated ? ctl::HoursOfNanos(*row.allocated) : "-") + " ";
    }
    return text;
  };
  EXPECT_EQ(allocated({}), "48 ");
  EXPECT_EQ(allocated({UsageKey::kHour}), "2 2 ");
  EXPECT_EQ(allocated({UsageKey::kPool, UsageKey::kHour}), "1 1 1 ");
  EXPECT_EQ(allocated({UsageKey::kPlan, UsageKey::kDay}), "48 ");
  EXPECT_EQ(allocated({UsageKey::kCategory}), "24 24 ");
  EXPECT_EQ(allocated({UsageKey::kTeam}), "- - - ") << "no plan grants to a team";
  EXPECT_EQ(allocated({UsageKey::kState}), "- - ");
}

TEST_F(ReadUsageTest, GivesEqualTotalsByUseAndByBooking) {
  TempFolder folder;
  const std::string path = folder.PathOf("books");
  auto options = LedgerOptions(path);
  options.keep_hours_nanos = 5 * kDay;
  options.keep_days_nanos = 30 * kDay;
  auto ledger = OpenLedger(options);
  TransactionMaker maker(11);
  for (int i = 0; i < 80; ++i) {
    const LedgerTransaction transaction = maker.Next(20 * kHour);
    ASSERT_TRUE(ledger->Commit(transaction).ok());
    maker.Committed(transaction);
    for (int j = 0; j < 6; ++j) ASSERT_TRUE(ledger->Maintain(maker.now()).ok());
  }
  ASSERT_GT(ReadInteger(path, "SELECT count(*) FROM usage_hours WHERE corrects_hour > 0"), 0);
  ASSERT_GT(ReadInteger(path, "SELECT days_from FROM rollup"), 0);
  const auto database = OpenLedgerToRead(path);
  ASSERT_TRUE(database.ok()) << database.status();
  UsageQuestion question{0,
                         4'102'444'800,  // 2100
                         {UsageKey::kPool, UsageKey::kState, UsageKey::kChip}};
  const auto used = ReadUsage(**database, question);
  question.time = UsageTime::kBooked;
  const auto booked = ReadUsage(**database, question);
  ASSERT_TRUE(used.ok() && booked.ok()) << used.status() << booked.status();
  EXPECT_THAT(used->rows, testing::Not(testing::IsEmpty()));
  ASSERT_EQ(used->rows.size(), booked->rows.size());
  for (size_t i = 0; i < used->rows.size(); ++i) {
    EXPECT_EQ(used->rows[i].keys, booked->rows[i].keys);
    EXPECT_EQ(used->rows[i].chips, booked->rows[i].chips);
  }
}

TEST_F(ReadUsageTest, OfOnePoolGivesTheSameRowsAsOfAll) {
  // Late for its own hour, which then is a correction of it.
  Book(*ledger_, kFirst + 2 * kSecondsPerHour, {{"alpha", "red", B200(), 5, 1.0, std::nullopt}},
       kFirst + 9 * kSecondsPerHour);
  // Once with all of it in hours, and once with its hours added up to days.
  for (const int64_t passed : {int64_t{0}, int64_t{20} * 24 * kSecondsPerHour}) {
    Pass(kFirst + passed);
    for (const UsageTime time : {UsageTime::kUsed, UsageTime::kBooked}) {
      UsageQuestion question;
      question.from = kFirst;
      question.to = kFirst + 48 * kSecondsPerHour;
      question.by = {UsageKey::kPool, UsageKey::kDay};
      question.time = time;
      const auto all = Ask(question);
      ASSERT_TRUE(all.ok()) << all.status();
      question.pool = "alpha";
      const auto one = Ask(question);
      ASSERT_TRUE(one.ok()) << one.status();
      std::vector<UsageRow> expected;
      for (const UsageRow& row : all->rows) {
        if (row.keys[0] == "alpha") expected.push_back(row);
      }
      ASSERT_EQ(one->rows.size(), expected.size());
      ASSERT_FALSE(expected.empty());
      for (size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(one->rows[i].keys, expected[i].keys);
        EXPECT_EQ(one->rows[i].chips, expected[i].chips);
        EXPECT_EQ(one->rows[i].allocated, expected[i].allocated);
      }
    }
  }
}

TEST_F(ReadUsageTest, RefusesBoundsWithinAnHourAndEmptySpans) {
  EXPECT_THAT(Text({kFirst + 60, kDayEnd, {}}, OutputFormat::kCsv), HasSubstr("full hours"));
  EXPECT_THAT(Text({kDayEnd, kFirst, {}}, OutputFormat::kCsv), HasSubstr("is empty"));
}

TEST_F(ReadUsageTest, GivesTheSameSumsFromDaysAndQuarters) {
  const UsageQuestion quarter{kFirst, kFirst + 90 * 86'400, {UsageKey::kPool, UsageKey::kChip}};
  const std::string from_hours = Text(quarter, OutputFormat::kCsv);
  Pass(kFirst + 20 * 86'400);
  ASSERT_EQ(ReadInteger(path_, "SELECT count(*) FROM usage_hours"), 0);
  EXPECT_EQ(Text(quarter, OutputFormat::kCsv), from_hours);
  EXPECT_THAT(Text({kFirst, kSecond, {UsageKey::kPool}}, OutputFormat::kCsv),
              HasSubstr("2026-01-01T01:00:00Z lies within a day: of some usage there, which was "
                        "booked before 2026-01-02, only days are still kept"));
  EXPECT_THAT(Text({kFirst, kDayEnd, {UsageKey::kHour}}, OutputFormat::kCsv),
              HasSubstr("do not tell 'hour'"));
  Pass(kFirst + 200 * 86'400);
  ASSERT_EQ(ReadInteger(path_, "SELECT count(*) FROM usage_days"), 0);
  EXPECT_EQ(Text(quarter, OutputFormat::kCsv), from_hours);
  EXPECT_THAT(Text({kFirst, kDayEnd, {UsageKey::kPool}}, OutputFormat::kCsv),
              HasSubstr("2026-01-02T00:00:00Z lies within a quarter"));
  EXPECT_THAT(Text({quarter.from, quarter.to, {UsageKey::kWorkload}}, OutputFormat::kCsv),
              HasSubstr("do not tell 'workload'"));
}

}  // namespace
}  // namespace fleetmeter
