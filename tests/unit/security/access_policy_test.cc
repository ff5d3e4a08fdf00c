#include "daemon/security/access_policy.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

constexpr char kHostA[] = "spiffe://example.org/host/a";

AccessRule Rule(std::string identity, std::set<Role> roles,
                std::set<std::string, std::less<>> pools = {}) {
  return {.identity = std::move(identity), .roles = std::move(roles), .pools = std::move(pools)};
}

TEST(AccessPolicy, DeniesWhatNoRuleGrants) {
  const AccessPolicy policy("example.org", {Rule(kHostA, {Role::kIngest}, {"serving"})});
  const auto grants = policy.GrantsOf(kHostA);
  EXPECT_TRUE(grants.Has(Role::kIngest));
  for (const Role role : {Role::kQuery, Role::kAdmin}) {
    EXPECT_FALSE(grants.Has(role)) << Name(role);
  }
  EXPECT_TRUE(grants.MayReportFor("serving"));
  EXPECT_TRUE(grants.MayReportFor(""));
  for (const char* pool : {"training", "serving2", "servin", "*", "SERVING", "serving "}) {
    EXPECT_FALSE(grants.MayReportFor(pool)) << pool;
  }
}

TEST(AccessPolicy, DeniesStrangersEverything) {
  AccessRule everything = Rule(kHostA, {Role::kIngest, Role::kQuery, Role::kAdmin});
  everything.all_pools = true;
  const AccessPolicy policy("example.org", {everything});
  for (const char* identity : {"", "local", "spiffe://example.org/host/b",
                               "spiffe://example.org/host/a/b", "spiffe://example.org/host",
                               "spiffe://example.com/host/a", "spiffe://example.org/host/A"}) {
    const auto grants = policy.GrantsOf(identity);
    for (const Role role : kRoles) EXPECT_FALSE(grants.Has(role)) << identity;
    EXPECT_FALSE(grants.MayReportFor("")) << identity;
    EXPECT_FALSE(grants.MayReportFor("serving")) << identity;
  }
}

TEST(AccessPolicy, NoRulesGrantNothing) {
  const AccessPolicy policy("example.org", {});
  EXPECT_FALSE(policy.open_to_all());
  EXPECT_FALSE(policy.GrantsOf(kHostA).Has(Role::kQuery));
  const AccessPolicy nameless("", {});
  EXPECT_FALSE(nameless.open_to_all());
  EXPECT_FALSE(nameless.GrantsOf("local").Has(Role::kQuery));
}

TEST(AccessPolicy, AStarStandsForEverythingBelow) {
  const AccessPolicy policy("example.org", {Rule("spiffe://example.org/host/*", {Role::kQuery}),
                                            Rule("spiffe://other.org/*", {Role::kQuery})});
  EXPECT_TRUE(policy.GrantsOf(kHostA).Has(Role::kQuery));
  EXPECT_TRUE(policy.GrantsOf("spiffe://example.org/host/a/b").Has(Role::kQuery));
  EXPECT_TRUE(policy.GrantsOf("spiffe://other.org/a").Has(Role::kQuery));
  for (const char* identity :
       {"spiffe://example.org/host", "spiffe://example.org/hosts/a", "spiffe://example.org/ho/a",
        "spiffe://example.org/a/host/b", "spiffe://example.org.evil/host/a"}) {
    EXPECT_FALSE(policy.GrantsOf(identity).Has(Role::kQuery)) << identity;
  }
}

TEST(AccessPolicy, RulesAddUp) {
  const AccessPolicy policy("example.org",
                            {Rule(kHostA, {Role::kIngest}, {"serving"}),
                             Rule("spiffe://example.org/host/*", {Role::kIngest}, {"training"}),
                             Rule("spiffe://example.org/*", {Role::kQuery})});
  const auto grants = policy.GrantsOf(kHostA);
  EXPECT_TRUE(grants.Has(Role::kIngest));
  EXPECT_TRUE(grants.Has(Role::kQuery));
  EXPECT_FALSE(grants.Has(Role::kAdmin));
  EXPECT_TRUE(grants.MayReportFor("serving"));
  EXPECT_TRUE(grants.MayReportFor("training"));
  EXPECT_FALSE(grants.MayReportFor("evals"));
}

TEST(AccessPolicy, PoolsOfARuleWithoutIngestMeanNothing) {
  AccessRule query = Rule(kHostA, {Role::kQuery}, {"serving"});
  query.all_pools = true;
  const AccessPolicy policy("example.org", {query});
  EXPECT_FALSE(policy.GrantsOf(kHostA).MayReportFor("serving"));
  EXPECT_FALSE(policy.GrantsOf(kHostA).MayReportFor(""));
}

AccessRule SourceRule(std::string identity, std::vector<std::string> sources) {
  AccessRule rule = Rule(std::move(identity), {Role::kIngest});
  rule.sources = std::move(sources);
  return rule;
}

TEST(AccessPolicy, ASourceThatNoRuleNamesIsOfTheFirstUse) {
  const AccessPolicy policy("example.org", {Rule(kHostA, {Role::kIngest}, {"serving"})});
  EXPECT_FALSE(policy.names_sources());
  EXPECT_EQ(policy.GrantsOf(kHostA).RightTo("a"), SourceRight::kFirstUse);
  EXPECT_EQ(AccessPolicy::OpenToAll().GrantsOf(AccessPolicy::kLocal).RightTo("a"),
            SourceRight::kAnyones);
}

TEST(AccessPolicy, ARuleGivesItsSourcesToItsIdentitiesOnly) {
  const AccessPolicy policy("example.org",
                            {SourceRule(kHostA, {"gpu-a", "rack7-*"}),
                             Rule("spiffe://example.org/*", {Role::kIngest}, {"serving"})});
  EXPECT_TRUE(policy.names_sources());
  const auto host = policy.GrantsOf(kHostA);
  for (const char* given : {"gpu-a", "rack7-", "rack7-12"}) {
    EXPECT_EQ(host.RightTo(given), SourceRight::kGiven) << given;
  }
  for (const char* other : {"gpu-b", "gpu-a2", "gpu-", "rack7", "", "*", "GPU-A"}) {
    EXPECT_EQ(host.RightTo(other), SourceRight::kNotGiven) << other;
  }
  const auto stranger = policy.GrantsOf("spiffe://example.org/relay");
  EXPECT_EQ(stranger.RightTo("gpu-a"), SourceRight::kReserved);
  EXPECT_EQ(stranger.RightTo("rack7-12"), SourceRight::kReserved);
  EXPECT_EQ(stranger.RightTo("gpu-b"), SourceRight::kFirstUse);
}

TEST(AccessPolicy, TheLastPartOfAnIdentityNamesItsSource) {
  const AccessPolicy policy("example.org",
                            {SourceRule("spiffe://example.org/host/*", {"{id}", "{id}.lab"}),
                             Rule("spiffe://example.org/relay", {Role::kIngest}, {"serving"})});
  EXPECT_EQ(policy.GrantsOf(kHostA).RightTo("a"), SourceRight::kGiven);
  EXPECT_EQ(policy.GrantsOf(kHostA).RightTo("a.lab"), SourceRight::kGiven);
  EXPECT_EQ(policy.GrantsOf(kHostA).RightTo("b"), SourceRight::kNotGiven);
  EXPECT_EQ(policy.GrantsOf("spiffe://example.org/host/rack/b").RightTo("b"), SourceRight::kGiven);
  // Such a rule names no source for good, so it keeps none from others.
  EXPECT_EQ(policy.GrantsOf("spiffe://example.org/relay").RightTo("a"), SourceRight::kFirstUse);
}

TEST(AccessPolicy, SourcesOfARuleWithoutIngestMeanNothing) {
  AccessRule query = SourceRule(kHostA, {"gpu-a"});
  query.roles = {Role::kQuery};
  const AccessPolicy policy("example.org", {query, Rule(kHostA, {Role::kIngest})});
  EXPECT_NE(policy.GrantsOf(kHostA).RightTo("gpu-b"), SourceRight::kNotGiven);
}

TEST(AccessPolicy, SourcePatternsHaveOneStarAndKnownWords) {
  for (const char* good : {"gpu-17", "*", "rack7-*", "*.lab", "a*b", "{id}", "gpu-{id}-*"}) {
    EXPECT_TRUE(CheckSourcePattern(good).ok()) << good;
  }
  for (const char* bad : {"", "**", "a*b*", "{host}", "{", "id}", "{id", "{{id}}"}) {
    EXPECT_FALSE(CheckSourcePattern(bad).ok()) << bad;
  }
}

TEST(AccessPolicy, OpenToAllIsOpenToAll) {
  const AccessPolicy policy = AccessPolicy::OpenToAll();
  EXPECT_TRUE(policy.open_to_all());
  for (const Role role : kRoles) EXPECT_TRUE(policy.GrantsOf(AccessPolicy::kLocal).Has(role));
  EXPECT_TRUE(policy.GrantsOf(AccessPolicy::kLocal).MayReportFor("anything"));
}

TEST(AccessPolicy, RuleIdentitiesAreSpiffeIdsOfTheTrustDomain) {
  for (const char* good : {kHostA, "spiffe://example.org/*", "spiffe://example.org/host/*"}) {
    EXPECT_TRUE(CheckRuleIdentity(good, "example.org").ok()) << good;
  }
  for (const char* bad :
       {"", "*", "local", "/*", "spiffe://example.org", "spiffe://example.org/",
        "spiffe://example.org/host*", "spiffe://example.org/*/a", "spiffe://example.org/a/*/",
        "spiffe://example.com/host/a", "spiffe://example.com/*", "spiffe://*/a",
        "spiffe://example.org/host/**", "spiffe://example.org//*"}) {
    EXPECT_FALSE(CheckRuleIdentity(bad, "example.org").ok()) << bad;
  }
}

// Of requests for capacity: who asks for which teams, and who decides in which pools.
AccessRule CapacityRule(const char* name, std::set<Role> roles) {
  AccessRule rule;
  rule.identity = std::string("spiffe://example.org/") + name;
  rule.roles = std::move(roles);
  return rule;
}

TEST(AccessPolicyCapacity, AsksForTheTeamsOfItsRules) {
  AccessRule chat = CapacityRule("chat", {Role::kAsk});
  chat.teams = {"chat", "search"};
  AccessRule all = CapacityRule("all", {Role::kAsk});
  all.all_teams = true;
  AccessRule no_role = CapacityRule("decider", {Role::kDecide, Role::kAllocate, Role::kQuery});
  no_role.teams = {"chat"};
  no_role.all_teams = true;
  const AccessPolicy policy("example.org", {chat, all, no_role});
  const auto asks = [&](const char* name, const char* team) {
    return policy.GrantsOf(std::string("spiffe://example.org/") + name).MayAskFor(team);
  };
  EXPECT_TRUE(asks("chat", "chat") && asks("chat", "search"));
  for (const char* team : {"", "*", "cha", "chat2", "CHAT", "research"}) {
    EXPECT_FALSE(asks("chat", team)) << team;
  }
  EXPECT_TRUE(asks("all", "research"));
  EXPECT_FALSE(asks("decider", "chat")) << "teams mean nothing without the role";
  EXPECT_FALSE(asks("stranger", "chat"));
  EXPECT_TRUE(AccessPolicy::OpenToAll().GrantsOf("local").MayAskFor("chat"));
}

TEST(AccessPolicyCapacity, DecidesInThePoolsOfItsRules) {
  AccessRule serving = CapacityRule("owner", {Role::kDecide});
  serving.decides_in = {"serving"};
  AccessRule training = CapacityRule("owner", {Role::kDecide});
  training.decides_in = {"training"};
  AccessRule all = CapacityRule("all", {Role::kDecide});
  all.decides_in_all = true;
  AccessRule no_role = CapacityRule("capacity", {Role::kAllocate, Role::kAsk});
  no_role.decides_in = {"serving"};
  no_role.decides_in_all = true;
  const AccessPolicy policy("example.org", {serving, training, all, no_role});
  const auto decides = [&](const char* name, const char* pool) {
    return policy.GrantsOf(std::string("spiffe://example.org/") + name).MayDecideIn(pool);
  };
  EXPECT_TRUE(decides("owner", "serving") && decides("owner", "training"));
  EXPECT_FALSE(decides("owner", "research") || decides("owner", "") || decides("owner", "*"));
  EXPECT_TRUE(decides("all", "research"));
  EXPECT_FALSE(decides("capacity", "serving")) << "pools mean nothing without the role";
  EXPECT_FALSE(decides("stranger", "serving"));
  EXPECT_TRUE(AccessPolicy::OpenToAll().GrantsOf("local").MayDecideIn("serving"));
}

// No role brings another one with it.
TEST(AccessPolicyCapacity, RolesAreApart) {
  for (const Role given : kRoles) {
    const AccessPolicy policy("example.org", {CapacityRule("a", {given})});
    const auto grants = policy.GrantsOf("spiffe://example.org/a");
    for (const Role role : kRoles) EXPECT_EQ(grants.Has(role), role == given) << Name(role);
    EXPECT_FALSE(grants.MayAskFor("chat") || grants.MayDecideIn("serving")) << Name(given);
  }
}

AccessRule SightRule(const char* name, Role role,
                     std::optional<std::set<std::string, std::less<>>> sees) {
  AccessRule rule;
  rule.identity = std::string("spiffe://example.org/") + name;
  rule.roles = {role};
  rule.all_pools = role == Role::kIngest;
  rule.sees = std::move(sees);
  return rule;
}

TEST(AccessPolicySight, IsOfAllPoolsUnlessEveryRuleNamesSome) {
  const std::set<std::string, std::less<>> serving = {"serving"};
  const std::set<std::string, std::less<>> training = {"training"};
  const AccessPolicy policy(
      "example.org",
      {SightRule("one", Role::kQuery, serving), SightRule("two", Role::kQuery, serving),
       SightRule("two", Role::kQuery, training), SightRule("all", Role::kQuery, serving),
       SightRule("all", Role::kQuery, std::nullopt),
       SightRule("host", Role::kIngest, std::nullopt)});
  const auto sees = [&](const char* name, const char* pool) {
    return policy.GrantsOf(std::string("spiffe://example.org/") + name).MaySee(pool);
  };
  EXPECT_TRUE(sees("one", "serving"));
  EXPECT_FALSE(sees("one", "training"));
  EXPECT_TRUE(sees("two", "serving") && sees("two", "training"));
  EXPECT_FALSE(sees("two", "research"));
  EXPECT_TRUE(sees("all", "research"));
  EXPECT_FALSE(sees("host", "serving")) << "who reports for a pool does not see it for that";
  EXPECT_TRUE(policy.GrantsOf("spiffe://example.org/all").SeesAll());
  for (const char* name : {"one", "two", "host", "stranger"}) {
    EXPECT_FALSE(policy.GrantsOf(std::string("spiffe://example.org/") + name).SeesAll()) << name;
  }
  EXPECT_TRUE(AccessPolicy::OpenToAll().GrantsOf("local").SeesAll());
}

}  // namespace
}  // namespace fleetmeter
