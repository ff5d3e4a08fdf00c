// Amounts that are off by a factor: what is impossible is refused, and what is improbable has to be
// confirmed, with the unit that it is likely of.
#include "daemon/ctl/import/usage_amounts.h"

#include "daemon/ctl/import/usage_reports.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const DeclaredChips kDeclared = {{"h100", 16}, {"b200", 64}};

ImportBatch Read(const std::string& text, const std::optional<AmountUnit>& unit = std::nullopt) {
  CsvReader csv = Csv(text);
  const auto plan =
      MakeUsageReports(csv, {.source = "history", .zone = {}, .memory = {}, .unit = unit});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

// Rows of an hour each, of chip h100.
ImportBatch Hours(const std::string& column, const std::vector<double>& amounts,
                  const std::optional<AmountUnit>& unit = std::nullopt) {
  std::string text = fmt::format("start,length,chip,pool,team,{}\n", column);
  for (size_t hour = 0; hour < amounts.size(); ++hour) {
    text += fmt::format("2026-01-01T{:02d}:00Z,1h,h100,p,t,{:f}\n", hour, amounts[hour]);
  }
  return Read(text, unit);
}

std::vector<std::string> Names(const std::vector<AmountDoubt>& doubts) {
  std::vector<std::string> names;
  for (const AmountDoubt& doubt : doubts) names.emplace_back(doubt.name);
  return names;
}

// 8 chips for an hour are 28,800 chip-seconds.
TEST(UsageAmounts, MillisecondsThatAreCalledSecondsAreDoubted) {
  const auto doubts = DoubtsOf(Hours("chip_seconds", {14'400, 28'800'000}), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("too_much_chip_time"));
  EXPECT_THAT(
      doubts[0].text,
      AllOf(HasSubstr("line 3 hold 8000 chips of h100"), HasSubstr("the 16 that the plans declare"),
            HasSubstr("The same amounts would be in milliseconds 8 chips")));
  EXPECT_THAT(DoubtsOf(Hours("chip_seconds", {14'400, 28'800}), kDeclared), IsEmpty());
}

TEST(UsageAmounts, SecondsThatAreCalledHoursAreDoubted) {
  const auto doubts = DoubtsOf(Hours("chip_hours", {28'800}), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("too_much_chip_time"));
  EXPECT_THAT(doubts[0].text, HasSubstr("in seconds 8 chips"));
  EXPECT_THAT(doubts[0].text, Not(HasSubstr("in minutes")));
}

TEST(UsageAmounts, SecondsThatWereTakenForMillisecondsAreDoubted) {
  const auto doubts = DoubtsOf(Hours("chip_seconds", {0, 14.4, 28.8}), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("too_little_chip_time"));
  EXPECT_THAT(doubts[0].text, AllOf(HasSubstr("no row of the file holds more than 0.008 of a chip"),
                                    HasSubstr("in kiloseconds 8 chips"), HasSubstr("in hours")));
}

TEST(UsageAmounts, OfAllSourcesInOneWindowAreAddedUp) {
  std::string text = "start,length,source,chip,pool,team,chip_hours\n";
  for (int host = 0; host < 80; ++host) {
    text += fmt::format("2026-01-01,1h,host-{},h100,p,t,1\n", host);
  }
  EXPECT_THAT(Names(DoubtsOf(Read(text), kDeclared)), ElementsAre("too_much_chip_time"));
  // The same chips one hour after the other are not more than one.
  text = "start,length,source,chip,pool,team,chip_hours\n";
  for (int hour = 0; hour < 80; ++hour) {
    text += fmt::format("{},1h,host-{},h100,p,t,1\n", 1'767'225'600 + 3'600 * hour, hour);
  }
  EXPECT_THAT(DoubtsOf(Read(text), kDeclared), IsEmpty());
}

// Fleets shrink, plans name kinds late, and jobs are short: none of that is a wrong unit.
TEST(UsageAmounts, OfRealHistoryAreNotDoubted) {
  EXPECT_THAT(DoubtsOf(Hours("chip_hours", {48}), kDeclared), IsEmpty());
  EXPECT_THAT(DoubtsOf(Hours("chip_hours", {5'000}), {{"b200", 64}}), IsEmpty());
  EXPECT_THAT(DoubtsOf(Hours("chip_hours", {5'000}), {}), IsEmpty());
  EXPECT_THAT(DoubtsOf(Hours("chip_hours", {0, 0}), kDeclared), IsEmpty());
  EXPECT_THAT(DoubtsOf(Hours("chip_hours", {0.001, 0.25}), kDeclared), IsEmpty());
  // A job of seven seconds, which held a chip for as long.
  EXPECT_THAT(DoubtsOf(Read("start,end,chip,pool,team,chip_seconds\n"
                            "2026-01-01 10:00:00,2026-01-01 10:00:07,h100,p,t,7\n"),
                       kDeclared),
              IsEmpty());
}

TEST(UsageAmounts, BusyTimeOfAnotherUnitThanWhatIsHeldIsDoubted) {
  const std::string header =
      "start,length,chip,pool,team,signal,chip_seconds,busy_chip_seconds\n"
      "2026-01-01,1h,h100,p,t,gpu_util,28800,0\n";
  const auto doubts =
      DoubtsOf(Read(header + "2026-01-02,1h,h100,p,t,gpu_util,28800,14.4\n"), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("too_little_busy_time"));
  EXPECT_THAT(doubts[0].text, HasSubstr("none for more than 0.05% of its chip_seconds"));
  EXPECT_THAT(DoubtsOf(Read(header), kDeclared), IsEmpty()) << "idle is idle";
  EXPECT_THAT(DoubtsOf(Read(header + "2026-01-02,1h,h100,p,t,gpu_util,28800,144\n"), kDeclared),
              IsEmpty());
}

// A ratio from 0 to 1 where hours were expected.
TEST(UsageAmounts, SharesInPlaceOfBusyTimeAreDoubted) {
  const std::string header = "start,length,chip,pool,team,signal,chip_hours,busy_chip_hours\n";
  const auto doubts = DoubtsOf(Read(header + "2026-01-01,1d,h100,p,t,gpu_util,192,0.91\n"
                                             "2026-01-02,1d,h100,p,t,gpu_util,192,0.5\n"),
                               kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("too_little_busy_time"));
  EXPECT_THAT(doubts[0].text, HasSubstr("from 0 to 1, as shares are"));
  EXPECT_THAT(DoubtsOf(Read(header + "2026-01-01,1d,h100,p,t,gpu_util,192,1.8\n"), kDeclared),
              IsEmpty());
}

TEST(UsageAmounts, AFileThatIsThereTwiceIsDoubted) {
  const std::string header = "start,length,chip,pool,team,chip_hours\n";
  std::string rows;
  for (int day = 1; day <= 5; ++day) {
    rows += fmt::format("2026-01-{:02},1d,h100,p,t,{}\n", day, 24 * day);
  }
  EXPECT_THAT(DoubtsOf(Read(header + rows), kDeclared), IsEmpty());
  const auto doubts = DoubtsOf(Read(header + rows + rows), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("rows_twice"));
  EXPECT_THAT(doubts[0].text, HasSubstr("5 of its 10 rows"));
  // As `cat` puts files together that have a header each; and two exports that share two days.
  EXPECT_THAT(Names(DoubtsOf(Read(header + rows + header + rows), kDeclared)),
              ElementsAre("rows_twice"));
  const size_t day4 = rows.find("2026-01-04");
  EXPECT_THAT(Names(DoubtsOf(Read(header + rows + rows.substr(day4)), kDeclared)),
              ElementsAre("rows_twice"));
}

// Hosts of one pool say the same as each other, hour by hour.
TEST(UsageAmounts, AlikeRowsOfHostsAreNotDoubted) {
  std::string text = "start,length,chip,pool,team,chip_hours\n";
  for (int hour = 0; hour < 24; ++hour) {
    for (int host = 0; host < 4; ++host) {
      text += fmt::format("2026-01-01T{:02}:00Z,1h,h100,p,{},8\n", hour, host % 2 == 0 ? "t" : "u");
    }
  }
  EXPECT_THAT(DoubtsOf(Read(text), kDeclared), IsEmpty());
}

// sacct lists a job and its steps, each with what was allocated.
TEST(UsageAmounts, StepsOfJobsBesideTheJobsAreDoubted) {
  const auto rows = [](const std::vector<std::string>& workloads) {
    std::string text = "start,end,chip,pool,team,workload,chip_hours\n";
    for (const std::string& workload : workloads) {
      text += "2026-02-05 10:00,2026-02-05 12:00,h100,p,t," + workload + ",4\n";
    }
    return Read(text);
  };
  const auto doubts = DoubtsOf(rows({"123_4", "123_4.batch", "123_4.extern"}), kDeclared);
  ASSERT_THAT(Names(doubts), ElementsAre("job_steps"));
  EXPECT_THAT(doubts[0].text, HasSubstr("job 123_4 is there, and so are steps of it"));
  EXPECT_THAT(Names(DoubtsOf(rows({"7.0", "7"}), kDeclared)), ElementsAre("job_steps"));
  EXPECT_THAT(DoubtsOf(rows({"123_4", "123_5", "8+1"}), kDeclared), IsEmpty());
  EXPECT_THAT(DoubtsOf(rows({"123.batch", "123.0", "web", "web.batch", "3.5-turbo"}), kDeclared),
              IsEmpty());
}

TEST(UsageAmounts, TakeTheUnitThatSomebodyNames) {
  const ImportBatch in_milliseconds = Hours("chip_seconds", {28'800'000}, kAmountUnits[0]);
  EXPECT_EQ(Usage(in_milliseconds, 0).groups[0].chip_nanos, 8 * kHour);
  EXPECT_THAT(DoubtsOf(in_milliseconds, kDeclared), IsEmpty());
  const ImportBatch in_kiloseconds = Hours("chip_seconds", {28.8}, kAmountUnits[3]);
  EXPECT_EQ(Usage(in_kiloseconds, 0).groups[0].chip_nanos, 8 * kHour);
  // It is doubted like any other.
  EXPECT_THAT(Names(DoubtsOf(Hours("chip_hours", {28.8}, kAmountUnits[0]), kDeclared)),
              ElementsAre("too_little_chip_time"));
  const ImportBatch wrong =
      Read("start,length,chip,pool,team,chip_hours\n2026-01-01,1h,h100,p,t,x\n", kAmountUnits[0]);
  EXPECT_THAT(Refused(wrong), ElementsAre(HasSubstr("expected milliseconds from 0 to 9223372036854,"
                                                    " with a decimal point if any")));
}

TEST(UsageAmounts, ThatCannotBeAreRefusedWithTheLikelyUnit) {
  const ImportBatch impossible =
      Read("start,length,chip,pool,team,chip_hours\n2026-01-01,1s,h100,p,t,28800\n");
  EXPECT_THAT(Refused(impossible),
              ElementsAre(AllOf(HasSubstr("2 chip_hours: the rows of this source and window come "
                                          "to more than 10000000 chips; expected at most that"),
                                HasSubstr("in seconds 28800 chips"))));
}

}  // namespace
}  // namespace fleetmeter::imports
