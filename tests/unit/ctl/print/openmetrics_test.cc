#include "daemon/ctl/print/openmetrics.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter::ctl {
namespace {

std::string TextOf(const OpenMetricsHistory& history) {
  std::string text;
  const absl::Status status = history.Write([&](std::string_view piece) {
    text += piece;
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return text;
}

constexpr char kPage[] =
    "# HELP b_total Says \"so\", and \\n more.\n"
    "# TYPE b_total counter\n"
    "b_total{pool=\"x\",chip=\"a b\"} 1.5\n"
    "b_total{pool=\"a\"} 2\n"
    "# HELP a A gauge.\n"
    "# TYPE a gauge\n"
    "a 7\n"
    "# HELP empty Without series.\n"
    "# TYPE empty gauge\n";

TEST(OpenMetricsHistory, SortsFamiliesAndSeriesAndGivesEachValueItsTime) {
  OpenMetricsHistory history({});
  history.AddPage(1'700'000'000, kPage);
  history.AddPage(1'700'003'600,
                  "# HELP b_total Says \"so\", and \\n more.\n"
                  "# TYPE b_total counter\n"
                  "b_total{pool=\"a\"} 2.25\n");
  EXPECT_EQ(TextOf(history),
            "# HELP a A gauge.\n"
            "# TYPE a gauge\n"
            "a 7 1700000000\n"
            "# HELP b Says \\\"so\\\", and \\n more.\n"
            "# TYPE b counter\n"
            "b_total{pool=\"a\"} 2 1700000000\n"
            "b_total{pool=\"a\"} 2.25 1700003600\n"
            "b_total{pool=\"x\",chip=\"a b\"} 1.5 1700000000\n"
            "# EOF\n");
}

TEST(OpenMetricsHistory, GivesEverySeriesTheLabelsOfItsTarget) {
  OpenMetricsHistory history({{"job", "fleetmeter"}, {"cluster", "a \"b\"\\c"}});
  history.AddPage(5, kPage);
  EXPECT_THAT(TextOf(history),
              testing::HasSubstr("a{job=\"fleetmeter\",cluster=\"a \\\"b\\\"\\\\c\"} 7 5\n"));
  EXPECT_THAT(TextOf(history),
              testing::HasSubstr(
                  "b_total{pool=\"a\",job=\"fleetmeter\",cluster=\"a \\\"b\\\"\\\\c\"} 2 5\n"));
}

TEST(OpenMetricsHistory, IsOnlyAnEndWithoutSeries) {
  OpenMetricsHistory history({});
  history.AddPage(5, "# HELP empty Without series.\n# TYPE empty gauge\n");
  EXPECT_TRUE(history.empty());
  EXPECT_EQ(TextOf(history), "# EOF\n");
}

TEST(OpenMetricsHistory, EndsWithTheFirstError) {
  OpenMetricsHistory history({});
  for (int64_t time = 0; time < 100'000; ++time) history.AddPage(time, kPage);
  int calls = 0;
  const absl::Status full = history.Write([&](std::string_view) {
    ++calls;
    return absl::ResourceExhaustedError("full");
  });
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(calls, 1) << "of several pieces";
}

TEST(ParseLabel, TakesWhatPrometheusTakes) {
  std::pair<std::string, std::string> label;
  ASSERT_TRUE(ParseLabel("cluster=a=b", &label));
  EXPECT_EQ(label, std::make_pair(std::string("cluster"), std::string("a=b")));
  for (const char* bad : {"cluster", "=x", "1a=x", "__name__=x", "a-b=x", ""}) {
    EXPECT_FALSE(ParseLabel(bad, &label)) << bad;
  }
}

}  // namespace
}  // namespace fleetmeter::ctl
