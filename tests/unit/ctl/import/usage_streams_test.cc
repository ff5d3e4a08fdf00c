// Usage of more rows than memory is given for makes the same reports as usage that fits.
#include <algorithm>
#include <random>
#include <vector>

#include "daemon/ctl/import/import_messages.h"
#include "daemon/ctl/import/stored_reports.h"
#include "daemon/ctl/import/totals.h"
#include "daemon/ctl/import/usage_reports.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "imports_testing.h"

namespace fleetmeter::imports {
namespace {

constexpr UsageMemory kLittle{.sort_bytes = 2'000, .report_bytes = 2'000};

ImportBatch PlanWith(const std::string& text, const UsageMemory& memory,
                     const std::string& zone = "UTC") {
  CsvReader csv = Csv(text);
  const auto plan =
      MakeUsageReports(csv, {.source = "history", .zone = *DayZone::Load(zone), .memory = memory});
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *plan;
}

// All that is sent and told of a plan.
std::vector<std::string> TextsOf(const ImportBatch& plan) {
  std::vector<std::string> texts = Refused(plan);
  for (size_t i = 0; i < plan.size(); ++i) {
    const ImportReport& planned = plan.At(i);
    texts.push_back(
        fmt::format("{} {} {}", planned.lines.Text(), planned.rows(),
                    ctl::ToMessage(std::get<UsageReport>(planned.report), i).SerializeAsString()));
  }
  const Totals totals = TotalsOf(plan);
  texts.push_back(fmt::format("{} rows, {} windows, {} to {}", totals.rows, totals.windows,
                              totals.from_unix_nanos.value_or(0),
                              totals.to_unix_nanos.value_or(0)));
  texts.push_back(Decimal(totals.chip_nanos, 0) + " " +
                  Decimal(totals.busy_chip_nanos.value_or(-1), 0));
  texts.push_back(ctl::StreamIdOf(plan));
  return texts;
}

void ExpectTheSame(const std::string& text, const std::string& zone = "UTC") {
  const ImportBatch held = PlanWith(text, {}, zone);
  const ImportBatch stored = PlanWith(text, kLittle, zone);
  EXPECT_EQ(held.stored, nullptr);
  EXPECT_NE(stored.stored, nullptr);
  EXPECT_EQ(stored.size(), held.reports.size());
  EXPECT_EQ(TextsOf(stored), TextsOf(held));
  EXPECT_TRUE(stored.read_status().ok());
  const auto in_memory = stored.InMemory();
  ASSERT_TRUE(in_memory.ok()) << in_memory.status();
  EXPECT_EQ(in_memory->reports.size(), held.reports.size());
  EXPECT_EQ(TextsOf(*in_memory), TextsOf(held));
}

// Jobs of several sources: some side by side, some longer than a day, some of one name that
// overlap, some that come to more chips in an hour than there can be; in no order.
std::string RandomJobs(uint32_t seed, int rows) {
  std::mt19937 random(seed);
  std::string text =
      "start,length,source,chip,pool,team,workload,signal,chip_hours,busy_chip_hours\n";
  const auto add = [&text](uint32_t minute, uint32_t length, const std::string& rest) {
    text += fmt::format("2026-01-{:02}T{:02}:{:02}:00Z,{}m,{}\n", 1 + minute / 1440,
                        minute / 60 % 24, minute % 60, length, rest);
  };
  for (int i = 0; i < rows; ++i) {
    if (i % 10 == 0) {
      add(5 * 1440 + random() % 180, 1, fmt::format("s0,b200,p0,t,x{},,2562047,", i));
      continue;
    }
    const auto minute = static_cast<uint32_t>(random() % (20 * 1440));
    const auto length = static_cast<uint32_t>(1 + random() % 3'000);
    const bool measured = random() % 2 == 0;
    add(minute, length,
        fmt::format("s{},b200,p{},t,w{},{},2.5,{}", random() % 4, random() % 3, random() % 40,
                    measured ? "s" : "", measured ? "1.25" : ""));
  }
  return text;
}

TEST(UsageStreams, ManyRowsMakeTheSameReportsAsFew) {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const std::string text = RandomJobs(seed, 300);
    EXPECT_THAT(Refused(PlanWith(text, {})),
                testing::Contains(testing::HasSubstr("more than 10000000 chips")));
    EXPECT_THAT(Refused(PlanWith(text, {})),
                testing::Contains(testing::HasSubstr("lies within an earlier window")));
    ExpectTheSame(text);
  }
}

TEST(UsageStreams, WindowsByTheMinuteAreTheSame) {
  std::string text = "start,length,chip,pool,team,signal,chip_seconds,busy_chip_seconds\n";
  for (int minute = 0; minute < 1'000; ++minute) {
    for (int pool = 0; pool < 3; ++pool) {
      text += fmt::format("2026-01-01T{:02}:{:02}:00Z,1m,h100,p{},t,s,60,{}\n", minute / 60,
                          minute % 60, pool, minute % 50);
    }
  }
  ExpectTheSame(text);
}

// By their own clocks, which are not in one order with time: the books' days are.
TEST(UsageStreams, WholeDaysAreTheSame) {
  std::string text = "start,length,source,chip,pool,team,chip_hours\n";
  for (int i = 0; i < 200; ++i) {
    text += fmt::format("2026-01-{:02}T00:00:00{},1d,s{},b200,p,t,24\n", 1 + i % 28,
                        i % 2 == 0 ? "+05:00" : "-08:00", i);
  }
  ExpectTheSame(text);
  ExpectTheSame(text, "Europe/Berlin");
}

TEST(UsageStreams, TooManyGroupsAreRefusedWithTheSameWords) {
  std::string text = "start,end,chip,pool,team,workload,chip_hours\n";
  for (size_t i = 0; i <= kMostGroups; ++i) {
    text += fmt::format("2026-01-03,2026-01-04,b200,p,t,w{},1\n", i);
  }
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("2026-02-01T00:{:02}:{:02}Z,2026-02-01T02:00:00Z,b200,p,t,v{},1\n", i / 60,
                        i % 60, i);
  }
  ExpectTheSame(text);
}

TEST(UsageStreams, TellsHowFarTheArrangingIs) {
  CsvReader csv = Csv(RandomJobs(4, 3'000));
  std::vector<double> told;
  const auto plan = MakeUsageReports(
      csv, {.source = "history", .zone = {}, .memory = kLittle, .on_arranged = [&](double ratio) {
              told.push_back(ratio);
            }});
  ASSERT_TRUE(plan.ok());
  ASSERT_GE(told.size(), 3u);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_GT(told.front(), 0);
  EXPECT_LE(told.back(), 1);
}

// As a sender that goes back does, and one that sends only what was rejected.
TEST(StoredReports, AreFoundInAnyOrder) {
  auto stored = StoredReports::Make();
  ASSERT_TRUE(stored.ok()) << stored.status();
  constexpr size_t kReports = 3'000;
  for (size_t i = 0; i < kReports; ++i) {
    ImportReport planned{.report = UsageReport(), .lines = LineSet(static_cast<int64_t>(i))};
    auto& report = std::get<UsageReport>(planned.report);
    report.source = std::string(i % 90, 'x');
    report.window_start_unix_nanos = -static_cast<int64_t>(i);
    report.groups.resize(i % 4);
    for (UsageGroup& group : report.groups) group.busy_chip_nanos = static_cast<int64_t>(i);
    ASSERT_TRUE((*stored)->Add(planned).ok());
  }
  ASSERT_TRUE((*stored)->Finish().ok());
  ASSERT_EQ((*stored)->size(), kReports);
  std::mt19937 random(1);
  for (size_t round = 0; round < 2 * kReports; ++round) {
    const size_t i = round < kReports ? round : random() % kReports;
    const ImportReport& planned = (*stored)->At(i);
    EXPECT_EQ(planned.lines.Lines(), std::vector<int64_t>{static_cast<int64_t>(i)});
    const auto& report = std::get<UsageReport>(planned.report);
    EXPECT_EQ(report.source.size(), i % 90);
    EXPECT_EQ(report.window_start_unix_nanos, -static_cast<int64_t>(i));
    ASSERT_EQ(report.groups.size(), i % 4);
    for (const UsageGroup& group : report.groups) {
      EXPECT_EQ(group.busy_chip_nanos, static_cast<int64_t>(i));
      EXPECT_EQ(group.productive_chip_nanos, std::nullopt);
    }
  }
  EXPECT_TRUE((*stored)->status().ok());
}

}  // namespace
}  // namespace fleetmeter::imports
