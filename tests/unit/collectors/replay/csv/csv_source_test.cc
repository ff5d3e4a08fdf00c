#include "collectors/replay/csv/csv_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "collectors/replay/csv/fleet_csv.h"
#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter::collector {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kHeader[] =
    "time_seconds,host,chip,chips,state,pool,team,workload,workload_type,signal,activity,"
    "productive\n";

absl::StatusOr<std::unique_ptr<Source>> Make(const std::string& rows, ReplayOptions replay = {}) {
  TempFolder dir;
  return MakeCsvSource({dir.Write("fleet.csv", kHeader + rows), replay});
}

std::string ErrorOf(const std::string& rows) { return std::string(Make(rows).status().message()); }

std::vector<v1::UsageReport> SampleOf(Source& source, int64_t duration) {
  std::vector<v1::UsageReport> reports;
  const absl::Status status = source.Sample(WindowOf(duration), reports);
  EXPECT_TRUE(status.ok()) << status;
  return reports;
}

constexpr char kTwoRows[] =
    "0,n1,b200,2,assigned,serving,chat,w,serve,gr_engine_active,0.25;0.75,0.1\n"
    "0,n1,b200,6,unassigned,,,,,,,\n";

TEST(CsvSource, ReportsEveryChipWhileNothingChanges) {
  auto source = Make(kTwoRows);
  ASSERT_TRUE(source.ok()) << source.status();
  const auto reports = SampleOf(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].source(), "n1");
  EXPECT_EQ(reports[0].duration_nanos(), 10 * kSecond);
  EXPECT_EQ(reports[0].window_length_nanos(), 10 * kSecond);
  ASSERT_EQ(reports[0].groups_size(), 2);
  const v1::UsageGroup& held = reports[0].groups(0);
  EXPECT_EQ(held.pool(), "serving");
  EXPECT_EQ(held.team(), "chat");
  EXPECT_EQ(held.workload_type(), "serve");
  EXPECT_EQ(held.signal(), "gr_engine_active");
  EXPECT_THAT(held.per_chip().device(), ElementsAre(0, 1));
  EXPECT_THAT(held.per_chip().activity(), ElementsAre(0.25, 0.75));
  EXPECT_THAT(held.per_chip().productive(), ElementsAre(0.1, 0.1));
  const v1::UsageGroup& free = reports[0].groups(1);
  EXPECT_EQ(free.state(), v1::CHIP_STATE_UNASSIGNED);
  EXPECT_FALSE(free.has_signal());
  EXPECT_THAT(free.per_chip().device(), ElementsAre(2, 3, 4, 5, 6, 7));
  EXPECT_EQ(free.per_chip().activity_size(), 0);
}

TEST(CsvSource, ReportsExactSumsWhenTheHostChangesInsideTheWindow) {
  auto source = Make(std::string(kTwoRows) +
                     "7,n1,b200,8,assigned,serving,chat,w,serve,gr_engine_active,0.5,\n");
  ASSERT_TRUE(source.ok()) << source.status();
  const auto reports = SampleOf(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 1);
  ASSERT_EQ(reports[0].groups_size(), 3);  // productive is measured for a part of the time only
  EXPECT_EQ(reports[0].groups(0).sums().chip_nanos(), 14 * kSecond);
  EXPECT_EQ(reports[0].groups(0).sums().busy_chip_nanos(), 7 * kSecond);
  EXPECT_EQ(reports[0].groups(0).sums().productive_chip_nanos(), 14 * kSecond / 10);
  EXPECT_EQ(reports[0].groups(1).sums().chip_nanos(), 42 * kSecond);
  EXPECT_FALSE(reports[0].groups(1).sums().has_busy_chip_nanos());
  EXPECT_EQ(reports[0].groups(2).sums().chip_nanos(), 24 * kSecond);
  EXPECT_EQ(reports[0].groups(2).sums().busy_chip_nanos(), 12 * kSecond);
  EXPECT_FALSE(reports[0].groups(2).sums().has_productive_chip_nanos());
}

TEST(CsvSource, SaysNothingForASilentHostAndCutsTheWindowInWhichItFallsSilent) {
  auto source = Make(
      "0,n1,b200,1,unassigned,,,,,,,\n4,n1,,,silent,,,,,,,\n"
      "25,n1,b200,1,unassigned,,,,,,,\n");
  ASSERT_TRUE(source.ok()) << source.status();
  auto reports = SampleOf(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].window_start_unix_nanos(), WindowOf(1).start_unix_nanos);
  EXPECT_EQ(reports[0].window_length_nanos(), 4 * kSecond);
  EXPECT_EQ(reports[0].duration_nanos(), 4 * kSecond);
  EXPECT_TRUE(SampleOf(**source, 10 * kSecond).empty());
  reports = SampleOf(**source, 10 * kSecond);
  ASSERT_EQ(reports.size(), 1);
  EXPECT_EQ(reports[0].window_start_unix_nanos(), WindowOf(1).start_unix_nanos + 5 * kSecond);
  EXPECT_EQ(reports[0].duration_nanos(), 5 * kSecond);
}

TEST(CsvSource, LeavesActivityUnknownForAllocatedOnly) {
  auto source = Make("0,n1,b200,1,assigned,p,t,,,allocated_only,,\n");
  ASSERT_TRUE(source.ok()) << source.status();
  const auto reports = SampleOf(**source, kSecond);
  EXPECT_EQ(reports[0].groups(0).signal(), "allocated_only");
  EXPECT_EQ(reports[0].groups(0).per_chip().activity_size(), 0);
}

TEST(CsvSource, NamesFileLineAndColumnOfABadRow) {
  const std::string good = "0,n1,b200,1,unassigned,,,,,,,\n";
  const struct {
    const char* row;
    const char* error;
  } cases[] = {
      {"x,n1,b200,1,unassigned,,,,,,,\n", "fleet.csv:3: column time_seconds: got \"x\""},
      {"1e400,n1,b200,1,unassigned,,,,,,,\n", "column time_seconds"},
      {"1,,b200,1,unassigned,,,,,,,\n", "fleet.csv:3: column host"},
      {"1,n1,,1,unassigned,,,,,,,\n", "fleet.csv:3: column chip:"},
      {"1,n1,b200,0,unassigned,,,,,,,\n", "fleet.csv:3: column chips: got \"0\""},
      {"1,n1,b200,65537,unassigned,,,,,,,\n", "fleet.csv:3: column chips"},
      {"0,n1,b200,65536,unassigned,,,,,,,\n", "expected at most 65536 chips on a host"},
      {"1,n1,b200,1,free,,,,,,,\n", "fleet.csv:3: column state: got \"free\""},
      {"1,n1,b200,1,unassigned,,t,,,,,\n", "column team: got \"t\"; expected nothing when"},
      {"1,n1,b200,1,unassigned,,,,,,0.5,\n", "column activity: got \"0.5\"; expected nothing"},
      {"1,n1,b200,1,assigned,,t,,,s,0.5,\n", "fleet.csv:3: column pool: got \"\""},
      {"1,n1,b200,1,assigned,p,,,,s,0.5,\n", "fleet.csv:3: column team: got \"\""},
      {"1,n1,b200,1,assigned,p,t,,,,0.5,\n", "fleet.csv:3: column signal: got \"\""},
      {"1,n1,b200,1,assigned,p,t,,,s,,\n", "fleet.csv:3: column activity: got \"\""},
      {"1,n1,b200,1,assigned,p,t,,,s,1.5x,\n", "column activity: got \"1.5x\"; expected a number"},
      {"1,n1,b200,2,assigned,p,t,,,s,1;,\n", "column activity: got \"1;\""},
      {"1,n1,b200,3,assigned,p,t,,,s,1;0,\n", "column activity: got \"1;0\""},
      {"1,n1,b200,1,assigned,p,t,,,s,1,--1\n", "column productive: got \"--1\""},
      {"1,n1,b200,1,assigned,p,t,,,allocated_only,1,\n", "column activity: got \"1\""},
      {"0,n1,,,silent,,,,,,,\n", "column state: got \"silent\""},
      {"1,n1,,3,silent,,,,,,,\n", "column chips: got \"3\""},
      {"1,n1,b200,1\n", "fleet.csv:3: 4 fields; expected 12"},
  };
  for (const auto& c : cases) EXPECT_THAT(ErrorOf(good + c.row), HasSubstr(c.error)) << c.row;
}

// One reading in millions is beyond what it can be; that chip is held and not measured.
TEST(CsvSource, GoesOnBehindAnOddReading) {
  auto source = Make("0,n1,b200,3,assigned,p,t,,,s,0.5;1.29;25%,0.1;0.2;0.3\n");
  ASSERT_TRUE(source.ok()) << source.status();
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE((*source)->Sample(WindowOf(10 * kSecond), reports).ok());
  ASSERT_EQ(reports.size(), 1u);
  ASSERT_EQ(reports[0].groups_size(), 2);
  const v1::UsageGroup& measured = reports[0].groups(0);
  EXPECT_EQ(measured.signal(), "s");
  EXPECT_THAT(measured.per_chip().activity(), ElementsAre(0.5, 0.25));
  EXPECT_THAT(measured.per_chip().productive(), ElementsAre(0.1, 0.3));
  const v1::UsageGroup& odd = reports[0].groups(1);
  EXPECT_EQ(odd.signal(), "allocated_only");
  EXPECT_EQ(odd.pool(), "p");
  EXPECT_EQ(odd.per_chip().device_size(), 1);
  EXPECT_TRUE(odd.per_chip().activity().empty());
}

TEST(CsvSource, TakesARoundedReadingForTheWholeChip) {
  auto source = Make("0,n1,b200,1,assigned,p,t,,,s,1.0000000000000002,-1e-9\n");
  ASSERT_TRUE(source.ok()) << source.status();
  std::vector<v1::UsageReport> reports;
  ASSERT_TRUE((*source)->Sample(WindowOf(10 * kSecond), reports).ok());
  ASSERT_EQ(reports[0].groups_size(), 1);
  EXPECT_THAT(reports[0].groups(0).per_chip().activity(), ElementsAre(1.0));
  EXPECT_THAT(reports[0].groups(0).per_chip().productive(), ElementsAre(0.0));
}

TEST(CsvSource, RefusesAHostWhoseTimeGoesBack) {
  EXPECT_THAT(ErrorOf("5,n1,b200,1,unassigned,,,,,,,\n5,n2,b200,1,unassigned,,,,,,,\n"
                      "4,n1,b200,1,unassigned,,,,,,,\n"),
              HasSubstr("fleet.csv:4: column time_seconds: got \"4\""));
}

TEST(CsvSource, RefusesAFileWithoutRowsAndUnknownOrMissingColumns) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("no rows"));
  TempFolder dir;
  const std::string path = dir.Write("f.csv", "time_seconds,host,chip,chips,state,colour\n");
  EXPECT_THAT(std::string(MakeCsvSource({path, {}}).status().message()),
              HasSubstr("f.csv:1: column \"colour\" is unknown"));
  const std::string other = dir.Write("g.csv", "time_seconds,host,chip,chips\n");
  EXPECT_THAT(std::string(MakeCsvSource({other, {}}).status().message()),
              HasSubstr("g.csv:1: column state is missing"));
}

TEST(CsvSource, StopsExactlyAtUntil) {
  ReplayOptions replay;
  replay.until_seconds = 25;
  auto source = Make(kTwoRows, replay);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->RemainingNanos(), 25 * kSecond);
  SampleOf(**source, 20 * kSecond);
  EXPECT_EQ((*source)->RemainingNanos(), 5 * kSecond);
  EXPECT_EQ(SampleOf(**source, 20 * kSecond)[0].duration_nanos(), 5 * kSecond);
  std::vector<v1::UsageReport> reports;
  EXPECT_EQ((*source)->Sample(WindowOf(kSecond), reports).code(), absl::StatusCode::kOutOfRange);
  EXPECT_TRUE(reports.empty());
}

TEST(CsvSource, LoopsFromUntilBackToFrom) {
  ReplayOptions replay{5, 15, 1, false, AtEnd::kLoop};
  auto source = Make("0,n1,b200,1,unassigned,,,,,,,\n10,n1,b200,3,unassigned,,,,,,,\n", replay);
  ASSERT_TRUE(source.ok()) << source.status();
  for (int day = 0; day < 3; ++day) {
    EXPECT_EQ(SampleOf(**source, 5 * kSecond)[0].groups(0).per_chip().device_size(), 1);
    EXPECT_EQ(SampleOf(**source, 5 * kSecond)[0].groups(0).per_chip().device_size(), 3);
  }
}

TEST(CsvSource, HoldsOneInstantForEver) {
  ReplayOptions replay;
  replay.from_seconds = 10;
  replay.hold = true;
  auto source = Make(
      "0,n1,b200,1,unassigned,,,,,,,\n10,n1,b200,3,unassigned,,,,,,,\n"
      "11,n1,b200,2,unassigned,,,,,,,\n",
      replay);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ((*source)->RemainingNanos(), INT64_MAX);
  for (int i = 0; i < 3; ++i) {
    const auto reports = SampleOf(**source, 3'600 * kSecond);
    EXPECT_EQ(reports[0].groups(0).per_chip().device_size(), 3);
    EXPECT_EQ(reports[0].duration_nanos(), 3'600 * kSecond);
  }
}

TEST(CsvSource, AddsUpOverWindowsThatAreNoMultipleOfTheGrain) {
  ReplayOptions replay;
  replay.until_seconds = 1;
  auto source = Make(kTwoRows, replay);
  ASSERT_TRUE(source.ok()) << source.status();
  int64_t nanos = 0;
  while ((*source)->RemainingNanos() > 0) {
    for (const auto& report : SampleOf(**source, 7'777'777)) nanos += report.duration_nanos();
  }
  EXPECT_EQ(nanos, kSecond);
}

TEST(CsvSource, RefusesOptionsThatContradictEachOther) {
  const ReplayOptions bad[] = {
      {{}, {}, 0, false, AtEnd::kStop}, {{}, {}, 1, false, AtEnd::kLoop},
      {5, 5, 1, false, AtEnd::kStop},   {{}, 9, 1, true, AtEnd::kStop},
      {-1, {}, 1, false, AtEnd::kStop}, {{}, {}, 1, true, AtEnd::kLoop},
  };
  for (const ReplayOptions& replay : bad) {
    EXPECT_EQ(Make(kTwoRows, replay).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

// A mutated file is read, or refused with file and line; it never does anything else.
TEST(CsvSource, SurvivesMutatedFiles) {
  const std::string good = std::string(kHeader) + kTwoRows +
                           "7,n1,b200,8,assigned,\"serving\",chat,w,serve,s,1;0;1;0;1;0;1;0,\n"
                           "8.5,n1,,,silent,,,,,,,\n";
  constexpr std::string_view kBytes = ",;\"\n\r.-0123456789eabx\xff\0";
  std::mt19937 random(1);
  auto below = [&](size_t limit) { return random() % limit; };
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (size_t edits = 1 + below(3); edits > 0; --edits) {
      const size_t at = below(text.size());
      switch (below(3)) {
        case 0:
          text[at] = kBytes[below(kBytes.size())];
          break;
        case 1:
          text.erase(at, 1 + below(12));
          break;
        default:
          text.insert(at, 1, kBytes[below(kBytes.size())]);
          break;
      }
      if (text.empty()) break;
    }
    absl::StatusOr<CsvReader> csv = CsvReader::FromText("fuzz.csv", std::move(text));
    absl::Status status = csv.status();
    if (csv.ok()) status = ReadFleetCsv(*csv).status();
    if (status.ok()) {
      ++read;
    } else {
      EXPECT_THAT(std::string(status.message()), ::testing::ContainsRegex("^fuzz.csv:[0-9]+: "));
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace fleetmeter::collector
