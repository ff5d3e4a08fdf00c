// What a kind says as a value is what it reads.
#include "daemon/config/settings/kinds.h"

#include <nlohmann/json.hpp>

#include "daemon/base/day_zone.h"
#include "daemon/base/units.h"
#include "daemon/config/settings/structures.h"
#include "daemon/config/settings/yaml_text.h"
#include "daemon/config/strict_yaml.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

// `value` written and read again, as JSON.
template <class Kind, class Value>
std::string RoundTrip(const Kind& kind, const Value& value) {
  const std::string text = FlowYaml(kind.Json(value));
  auto file = YamlFile::Parse("/d.yaml", text);
  EXPECT_TRUE(file.ok()) << text << ": " << file.status();
  Value read{};
  if (file.ok()) kind.Read((*file)->root(), &read);
  EXPECT_TRUE((*file)->ok()) << (*file)->status();
  EXPECT_EQ(kind.Json(read), kind.Json(value)) << text;
  return text;
}

TEST(Kinds, ReadWhatTheyWrite) {
  EXPECT_EQ(RoundTrip(DurationIn{0, kDay}, 90 * kSecond), "90s");
  EXPECT_EQ(RoundTrip(SizeIn{0, kGiB}, 3 * kMiB / 2), "1536KiB");
  EXPECT_EQ(RoundTrip(IntegerIn{-5, 5}, int64_t{-5}), "-5");
  EXPECT_EQ(RoundTrip(TrueOrFalse{}, true), "true");
  EXPECT_EQ(RoundTrip(OneOf{{"text", "json"}}, std::string("json")), "json");
  EXPECT_EQ(RoundTrip(TimeZoneName{}, *DayZone::Load("Europe/Berlin")), "Europe/Berlin");
  EXPECT_EQ(RoundTrip(FilePath{}, std::string("/a b/c: d.yaml")), "\"/a b/c: d.yaml\"");
  EXPECT_EQ(RoundTrip(HostAndPort{}, std::string("[::1]:7443")), "\"[::1]:7443\"");
  EXPECT_EQ(RoundTrip(FilePaths{}, std::vector<std::string>{"/a.yaml", "/b.yaml"}),
            "[/a.yaml, /b.yaml]");
  EXPECT_EQ(RoundTrip(Names{}, Names::Set{"rl", "sft"}), "[rl, sft]");
}

TEST(Kinds, WriteSharesExactly) {
  for (const double share : {0.0, 0.05, 0.07, 0.9, 1.0, 1.0 / 3, 0.123456789}) {
    const std::string text = FlowYaml(AnyShare().Json(share));
    EXPECT_EQ(ParseShare(text), share) << text;
  }
  EXPECT_EQ(RoundTrip(AnyShare{}, 0.07), "7%");
}

TEST(Kinds, ReadTheStructuresThatTheyWrite) {
  EXPECT_EQ(RoundTrip(TrailingWindows{.most = 3},
                      std::vector<outcomes::Window>{{"7d", 7}, {"quarter", 91}}),
            "[7d, quarter]");
  EXPECT_EQ(RoundTrip(TokenWeightsUpTo{10},
                      outcomes::TokenWeights{
                          .input = 1'000'000, .cached_input = 250'000, .output = 5'000'000}),
            "{input: 1, cached_input: 0.25, output: 5}");
  EXPECT_EQ(RoundTrip(VolumeShares{}, outcomes::VolumeRule{.much = 0.5, .little = 0.25}),
            "{much: 50%, little: 25%}");
  TlsConfig tls;
  tls.trust_domain = "example.org";
  tls.files = {.certificate = "/c.pem", .key = "/k.pem", .authorities = "/ca.pem"};
  EXPECT_EQ(RoundTrip(TlsSettings{}, std::optional(tls)),
            "{trust_domain: example.org, certificate: /c.pem, key: /k.pem, client_ca: /ca.pem}");
  AccessRule host;
  host.identity = "spiffe://example.org/a";
  host.roles = {Role::kIngest, Role::kAdmin};
  host.pools = {"chat", "lab"};
  AccessRule relay = host;
  relay.pools.clear();
  relay.all_pools = true;
  relay.sources = {"{id}", "rack7-*"};
  AccessRule team;
  team.identity = "spiffe://example.org/a";
  team.roles = {Role::kAsk, Role::kDecide, Role::kAllocate};
  team.teams = {"chat", "search"};
  team.decides_in = {"lab"};
  AccessRule everybody = team;
  everybody.all_teams = everybody.decides_in_all = true;
  everybody.teams.clear();
  everybody.decides_in.clear();
  EXPECT_EQ(RoundTrip(AccessRules{}, std::vector<AccessRule>{team, everybody}),
            "[{identity: spiffe://example.org/a, roles: [ask, decide, allocate], "
            "teams: [chat, search], decides: [lab]}, "
            "{identity: spiffe://example.org/a, roles: [ask, decide, allocate], "
            "teams: \"*\", decides: \"*\"}]");
  EXPECT_EQ(RoundTrip(AccessRules{}, std::vector<AccessRule>{host, relay}),
            "[{identity: spiffe://example.org/a, roles: [ingest, admin], pools: [chat, lab]}, "
            "{identity: spiffe://example.org/a, roles: [ingest, admin], pools: \"*\", "
            "sources: [\"{id}\", \"rack7-*\"]}]");
}

TEST(Kinds, SayWhenAValueIsNotSet) {
  EXPECT_TRUE(FilePath().Json("").is_null());
  EXPECT_TRUE(HostAndPort().Json("").is_null());
  EXPECT_TRUE(FilePaths().Json({}).is_null());
  EXPECT_TRUE(TlsSettings().Json(std::nullopt).is_null());
  EXPECT_TRUE(AccessRules().Json({}).is_null());
}

}  // namespace
}  // namespace fleetmeter
