#include "collectors/device/attribute_holders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collectors/attribution/read_attribution.h"
#include "daemon/config/strict_yaml.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

AttributionRules RulesOf(const std::string& text) {
  auto file = YamlFile::Parse("rules.yaml", text);
  AttributionRules rules;
  {
    YamlMap root((*file)->root());
    rules = ReadAttribution(root, {{{"namespace"}, {"host"}, {"device"}, {"chip"}}});
  }
  EXPECT_TRUE((*file)->ok()) << (*file)->status();
  return rules;
}

HostReading HostWithHolder(const std::string& space) {
  HostReading host;
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-1";
  device.kind = "h100";
  Holder& holder = device.parts[0].holders.emplace_back();
  holder.attributes.Set("namespace", space);
  return host;
}

constexpr char kRules[] =
    "version: 1\n"
    "unmatched: unattributed\n"
    "rules:\n"
    "  - match: {namespace: [ml]}\n"
    "    pool: training\n"
    "    team: \"{namespace}\"\n"
    "  - match: {host: {glob: [lab-*]}}\n"
    "    pool: lab\n"
    "    team: \"{chip}\"\n";

TEST(AttributeHolders, NamesTheRuleThatTookAHolder) {
  HostReading host = HostWithHolder("ml");
  ASSERT_TRUE(AttributeHolders(RulesOf(kRules), host).ok());
  const Holder& holder = host.devices[0].parts[0].holders[0];
  ASSERT_TRUE(holder.assignment);
  EXPECT_EQ(holder.assignment->pool, "training");
  EXPECT_EQ(holder.assignment->team, "ml");
  EXPECT_EQ(holder.rule, "rules.yaml:4 (rule 1)");
}

TEST(AttributeHolders, AsksAboutThePlaceWhereNoHoldersAreSeen) {
  HostReading host;
  host.host = "lab-3";
  host.devices.emplace_back().kind = "a10";
  ASSERT_TRUE(AttributeHolders(RulesOf(kRules), host).ok());
  ASSERT_EQ(host.devices[0].parts[0].holders.size(), 1U);
  EXPECT_EQ(host.devices[0].parts[0].holders[0].assignment->team, "a10");
}

TEST(AttributeHolders, LeavesAFreeChipFree) {
  HostReading host;
  host.host = "lab-3";
  host.devices.emplace_back().parts[0].knows_holders = Holders::kKnown;
  ASSERT_TRUE(AttributeHolders(RulesOf(kRules), host).ok());
  EXPECT_TRUE(host.devices[0].parts[0].holders.empty());
}

TEST(AttributeHolders, LeavesWhatNoRuleTakesUnlessTheRulesRefuse) {
  HostReading host = HostWithHolder("web");
  ASSERT_TRUE(AttributeHolders(RulesOf(kRules), host).ok());
  EXPECT_FALSE(host.devices[0].parts[0].holders[0].assignment);
  EXPECT_EQ(host.devices[0].parts[0].holders[0].rule, "");
  const AttributionRules strict = RulesOf(
      "version: 1\nunmatched: error\nrules:\n"
      "  - {match: {namespace: [ml]}, pool: training, team: a}\n");
  EXPECT_THAT(std::string(AttributeHolders(strict, host).message()), HasSubstr("\"web\""));
}

}  // namespace
}  // namespace fleetmeter::collector
