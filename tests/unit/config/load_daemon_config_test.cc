#include "daemon/config/load_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;

constexpr std::string_view kPaths = "catalog: c.yaml\nplans: [p.yaml]\n";

// What a file with these settings is told, or "".
std::string ErrorOf(const std::string& settings) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", std::string(kPaths) + settings));
  return std::string(config.status().message());
}

TEST(LoadDaemonConfig, NeedsOnlyCatalogAndPlansAndDefaultsTheRest) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", kPaths));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.http, ListenConfig().http);
  EXPECT_EQ(config->ingest.queue_reports, IngestConfig().queue_reports);
  EXPECT_EQ(config->live.silent_after_nanos, LiveConfig().silent_after_nanos);
}

TEST(LoadDaemonConfig, FindsPathsFromTheFilesOwnFolder) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(
      folder.Write("etc/d.yaml", "catalog: ../c.yaml\nplans: [p/1.yaml, /abs/2.yaml]\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->catalog, folder.path() + "/c.yaml");
  EXPECT_THAT(config->plans, testing::ElementsAre(folder.path() + "/etc/p/1.yaml", "/abs/2.yaml"));
}

TEST(LoadDaemonConfig, ReadsEverySetting) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", std::string(kPaths) + R"(
listen: {ingest: "[::1]:1", query: localhost:2, http: 127.0.0.9:3}
ingest:
  queue_reports: 103
  commit_reports: 100
  max_message: 1.5MiB
  max_reports_per_batch: 102
  max_streams: 103
  buffer: 65MiB
  rate: {reports_per_second: 104, burst_reports: 105, bytes_per_second: 1MiB, burst_bytes: 2MiB}
  max_window: 2h
  max_lateness: 3d
  future_tolerance: 0s
  accept_replay: true
live:
  silent_after: 1m
  forget_after: 2d
  coverage_threshold: 80%
  measured_threshold: 0.7
  idle_below: 1%
log: {level: debug, format: json}
shutdown: {deadline: 500ms, final_scrape: 1s}
)"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.ingest, "[::1]:1");
  EXPECT_EQ(config->listen.query, "localhost:2");
  EXPECT_EQ(config->listen.http, "127.0.0.9:3");
  EXPECT_EQ(config->ingest.queue_reports, 103);
  EXPECT_EQ(config->ingest.commit_reports, 100);
  EXPECT_EQ(config->ingest.max_message_bytes, 3 << 19);
  EXPECT_EQ(config->ingest.max_reports_per_batch, 102);
  EXPECT_EQ(config->ingest.max_streams, 103);
  EXPECT_EQ(config->ingest.buffer_bytes, 65 << 20);
  EXPECT_EQ(config->ingest.rate.reports_per_second, 104);
  EXPECT_EQ(config->ingest.rate.burst_reports, 105);
  EXPECT_EQ(config->ingest.rate.bytes_per_second, 1 << 20);
  EXPECT_EQ(config->ingest.rate.burst_bytes, 2 << 20);
  EXPECT_EQ(config->ingest.max_window_nanos, 7'200 * kNanosPerSecond);
  EXPECT_EQ(config->ingest.max_lateness_nanos, 3 * 86'400 * kNanosPerSecond);
  EXPECT_EQ(config->ingest.future_tolerance_nanos, 0);
  EXPECT_TRUE(config->ingest.accept_replay);
  EXPECT_EQ(config->live.silent_after_nanos, 60 * kNanosPerSecond);
  EXPECT_EQ(config->live.forget_after_nanos, 2 * 86'400 * kNanosPerSecond);
  EXPECT_EQ(config->live.coverage_threshold, 0.8);
  EXPECT_EQ(config->live.measured_threshold, 0.7);
  EXPECT_EQ(config->live.idle_below, 0.01);
  EXPECT_EQ(config->log.level, "debug");
  EXPECT_EQ(config->log.format, "json");
  EXPECT_EQ(config->shutdown.deadline_nanos, kNanosPerSecond / 2);
  EXPECT_EQ(config->shutdown.final_scrape_nanos, kNanosPerSecond);
}

TEST(LoadDaemonConfig, ReadsWhoMaySpeak) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", std::string(kPaths) + R"(
listen: {ingest: "0.0.0.0:1", admin: "127.0.0.1:2"}
tls: {trust_domain: example.org, certificate: tls/c.pem, key: /abs/k.pem, client_ca: ca.pem}
authorization:
  - {identity: spiffe://example.org/host/a, roles: [ingest], pools: [serving, a/b], sources: [a, "rack7-*"]}
  - identity: spiffe://example.org/relay/*
    roles: [ingest, query, admin]
    pools: "*"
)"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listen.admin, "127.0.0.1:2");
  ASSERT_TRUE(config->tls.has_value());
  EXPECT_EQ(config->tls->trust_domain, "example.org");
  EXPECT_EQ(config->tls->files.certificate, folder.path() + "/tls/c.pem");
  EXPECT_EQ(config->tls->files.key, "/abs/k.pem");
  EXPECT_EQ(config->tls->files.authorities, folder.path() + "/ca.pem");
  ASSERT_EQ(config->authorization.size(), 2U);
  const AccessRule& host = config->authorization[0];
  EXPECT_EQ(host.identity, "spiffe://example.org/host/a");
  EXPECT_THAT(host.roles, testing::ElementsAre(Role::kIngest));
  EXPECT_THAT(host.pools, testing::ElementsAre("a/b", "serving"));
  EXPECT_FALSE(host.all_pools);
  EXPECT_THAT(host.sources, testing::ElementsAre("a", "rack7-*"));
  const AccessRule& relay = config->authorization[1];
  EXPECT_THAT(relay.roles, testing::ElementsAre(Role::kIngest, Role::kQuery, Role::kAdmin));
  EXPECT_TRUE(relay.all_pools);
}

TEST(LoadDaemonConfig, ReadsWhoAsksAndWhoDecides) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", std::string(kPaths) + R"(
tls: {trust_domain: example.org, certificate: c.pem, key: k.pem, client_ca: ca.pem}
authorization:
  - {identity: spiffe://example.org/team/a, roles: [query, ask], teams: [chat, search]}
  - {identity: spiffe://example.org/owner/a, roles: [decide], decides: [serving]}
  - {identity: spiffe://example.org/capacity/*, roles: [ask, decide, allocate], teams: "*", decides: "*"}
)"));
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->authorization.size(), 3U);
  const AccessRule& team = config->authorization[0];
  EXPECT_THAT(team.roles, testing::ElementsAre(Role::kQuery, Role::kAsk));
  EXPECT_THAT(team.teams, testing::ElementsAre("chat", "search"));
  EXPECT_FALSE(team.all_teams || team.decides_in_all);
  const AccessRule& owner = config->authorization[1];
  EXPECT_THAT(owner.decides_in, testing::ElementsAre("serving"));
  EXPECT_FALSE(owner.decides_in_all || owner.all_teams);
  const AccessRule& capacity = config->authorization[2];
  EXPECT_THAT(capacity.roles, testing::ElementsAre(Role::kAsk, Role::kDecide, Role::kAllocate));
  EXPECT_TRUE(capacity.all_teams && capacity.decides_in_all);
  EXPECT_FALSE(capacity.all_pools);
}

TEST(LoadDaemonConfig, SourcesOfARuleAreNamesWithOneStar) {
  const auto error_of = [](const std::string& rule) {
    const TempFolder folder;
    const auto config = LoadDaemonConfig(folder.Write("d.yaml", std::string(kPaths) + R"(
tls: {trust_domain: example.org, certificate: c.pem, key: k.pem, client_ca: ca.pem}
authorization:
  - {identity: spiffe://example.org/host/a, )" + rule + "}\n"));
    return config.ok() ? std::string() : std::string(config.status().message());
  };
  EXPECT_EQ(error_of("roles: [ingest], sources: [\"{id}\"]"), "");
  EXPECT_THAT(error_of("roles: [ingest], sources: [\"a*b*\"]"), HasSubstr("at most one *"));
  EXPECT_THAT(error_of("roles: [ingest], sources: [a, a]"), HasSubstr("is listed twice"));
  EXPECT_THAT(error_of("roles: [query], sources: [a]"), HasSubstr("without the role ingest"));
}

TEST(LoadDaemonConfig, BoundsWhatASourceMayHold) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write(
      "d.yaml", std::string(kPaths) + "ingest: {max_chips_per_source: 64, supply_factor: 3, "
                                      "max_sources_per_identity: 5}\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->ingest.max_chips_per_source, 64);
  EXPECT_EQ(config->ingest.supply_factor, 3);
  EXPECT_EQ(config->ingest.max_sources_per_identity, 5);
}

TEST(LoadDaemonConfig, PlaintextBeyondLoopbackTakesAFlagThatSaysWhatItDoes) {
  const std::string everywhere =
      "ingest: '0.0.0.0:1', query: '0.0.0.0:2', http: '[::]:3', admin: '10.0.0.1:4'";
  const std::string error = ErrorOf("listen: {" + everywhere + "}");
  for (const char* listener : {"ingest", "query", "http", "admin"}) {
    EXPECT_THAT(error, HasSubstr(std::string("listen.") + listener + ": is"));
  }
  EXPECT_EQ(ErrorOf("listen: {" + everywhere +
                    ", allow_plaintext_beyond_loopback_without_authentication: true}"),
            "");
}

TEST(LoadDaemonConfig, HasARangeForEverySetting) {
  for (const std::string settings : {"ingest: {queue_reports: 0}",
                                     "ingest: {queue_reports: 10000001}",
                                     "ingest: {commit_reports: 0}",
                                     "ingest: {max_message: 1023B}",
                                     "ingest: {max_message: 65MiB}",
                                     "ingest: {max_reports_per_batch: 0}",
                                     "ingest: {max_streams: 0}",
                                     "ingest: {max_chips_per_source: 0}",
                                     "ingest: {supply_factor: 1001}",
                                     "ingest: {max_sources_per_identity: 0}",
                                     "ingest: {buffer: 63MiB}",
                                     "ingest: {rate: {reports_per_second: 0}}",
                                     "ingest: {rate: {burst_reports: 0}}",
                                     "ingest: {rate: {bytes_per_second: 1B}}",
                                     "ingest: {rate: {burst_bytes: 1B}}",
                                     "ingest: {max_window: 999ms}",
                                     "ingest: {max_window: 25h}",
                                     "ingest: {max_lateness: 91d}",
                                     "ingest: {future_tolerance: 61m}",
                                     "live: {silent_after: 0.5s}",
                                     "live: {forget_after: 91d}",
                                     "live: {coverage_threshold: 101%}",
                                     "live: {measured_threshold: -0.1}",
                                     "live: {idle_below: 1.5}",
                                     "shutdown: {deadline: 0s}",
                                     "shutdown: {final_scrape: 2h}"}) {
    EXPECT_THAT(ErrorOf(settings), HasSubstr("out of range; expected ")) << settings;
  }
}

TEST(LoadDaemonConfig, RefusesSettingsThatContradictEachOther) {
  EXPECT_THAT(ErrorOf("ingest: {queue_reports: 10}"), HasSubstr("at most queue_reports"));
  EXPECT_THAT(ErrorOf("ingest: {queue_reports: 10}"), HasSubstr("room in the queue"));
  EXPECT_THAT(ErrorOf("ingest: {rate: {burst_reports: 511}}"), HasSubstr("a whole batch"));
  EXPECT_THAT(ErrorOf("ingest: {rate: {burst_bytes: 3MiB}}"), HasSubstr("a whole message"));
  EXPECT_THAT(ErrorOf("live: {silent_after: 2m, forget_after: 1m}"), HasSubstr("forget_after"));
  EXPECT_THAT(ErrorOf("listen: {query: 127.0.0.1:9477}"), HasSubstr("a port of its own"));
  EXPECT_THAT(ErrorOf("listen: {admin: 127.0.0.1:9477}"), HasSubstr("a port of its own"));
  EXPECT_EQ(ErrorOf("listen: {ingest: 127.0.0.1:0, query: 127.0.0.1:0, http: 127.0.0.1:0}"), "");
}

TEST(LoadDaemonConfig, ReportsEveryMistakeOfAFile) {
  const std::string error = ErrorOf("log: {level: loud}\nlive: {silent: 1s}\nextra: 1\n");
  EXPECT_THAT(error, HasSubstr("d.yaml:3: log.level: is \"loud\"; expected one of trace, debug"));
  EXPECT_THAT(error, HasSubstr("d.yaml:4: live.silent: unknown key"));
  EXPECT_THAT(error, HasSubstr("d.yaml:5: extra: unknown key"));
}

TEST(LoadDaemonConfig, NeedsAtLeastOnePlan) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", "catalog: c.yaml\nplans: []\n"));
  EXPECT_THAT(std::string(config.status().message()),
              HasSubstr("d.yaml:2: plans: is empty; expected a list of at least one"));
}

TEST(LoadDaemonConfig, OfAnEmptyFileNamesWhatIsMissing) {
  const TempFolder folder;
  const auto config = LoadDaemonConfig(folder.Write("d.yaml", ""));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("catalog: is missing"));
  EXPECT_THAT(std::string(config.status().message()), HasSubstr("plans: is missing"));
}

}  // namespace
}  // namespace fleetmeter
