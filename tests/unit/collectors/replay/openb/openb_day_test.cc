// A busy day of the real trace, replayed in windows of several lengths, against openb_oracle.py.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "collectors/replay/openb/openb_source.h"
#include "tests/unit/collectors/replay/replay_testing.h"

namespace fleetmeter::collector {
namespace {

constexpr int64_t kFrom = 148 * 86'400;  // the day with most pods
constexpr int64_t kUntil = 149 * 86'400;

// What the oracle prints.
struct Expected {
  Totals assigned;                       // by ("", pool)
  std::map<std::string, int64_t> chips;  // by kind
};

std::string OutputOf(const std::string& command) {
  std::string text;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return text;
  char buffer[4'096];
  while (size_t got = fread(buffer, 1, sizeof buffer, pipe)) text.append(buffer, got);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return text;
}

class OpenbDay : public ::testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override {
    const std::filesystem::path data = SharedData();
    if (data.empty()) {
      GTEST_SKIP() << "no shared/data beside the checkout: the trace is not on this machine";
    }
    const std::filesystem::path source = std::getenv("FLEETMETER_SOURCE_DIR");
    const std::filesystem::path trace = data / "gpu-trace-alibaba-openb-2023";
    options_.nodes_path = trace / "openb_node_list_all_node.csv";
    options_.pods_path = trace / "openb_pod_list_default.csv";
    options_.rules_path = source / "collectors/replay/openb/rules.yaml";
    options_.replay.from_seconds = kFrom;
    options_.replay.until_seconds = kUntil;
    oracle_ = source / "tests/unit/collectors/replay/openb/openb_oracle.py";
  }

  Expected AskOracle() const {
    const auto json = nlohmann::json::parse(OutputOf(
        fmt::format("/usr/bin/python3 '{}' '{}' '{}' '{}' {} {}", oracle_, options_.nodes_path,
                    options_.pods_path, options_.rules_path, kFrom, kUntil)));
    Expected expected;
    for (const auto& [pool, nanos] : json.at("assigned_chip_nanos").items()) {
      expected.assigned[{"", pool}] = nanos.get<int64_t>();
    }
    for (const auto& [kind, chips] : json.at("chips").items()) expected.chips[kind] = chips;
    return expected;
  }

  OpenbReplayOptions options_;
  std::string oracle_;
};

// Every node's groups add up to the same chips, window after window; returns chips by kind.
std::map<std::string, int64_t> CheckNodes(const std::vector<v1::UsageReport>& reports,
                                          std::map<std::string, int64_t>& node_chips) {
  std::map<std::string, int64_t> chips;
  for (const v1::UsageReport& report : reports) {
    int64_t nanos = 0;
    for (const v1::UsageGroup& group : report.groups()) nanos += group.sums().chip_nanos();
    EXPECT_EQ(nanos % report.duration_nanos(), 0) << report.source();
    const int64_t count = nanos / report.duration_nanos();
    EXPECT_EQ(node_chips.emplace(report.source(), count).first->second, count) << report.source();
    chips[report.groups(0).chip()] += count;
  }
  return chips;
}

TEST_P(OpenbDay, EqualsTheOracleToTheNanosecond) {
  auto source = MakeOpenbSource(options_);
  ASSERT_TRUE(source.ok()) << source.status();
  const Expected expected = AskOracle();
  std::map<std::string, int64_t> node_chips;
  Totals totals;
  int64_t days_nanos = 0;
  while ((*source)->RemainingNanos() > 0) {
    const int64_t duration = std::min(GetParam(), (*source)->RemainingNanos());
    std::vector<v1::UsageReport> reports;
    ASSERT_TRUE((*source)->Sample(WindowOf(duration), reports).ok());
    ASSERT_EQ(CheckNodes(reports, node_chips), expected.chips);
    days_nanos += reports[0].duration_nanos();
    for (const v1::UsageReport& report : reports) Add(report, totals);
  }
  EXPECT_EQ(days_nanos, 86'400 * kSecond);
  Totals assigned;
  int64_t all = 0;
  for (const auto& [key, nanos] : totals) {
    all += nanos;
    if (!key.second.empty()) assigned[{"", key.second}] += nanos;
  }
  EXPECT_EQ(assigned, expected.assigned);
  EXPECT_EQ(all, 6'212 * 86'400 * kSecond);
}

using OpenbLists = OpenbDay;

TEST_P(OpenbLists, PlacesEveryPodOfTheListWithConstraintsToo) {
  options_.pods_path =
      std::filesystem::path(options_.pods_path).replace_filename("openb_pod_list_gpuspec33.csv");
  const auto source = MakeOpenbSource(options_);
  EXPECT_TRUE(source.ok()) << source.status();
}

INSTANTIATE_TEST_SUITE_P(Lists, OpenbLists, ::testing::Values(0));

INSTANTIATE_TEST_SUITE_P(Windows, OpenbDay,
                         ::testing::Values(86'400 * kSecond, 3'600 * kSecond, 600 * kSecond,
                                           777 * kSecond + 77'777'777, 301 * kSecond + 1));

}  // namespace
}  // namespace fleetmeter::collector
