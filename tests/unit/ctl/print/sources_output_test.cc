#include "daemon/ctl/print/sources_output.h"

#include "daemon/ctl/print/message_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kMinuteNanos = 60'000'000'000;

v1::ListSourcesResponse SomeSources() {
  v1::ListSourcesResponse response;
  const auto add = [&](const char* name, const char* state, int64_t minutes_ago) {
    v1::Source& source = *response.add_sources();
    source.set_source(name);
    source.set_state(state);
    source.set_micro_chips(8'000'000);
    source.set_counted_to_unix_nanos(kSomeTime - minutes_ago * kMinuteNanos);
  };
  add("gpu-17", "silent", 130);
  add("gpu-18", "live", 0);
  v1::Source& never = *response.add_sources();
  never.set_source("gpu-19\x1b[2J");
  never.set_state("rejected");
  response.set_total(3);
  return response;
}

TEST(FormatSilence, NamesWhoIsSilentAndForHowLong) {
  EXPECT_EQ(FormatSilence(SomeSources(), false, kSomeTime, OutputFormat::kTable),
            "3 sources: 1 live, 1 rejected, 1 silent\n"
            "\n"
            "SOURCE         STATE     SILENT FOR  COUNTED TO            CHIPS\n"
            "gpu-17         silent    2 h 10 min  2026-01-02 00:54:05Z      8\n"
            "gpu-19\\x1b[2J  rejected           -  -                         -\n"
            "\n"
            "More: fleetmeterctl source list, fleetmeterctl rejected.\n");
  EXPECT_THAT(FormatSilence(SomeSources(), true, kSomeTime, OutputFormat::kTable),
              HasSubstr("gpu-18"));
}

TEST(FormatSilence, TakesTheDaemonsWordForSinceWhen) {
  v1::ListSourcesResponse response = SomeSources();
  response.mutable_sources(0)->set_silent_since_unix_nanos(kSomeTime - 45'000'000'000);
  EXPECT_THAT(FormatSilence(response, false, kSomeTime, OutputFormat::kTable),
              HasSubstr("  45 s  "));
}

TEST(FormatSilence, GivesNullForWhatIsNotKnown) {
  const Json json =
      Json::parse(FormatSilence(SomeSources(), false, kSomeTime, OutputFormat::kJson));
  EXPECT_EQ(json.at("states").at("silent"), 1);
  ASSERT_EQ(json.at("sources").size(), 2u);
  EXPECT_EQ(json.at("sources")[0].at("silent_seconds"), 7'800);
  EXPECT_EQ(json.at("sources")[1].at("silent_seconds"), nullptr);
  EXPECT_THAT(FormatSilence({}, false, kSomeTime, OutputFormat::kTable),
              testing::StartsWith("No source has ever reported.\n"));
}

v1::ListRejectedResponse SomeRejections() {
  v1::ListRejectedResponse response;
  for (int i = 0; i < 3; ++i) {
    v1::RejectedReport& report = *response.add_reports();
    report.set_source(i == 1 ? "gpu-2" : "gpu-1");
    report.set_identity("local");
    report.set_reason("unknown_team");
    report.set_field("groups[0].team");
    report.set_detail("'green' is not a team of pool 'alpha'; the nearest is 'gren'");
    report.set_rejected_unix_nanos(kSomeTime - i * kMinuteNanos);
  }
  v1::RejectedCount& count = *response.add_counts();
  count.set_reason("unknown_team");
  count.set_reports(1'200);
  return response;
}

TEST(FormatRejected, HasABlockForEachThingThatIsWrong) {
  EXPECT_EQ(FormatRejected(SomeRejections(), OutputFormat::kTable),
            "gpu-1  unknown_team  2 reports, the latest 2026-01-02 03:04:05Z\n"
            "    groups[0].team: 'green' is not a team of pool 'alpha'; the nearest is 'gren'\n"
            "    sent by local\n"
            "gpu-2  unknown_team  1 report, the latest 2026-01-02 03:03:05Z\n"
            "    groups[0].team: 'green' is not a team of pool 'alpha'; the nearest is 'gren'\n"
            "    sent by local\n"
            "\n"
            "Rejected since the books began: 1,200 unknown_team.\n");
}

TEST(FormatRejected, SaysThatThereIsNone) {
  EXPECT_EQ(FormatRejected({}, OutputFormat::kTable),
            "No rejected report is kept that this asks for.\n");
}

TEST(FormatRejected, LetsNothingSteerTheTerminal) {
  v1::ListRejectedResponse response = SomeRejections();
  response.mutable_reports(0)->set_detail("\x1b[2J\nforged");
  for (const auto format : {OutputFormat::kTable, OutputFormat::kJson, OutputFormat::kCsv}) {
    const std::string text = FormatRejected(response, format);
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\nforged")));
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
