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
