// Whether editors can use it is seen in tests/product/references.
#include <nlohmann/json.hpp>

#include "daemon/config/settings/print_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using nlohmann::ordered_json;
using testing::EndsWith;

TEST(ConfigSchema, KnowsTheKeysOfEverySection) {
  const ordered_json schema = ordered_json::parse(ConfigSchema());
  EXPECT_EQ(schema.at("required"), ordered_json({"catalog", "plans"}));
  EXPECT_EQ(schema.at("additionalProperties"), false);
  const ordered_json& live = schema.at("properties").at("live");
  EXPECT_EQ(live.at("additionalProperties"), false);
  EXPECT_EQ(live.at("type"), ordered_json({"object", "null"})) << "all may be in comments";
  EXPECT_TRUE(live.at("properties").contains("silent_after"));
}

TEST(ConfigSchema, SaysRangesDefaultsAndWhatAChangeTakes) {
  const ordered_json schema = ordered_json::parse(ConfigSchema());
  const ordered_json& ingest = schema.at("properties").at("ingest").at("properties");
  const ordered_json& queue = ingest.at("queue_reports");
  EXPECT_EQ(queue.at("minimum"), 1);
  EXPECT_EQ(queue.at("maximum"), 10'000'000);
  EXPECT_EQ(queue.at("default"), 65'536);
  EXPECT_THAT(queue.at("description").get<std::string>(),
              EndsWith("Values go from 1 to 10000000. A change takes a restart."));
  EXPECT_EQ(ingest.at("max_window").at("default"), "1h");
  EXPECT_EQ(ingest.at("rate").at("properties").at("burst_bytes").at("default"), "256MiB");
  const ordered_json& path = schema.at("properties").at("ledger").at("properties").at("path");
  EXPECT_FALSE(path.contains("default")) << "none is the default";
}

TEST(ConfigSchema, WantsTlsAndRulesTogether) {
  const ordered_json schema = ordered_json::parse(ConfigSchema());
  EXPECT_EQ(schema.at("dependentRequired"),
            ordered_json::parse(R"({"tls": ["authorization"], "authorization": ["tls"]})"));
}

}  // namespace
}  // namespace fleetmeter
