#include "collectors/config/collector_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <set>

#include "collectors/config/restart_changes.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::collector {
namespace {

using testing::HasSubstr;

constexpr char kSource[] =
    "sources:\n"
    "  - type: static\n"
    "    name: lab\n"
    "    devices: [{chips: 2, model: h200}]\n";

std::string ErrorOf(const std::string& text) {
  const auto config = ReadCollectorConfig("collector.yaml", text, AllSourceTypes());
  return config.ok() ? "" : std::string(config.status().message());
}

TEST(SourceTypes, HaveNamesOfTheirOwnAndHelp) {
  std::set<std::string> names;
  for (const auto& type : AllSourceTypes()) {
    EXPECT_TRUE(names.emplace(type->name()).second) << type->name();
    EXPECT_TRUE(type->help().ends_with('.')) << type->name();
    // Kueue tells what waits, and servers of models what they served: neither sees a chip.
    const bool sees_chips = type->name() != "kueue" && type->name() != "serving";
    EXPECT_EQ(type->sees_holders() || type->sees_activity(), sees_chips) << type->name();
  }
  EXPECT_TRUE(names.contains("static"));
}

TEST(CollectorConfig, ReadsDeliveryAndSources) {
  const auto config =
      ReadCollectorConfig("/etc/fleetmeter/collector.yaml",
                          std::string("daemon: 127.0.0.1:1\n"
                                      "interval: 2s\n"
                                      "spool: {folder: spool, max: 2MiB}\n"
                                      "unattributed: {pool: nobody, team: none}\n"
                                      "chip_kinds: [{model: h200, chip: my_h200}]\n") +
                              kSource,
                          AllSourceTypes());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->delivery.daemon, "127.0.0.1:1");
  EXPECT_EQ(config->delivery.interval_seconds, 2);
  EXPECT_EQ(config->delivery.spool, "/etc/fleetmeter/spool");
  EXPECT_EQ(config->delivery.spool_max_bytes, uint64_t{2} << 20);
  EXPECT_EQ(config->live.report.unattributed_pool, "nobody");
  EXPECT_EQ(config->live.kinds.KindOf("NVIDIA H200"), "my_h200");
  ASSERT_EQ(config->members.size(), 1U);
  EXPECT_EQ(config->members[0].name, "lab");
  EXPECT_TRUE(config->members[0].sees_holders);
  EXPECT_NE(config->members[0].source, nullptr);
}

// As its comment says: without the first "#" of its last lines it is right.
TEST(CollectorConfig, TheOneThatIsShippedIsRightOnceItsSourcesAreTakenIn) {
  const char* folder = std::getenv("FLEETMETER_SOURCE_DIR");
  ASSERT_NE(folder, nullptr) << "run by ctest, or set FLEETMETER_SOURCE_DIR to the checkout";
  std::ifstream file(std::string(folder) + "/deploy/collector.yaml");
  std::string shipped;
  std::string taken_in;
  bool in_sources = false;
  for (std::string line; std::getline(file, line);) {
    shipped += line + "\n";
    in_sources = in_sources || line == "#sources:";
    taken_in += (in_sources && line.starts_with('#') ? line.substr(1) : line) + "\n";
  }
  EXPECT_THAT(ErrorOf(shipped), HasSubstr("sources: is missing"));
  EXPECT_EQ(ErrorOf(taken_in), "");
}

TEST(CollectorConfig, NamesTheNearestKeyAndTheLine) {
  EXPECT_THAT(ErrorOf(std::string("demon: 127.0.0.1:1\n") + kSource),
              HasSubstr("collector.yaml:1: demon: unknown key (did you mean daemon?)"));
  EXPECT_THAT(ErrorOf("sources:\n  - {type: static, name: a, device: []}\n"), HasSubstr("devices"));
  EXPECT_THAT(ErrorOf("sources:\n  - {type: statik, name: a}\n"),
              HasSubstr("did you mean static?"));
}

TEST(CollectorConfig, TellsAllThatIsWrongTogether) {
  const std::string error = ErrorOf(
      "interval: soon\n"
      "metrics: example.org:80\n"
      "sources:\n"
      "  - {type: static, name: a, devices: [{chips: 0}]}\n"
      "  - {type: static, name: a, devices: [{chips: 2, index: 1}], timeout: 1ms}\n");
  for (const char* part : {":1: interval", ":2: metrics", "chips", "counts several", "timeout"}) {
    EXPECT_THAT(error, HasSubstr(part));
  }
}

TEST(CollectorConfig, RefusesNamesThatComeTwiceAndListsThatAreEmpty) {
  EXPECT_THAT(ErrorOf("sources:\n"
                      "  - {type: static, name: a, devices: [{chips: 1}]}\n"
                      "  - {type: static, name: a, devices: [{chips: 1}]}\n"),
              HasSubstr("the name \"a\" of a source above"));
  EXPECT_THAT(ErrorOf("interval: 1s\n"), HasSubstr("sources"));
  EXPECT_THAT(ErrorOf("sources: []\n"), HasSubstr("at least one"));
}

TEST(CollectorConfig, ReadsRulesInPlaceAndFromAFile) {
  const TempFolder folder;
  folder.Write("rules.yaml", "version: 1\nrules: [{pool: a, team: b}]\n");
  folder.Write("bad.yaml", "version: 1\nrules: [{match: {namespace: [x]}, pool: a, team: b}]\n");
  const auto load = [&](const std::string& rules) {
    return LoadCollectorConfig(
        folder.Write("collector.yaml",
                     "sources:\n  - type: static\n    name: a\n    devices: [{chips: 1}]\n"
                     "    attribution: " +
                         rules + "\n"),
        AllSourceTypes());
  };
  Attributes anything;
  anything.Set("host", std::string("node-1"));
  for (const char* rules : {"rules.yaml", "{version: 1, rules: [{pool: a, team: b}]}"}) {
    const auto config = load(rules);
    ASSERT_TRUE(config.ok()) << config.status();
    EXPECT_EQ(config->members[0].rules.Decide(anything)->assignment.pool, "a") << rules;
  }
  EXPECT_THAT(std::string(load("bad.yaml").status().message()), HasSubstr("bad.yaml:2"));
  EXPECT_THAT(std::string(load("absent.yaml").status().message()), HasSubstr("absent.yaml"));
}

TEST(CollectorConfig, WaitsFifteenMinutesForHoldersUnlessItIsToldOtherwise) {
  const auto usual = ReadCollectorConfig("collector.yaml", kSource, AllSourceTypes());
  ASSERT_TRUE(usual.ok()) << usual.status();
  EXPECT_EQ(usual->live.await_holders, std::chrono::minutes(15));
  const auto own = ReadCollectorConfig(
      "collector.yaml", std::string("await_holders: 1h\n") + kSource, AllSourceTypes());
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_EQ(own->live.await_holders, std::chrono::hours(1));
  EXPECT_THAT(ErrorOf(std::string("await_holders: 31d\n") + kSource), HasSubstr("await_holders"));
}

// A kubelet decides before an exporter that repeats what it says.
TEST(CollectorConfig, RemarksOnRulesThatAreNeverAsked) {
  const std::string rules =
      "{version: 1, unmatched: unattributed, rules: [{match: {namespace: [ml]}, pool: p, team: "
      "t}]}";
  const auto remarks = [&](const std::string& of_dcgm, const std::string& of_kubelet) {
    const auto config = ReadCollectorConfig(
        "collector.yaml",
        "sources:\n  - {type: dcgm, name: gpus, host: n" + of_dcgm +
            "}\n  - {type: kubernetes, name: kubelet, host: n" + of_kubelet + "}\n",
        AllSourceTypes());
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? RemarksOn(*config) : std::vector<std::string>();
  };
  const std::string with_rules = ", attribution: " + rules;
  ASSERT_EQ(remarks(with_rules, "").size(), 1U);
  EXPECT_THAT(remarks(with_rules, "")[0],
              HasSubstr("source kubelet decides who holds chips before source gpus does"));
  EXPECT_TRUE(remarks("", with_rules).empty());
  EXPECT_TRUE(remarks(with_rules, with_rules).empty());
}

TEST(CollectorConfig, RemarksOnHostsThatDifferByADomainAlone) {
  const std::string two =
      "sources:\n"
      "  - {type: static, name: a, host: node1, devices: [{chips: 2, model: h200}]}\n"
      "  - {type: static, name: b, host: node1.cluster.example, devices: [{model: h200}]}\n";
  const auto config = ReadCollectorConfig("collector.yaml", two, AllSourceTypes());
  ASSERT_TRUE(config.ok()) << config.status();
  const std::vector<std::string> remarks = RemarksOn(*config);
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_THAT(remarks[0],
              HasSubstr("source a is of host node1 and source b of host node1.cluster"));
  EXPECT_THAT(remarks[0], HasSubstr("strip_domain: true"));
  const auto stripped =
      ReadCollectorConfig("collector.yaml", "strip_domain: true\n" + two, AllSourceTypes());
  ASSERT_TRUE(stripped.ok()) << stripped.status();
  EXPECT_TRUE(RemarksOn(*stripped).empty());
}

TEST(CollectorConfig, RefusesPlaintextBeyondLoopback) {
  EXPECT_THAT(ErrorOf(std::string("daemon: 10.0.0.1:7443\n") + kSource),
              HasSubstr("beyond loopback"));
}

// The settings of the only source of a configuration.
std::string SettingsOf(const std::string& source) {
  const auto config = ReadCollectorConfig("collector.yaml", source, AllSourceTypes());
  return config.ok() ? config->members.at(0).settings : config.status().ToString();
}

TEST(CollectorConfig, TellsWhetherASourceIsTheSameAsBefore) {
  const std::string same = SettingsOf(kSource);
  EXPECT_EQ(SettingsOf("interval: 3s\nsources:\n  # the lab\n"
                       "  - {type: static, name: lab, devices: [{chips: 2, model: h200}]}\n"),
            same);
  EXPECT_EQ(SettingsOf(std::string(kSource) + "    precedence: {holders: 5}\n"
                                              "    attribution: {version: 1, rules: "
                                              "[{pool: a, team: b}]}\n"),
            same)
      << "rules say who is counted where, and not what the source is";
  EXPECT_NE(SettingsOf(std::string(kSource) + "    timeout: 7s\n"), same);
  EXPECT_NE(SettingsOf(std::string(kSource) + "    host: other\n"), same);
  EXPECT_NE(SettingsOf("sources: [{type: static, name: lab, devices: [{chips: 3, model: h200}]}]"),
            same);
}

TEST(CollectorConfig, AChangedMappingIsAChangeOfTheSource) {
  const TempFolder folder;
  const std::string mapping =
      "version: 1\n"
      "devices: {series: [util], identity: [uuid], uuid: [uuid], model: [model]}\n"
      "activity: [{series: util, signal: gpu_util, full: 100}]\n";
  const auto settings = [&](const std::string& text) {
    folder.Write("mine.yaml", text);
    std::vector<std::string> files;
    const auto config = LoadCollectorConfig(
        folder.Write("collector.yaml",
                     "sources:\n  - type: exporter\n    name: a\n    mapping: mine.yaml\n"
                     "    url: http://127.0.0.1:1/metrics\n"),
        AllSourceTypes(), &files);
    EXPECT_EQ(files, std::vector<std::string>{folder.PathOf("mine.yaml")});
    return config.ok() ? config->members.at(0).settings : config.status().ToString();
  };
  const std::string first = settings(mapping);
  EXPECT_EQ(settings(mapping), first);
  EXPECT_NE(settings(mapping + "title: another\n"), first);
  EXPECT_THAT(settings(mapping + "wrong: yes\n"), HasSubstr("wrong"));
}

TEST(CollectorConfig, SaysForHowLongAndHowMuchDeferredReportsAreKept) {
  const auto read = [](const std::string& keys) {
    return ReadCollectorConfig("/etc/collector.yaml", keys + kSource, AllSourceTypes());
  };
  const auto plain = read("");
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->delivery.deferred_max_hours, 168);
  EXPECT_EQ(plain->delivery.deferred_max_bytes, uint64_t{256} << 20);
  const auto less = read("deferred: {keep: 36h, max: 2MiB}\n");
  ASSERT_TRUE(less.ok());
  EXPECT_EQ(less->delivery.deferred_max_hours, 36);
  EXPECT_EQ(less->delivery.deferred_max_bytes, uint64_t{2} << 20);
  EXPECT_THAT(RestartWarning(ChangesForRestart(plain->delivery, less->delivery)),
              HasSubstr("deferred.keep"));
  EXPECT_FALSE(read("deferred: {keep: a week}\n").ok());
}

TEST(CollectorConfig, NamesWhatTakesARestart) {
  const auto read = [](const std::string& keys) {
    return ReadCollectorConfig("/etc/collector.yaml", keys + kSource, AllSourceTypes())->delivery;
  };
  const CollectorFlags in_force = read("daemon: 127.0.0.1:1\nspool: {folder: /spool}\n");
  EXPECT_TRUE(ChangesForRestart(in_force, in_force).empty());
  const std::string warning = RestartWarning(
      ChangesForRestart(in_force, read("daemon: 127.0.0.1:2\nspool: {folder: /other}\n")));
  EXPECT_THAT(warning, HasSubstr("daemon 127.0.0.1:1 -> 127.0.0.1:2"));
  EXPECT_THAT(warning, HasSubstr("spool.folder /spool -> /other"));
  EXPECT_THAT(warning, HasSubstr("take a restart"));
}

}  // namespace
}  // namespace fleetmeter::collector
