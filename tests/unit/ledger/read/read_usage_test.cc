#include "daemon/ledger/read/read_usage.h"

#include "daemon/ctl/print/usage_output.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ledger/ledger_fixture.h"

namespace fleetmeter {
namespace {

using ctl::FormatUsage;
using ctl::OutputFormat;
using testing::HasSubstr;

constexpr int64_t kFirst = 1'767'225'600;  // 2026-01-01
constexpr int64_t kSecondsPerHour = 3'600;

struct Use {
  const char* pool;
  const char* team;
  BookConversion conversion;
  int64_t chips;  // for an hour
  std::optional<double> busy;
  std::optional<double> productive;
  ChipState state = ChipState::kAssigned;
  const char* workload = "";
};

const BookConversion kTrainium{"trainium2", {3, 2}, 4};
const BookConversion kB200{"b200", {1, 3}, 5};

// Books an hour of each, from `start` on: at its end, or as an adjustment at a later time.
void Book(SqliteLedger& ledger, int64_t start, const std::vector<Use>& uses,
          std::optional<int64_t> late = std::nullopt) {
  LedgerTransaction transaction;
  transaction.now_unix_nanos = late.value_or(start) * kNanosPerSecond + kNanosPerHour;
  LedgerEntry& entry = transaction.counted.emplace_back();
  entry.adjustment = late.has_value();
  entry.stream = {"sender", "0123456789abcdef"};
  entry.sequence = static_cast<uint64_t>(start / kSecondsPerHour);
  entry.report.source = "host-" + std::to_string(start);
  entry.report.window_start_unix_nanos = start * kNanosPerSecond;
  entry.report.window_length_nanos = entry.report.duration_nanos = kNanosPerHour;
  for (const Use& use : uses) {
    UsageGroup group = MakeGroup(use.pool, use.team, use.chips * kNanosPerHour);
    group.chip = use.conversion.chip;
    group.state = use.state;
    group.workload = use.workload;
    group.busy_chip_nanos.reset();
    if (use.busy) group.busy_chip_nanos = static_cast<int64_t>(*use.busy * kNanosPerHour);
    if (use.productive) {
      group.productive_chip_nanos = static_cast<int64_t>(*use.productive * kNanosPerHour);
    }
    if (!use.busy) group.signal = kAllocatedOnly;
    entry.report.groups.push_back(group);
    entry.conversions.push_back(use.conversion);
    entry.terms.emplace_back();
  }
  entry.plan = "plan";
  entry.plan_version = 3;
  entry.windows.Add({entry.report.window_start_unix_nanos, entry.report.WindowEnd()});
  const absl::Status status = ledger.Commit(transaction);
  ASSERT_TRUE(status.ok()) << status;
}

class ReadUsageTest : public testing::Test {
 protected:
  void SetUp() override {
    auto options = LedgerOptions(path_);
    options.max_lateness_nanos = kHour;
    options.keep_hours_nanos = 10 * kDay;
    options.keep_days_nanos = 40 * kDay;
    ledger_ = OpenLedger(options);
    ReferenceData model;
    Plan plan;
    plan.name = "plan";
    plan.version = 3;
    for (const char* pool : {"alpha", "beta"}) {
      plan.pools.push_back({.name = pool,
                            .category = pool[0] == 'a' ? Category::kTraining : Category::kInference,
                            .tier = Tier::kP1,
                            .owner = "",
                            .contact = "",
                            .teams = {},
                            .allocated_h100e = 1,
                            .policy = {}});
    }
    model.plans = {plan};
    ASSERT_TRUE(ledger_->RecordReferenceData(model, 1).ok());
    Book(*ledger_, kFirst,
         {{"alpha", "red", kTrainium, 3'000, 1'500.0, 750.5},
          {"alpha", "blue", kB200, 16, 4.0, std::nullopt},
          {"beta", "", kB200, 8, std::nullopt, std::nullopt},
          {"beta", "", kB200, 2, std::nullopt, std::nullopt, ChipState::kUnhealthy}});
    Book(*ledger_, kFirst + kSecondsPerHour, {{"alpha", "red", kTrainium, 1, 1.0, std::nullopt}});
  }

  absl::StatusOr<UsageAnswer> Ask(const UsageQuestion& question) {
    const auto database = OpenLedgerToRead(path_);
    EXPECT_TRUE(database.ok()) << database.status();
    return ReadUsage(**database, question);
  }
  std::string Text(const UsageQuestion& question, OutputFormat format) {
    const auto answer = Ask(question);
    return answer.ok() ? FormatUsage(*answer, format) : std::string(answer.status().message());
  }
  // Lets the ledger do all its housekeeping as of a time.
  void Pass(int64_t seconds) {
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(ledger_->Maintain(seconds * kNanosPerSecond).ok());
    }
  }

  TempFolder folder_;
  const std::string path_ = folder_.PathOf("books");
  std::unique_ptr<SqliteLedger> ledger_;
};

constexpr int64_t kSecond = kFirst + kSecondsPerHour;
constexpr int64_t kDayEnd = kFirst + 86'400;

TEST_F(ReadUsageTest, PrintsATable) {
  EXPECT_EQ(Text({kFirst, kDayEnd, {UsageKey::kPool, UsageKey::kChip}}, OutputFormat::kTable),
            "POOL   CHIP       ASSIGNED     BUSY     IDLE  PRODUCTIVE  MEASURED   CHIP-H\n"
            "alpha  b200           48.0     12.0     36.0           -      48.0     16.0\n"
            "alpha  trainium2   2,000.7  1,000.7  1,000.0       500.3   2,000.7  3,001.0\n"
            "beta   b200           24.0        -        -           -       0.0      8.0\n"
            "total              2,072.7  1,012.7  1,036.0       500.3   2,048.7  3,025.0\n"
            "\n"
            "2026-01-01 00:00:00Z to 2026-01-02 00:00:00Z, by the time of use; H100e-hours, chips "
            "in chip-hours; assigned chips; plan plan version 3; catalog version 4, 5\n");
}

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

TEST_F(ReadUsageTest, PrintsCsvWithExactSecondsAndNothingForWhatIsNotKnown) {
  EXPECT_EQ(
      Text({kFirst, kSecond, {UsageKey::kPool, UsageKey::kTeam}}, OutputFormat::kCsv),
      "pool,team,h100e_hours,measured_h100e_hours,busy_h100e_hours,idle_h100e_hours,"
      "productive_h100e_hours,chip_hours,measured_chip_hours,busy_chip_hours,idle_chip_hours,"
      "productive_chip_hours,chip_seconds,busy_chip_seconds,productive_chip_seconds,"
      "allocated_h100e_hours\n"
      "alpha,blue,48,48,12,36,,16,16,4,12,,57600,14400,,\n"
      "alpha,red,2000,2000,1000,1000,500.333333333,3000,3000,1500,1500,750.5,10800000,5400000,"
      "2701800,\n"
      "beta,,24,0,,,,8,0,,,,28800,,,\n");
}

TEST_F(ReadUsageTest, PrintsJson) {
  EXPECT_EQ(Text({kSecond, kSecond + kSecondsPerHour, {UsageKey::kHour, UsageKey::kSignal}},
                 OutputFormat::kJson),
            R"({
  "from": "2026-01-01 01:00:00Z",
  "to": "2026-01-01 02:00:00Z",
  "time": "used",
  "time_zone": "UTC",
  "basis": {
    "plans": [
      {
        "plan": "plan",
        "version": 3
      }
    ],
    "catalog_versions": [
      4
    ]
  },
  "usage": [
    {
      "hour": "2026-01-01T01:00:00Z",
      "signal": "gr_engine_active",
      "h100e_hours": "0.666666667",
      "measured_h100e_hours": "0.666666667",
      "busy_h100e_hours": "0.666666667",
      "idle_h100e_hours": "0",
      "productive_h100e_hours": null,
      "chip_hours": "1",
      "measured_chip_hours": "1",
      "busy_chip_hours": "1",
      "idle_chip_hours": "0",
      "productive_chip_hours": null,
      "chip_seconds": "3600",
      "busy_chip_seconds": "3600",
      "productive_chip_seconds": null,
      "allocated_h100e_hours": null
    }
  ]
}
)");
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

// A time that nobody has told of is not a time without use.
TEST_F(ReadUsageTest, SaysSoWhenNoUseIsToldOfOrBooked) {
  UsageQuestion question{kDayEnd, kDayEnd + 86'400, {UsageKey::kPool}};
  EXPECT_THAT(Text(question, OutputFormat::kTable),
              HasSubstr("the books tell of no use in this time"));
  question.time = UsageTime::kBooked;
  EXPECT_THAT(Text(question, OutputFormat::kTable), HasSubstr("nothing was booked"));
}

// An import of the past once stood under the day of the import, and its own quarter was empty.
TEST_F(ReadUsageTest, CountsHistoryWhenItWasUsed) {
  constexpr int64_t kMarch2025 = 1'740'787'200;  // 2025-03-01
  constexpr int64_t kQ1 = 1'735'689'600;         // 2025-01-01
  constexpr int64_t kQ2 = 1'743'465'600;         // 2025-04-01
  Book(*ledger_, kMarch2025 + 5 * kSecondsPerHour, {{"beta", "", kB200, 192, 96.0, std::nullopt}},
       kFirst + 2 * kSecondsPerHour);
  Book(*ledger_, kMarch2025 + 86'400, {{"beta", "", kB200, 10, 1.0, std::nullopt}},
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
  Book(*ledger_, kFirst + 2 * kSecondsPerHour, {{"alpha", "red", kB200, 5, 1.0, std::nullopt}},
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

TEST(HoursOfNanos, RoundsToABillionth) {
  EXPECT_EQ(ctl::HoursOfNanos(0), "0");
  EXPECT_EQ(ctl::HoursOfNanos(kNanosPerHour), "1");
  EXPECT_EQ(ctl::HoursOfNanos(kNanosPerHour / 3), "0.333333333");
  EXPECT_EQ(ctl::HoursOfNanos(2 * kNanosPerHour / 3), "0.666666667");
  EXPECT_EQ(ctl::HoursOfNanos(1'799), "0");
  EXPECT_EQ(ctl::HoursOfNanos(1'800), "0.000000001");
  EXPECT_EQ(ctl::HoursOfNanos(-1'800), "-0.000000001");
  EXPECT_EQ(ctl::HoursOfNanos(absl::int128(kNanosPerHour) * INT64_MAX), "9223372036854775807");
}

}  // namespace
}  // namespace fleetmeter
