// The source as a configuration makes it, over HTTP, up to what `try` shows.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "collectors/config/collector_config.h"
#include "collectors/try/round_output.h"
#include "tests/support/canned_server.h"
#include "tests/unit/collectors/live/configured_source.h"

namespace fleetmeter::collector {
namespace {

std::string ServingMappingPath(const std::string& name) {
  const char* folder = std::getenv("FLEETMETER_SOURCE_DIR");
  return std::string(folder == nullptr ? "." : folder) + "/collectors/mappings/serving/" + name +
         ".yaml";
}

std::string TritonPage(int requests) {
  return "nv_inference_request_success{model=\"densenet\",version=\"1\"} " +
         std::to_string(requests) + "\n";
}

TEST(ServingSourceTest, TwoLooksGiveAReportByTheRules) {
  CannedServer server({{"/metrics", Canned(TritonPage(100))}});
  auto config = ReadCollectorConfig(
      "collector.yaml",
      "sources:\n"
      "  - type: serving\n    name: vision\n    host: node-1\n    mapping: " +
          ServingMappingPath("triton") + "\n    url: " + server.UrlOf("/metrics") +
          "\n    attribution:\n"
          "      version: 1\n"
          "      rules:\n"
          "        - {pool: serving, team: vision, model: vision-1, customer_tier: "
          "\"{label.version}\"}\n"
          "      unmatched: unattributed\n",
      AllSourceTypes());
  ASSERT_TRUE(config.ok()) << config.status();
  const SystemClock clock;
  LiveGroup group(std::move(config->live), std::move(config->members), clock,
                  std::make_shared<SourceHealth>());
  ServedViews served;
  TakeServed(group.Look(), served);
  server.Set("/metrics", Canned(TritonPage(107)));
  const LiveRound round = group.Look();
  TakeServed(round, served);
  const auto shown = nlohmann::json::parse(RoundAsJson(round, served)).at("served").at(0);
  EXPECT_EQ(shown.at("reported_as"), "node-1/vision");
  EXPECT_EQ(shown.at("counters").at(0).at("requests"), 107);
  const auto row = shown.at("report").at("rows").at(0);
  EXPECT_EQ(row.at("requests"), 7);
  EXPECT_EQ(row.at("model"), "vision-1");
  EXPECT_EQ(row.at("customer_tier"), "1");
  EXPECT_EQ(row.at("pool"), "serving");
  EXPECT_FALSE(row.contains("input_tokens"));
}

TEST(ServingSourceTest, NamesWhatIsWrongInAConfiguration) {
  EXPECT_NE(ConfigurationError("serving", "mapping: vlm\n").find("no mapping of servers"),
            std::string::npos);
  EXPECT_NE(ConfigurationError("serving", "url: http://127.0.0.1:1/metrics\n").find("mapping"),
            std::string::npos);
  EXPECT_NE(ConfigurationError("serving", "mapping: {version: 1, model: model}\n").find("requests"),
            std::string::npos);
}

TEST(ServingSourceTest, OnlySourcesThatCountRequestsHaveRulesWithTiers) {
  EXPECT_NE(ConfigurationError("static",
                               "devices: [{chips: 1, model: h200}]\n"
                               "attribution: {version: 1, rules: [{pool: a, team: b, "
                               "customer_tier: c}]}\n")
                .find("customer_tier"),
            std::string::npos);
}

}  // namespace
}  // namespace fleetmeter::collector
