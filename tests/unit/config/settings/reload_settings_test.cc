#include "daemon/config/settings/reload_settings.h"

#include <algorithm>

#include "daemon/base/units.h"
#include "daemon/config/load_config.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/config/settings/setting_values.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Keys(const std::vector<SettingChange>& changes) {
  std::vector<std::string> keys;
  for (const SettingChange& change : changes) keys.push_back(change.key);
  return keys;
}

TlsConfig Tls() {
  TlsConfig tls;
  tls.trust_domain = "example.org";
  return tls;
}

TEST(KeepUntilRestart, FindsNothingWhereNothingChanged) {
  DaemonConfig loaded;
  EXPECT_THAT(KeepUntilRestart(DaemonConfig(), &loaded), IsEmpty());
  EXPECT_EQ(RestartWarning({}), "");
}

TEST(KeepUntilRestart, KeepsTheOldValueAndSaysBoth) {
  DaemonConfig loaded;
  loaded.ingest.queue_reports = 1'024;
  loaded.ingest.rate.burst_bytes = kGiB;
  loaded.listen.admin = "127.0.0.1:1";
  const auto changes = KeepUntilRestart(DaemonConfig(), &loaded);
  EXPECT_THAT(Keys(changes),
              ElementsAre("listen.admin", "ingest.queue_reports", "ingest.rate.burst_bytes"));
  EXPECT_EQ(loaded.ingest.queue_reports, DaemonConfig().ingest.queue_reports);
  EXPECT_EQ(loaded.ingest.rate.burst_bytes, DaemonConfig().ingest.rate.burst_bytes);
  EXPECT_EQ(loaded.listen.admin, "");
  EXPECT_EQ(
      RestartWarning(changes),
      "these settings take a restart: listen.admin (not set) -> 127.0.0.1:1; "
      "ingest.queue_reports 65536 -> 1024; ingest.rate.burst_bytes 256MiB -> 1GiB. Until then "
      "the old values stay in force; everything else is in force now");
}

TEST(KeepUntilRestart, SpeaksOfOneSettingInTheSingular) {
  EXPECT_EQ(RestartWarning({{"outcomes.refresh", "30s", "2s"}}),
            "this setting takes a restart: outcomes.refresh 30s -> 2s. Until then the old value "
            "stays in force; everything else is in force now");
}

TEST(KeepUntilRestart, TakesWhatAReloadTakes) {
  DaemonConfig loaded;
  loaded.live.silent_after_nanos = kMinute;
  loaded.outcomes.rules.segments = 7;
  loaded.catalog = "other.yaml";
  EXPECT_THAT(KeepUntilRestart(DaemonConfig(), &loaded), IsEmpty());
  EXPECT_EQ(loaded.live.silent_after_nanos, kMinute);
  EXPECT_EQ(loaded.outcomes.rules.segments, 7);
  EXPECT_EQ(loaded.catalog, "other.yaml");
}

// The ledger is opened for them: what it has rolled up no longer changes.
TEST(KeepUntilRestart, KeepsTheLimitsOfWindowsThatTheLedgerWasOpenedFor) {
  DaemonConfig loaded;
  loaded.ingest.max_window_nanos = kSecond;
  loaded.ingest.max_lateness_nanos = kSecond;
  loaded.ingest.adjust_up_to_nanos = 0;
  loaded.ingest.future_tolerance_nanos = kHour;
  EXPECT_THAT(Keys(KeepUntilRestart(DaemonConfig(), &loaded)),
              ElementsAre("ingest.max_window", "ingest.max_lateness", "ingest.adjust_up_to"));
  EXPECT_EQ(loaded.ingest.max_window_nanos, DaemonConfig().ingest.max_window_nanos);
  EXPECT_EQ(loaded.ingest.max_lateness_nanos, DaemonConfig().ingest.max_lateness_nanos);
  EXPECT_EQ(loaded.ingest.adjust_up_to_nanos, DaemonConfig().ingest.adjust_up_to_nanos);
  EXPECT_EQ(loaded.ingest.future_tolerance_nanos, kHour);
}

TEST(KeepUntilRestart, KeepsWhetherThereIsTlsAndTakesWhatItSays) {
  DaemonConfig plaintext;
  DaemonConfig with_tls;
  with_tls.tls = Tls();
  with_tls.authorization.resize(1);
  DaemonConfig loaded = with_tls;
  EXPECT_THAT(Keys(KeepUntilRestart(plaintext, &loaded)), ElementsAre("tls", "authorization"));
  EXPECT_FALSE(loaded.tls.has_value());
  EXPECT_THAT(loaded.authorization, IsEmpty());

  loaded = with_tls;
  loaded.tls->trust_domain = "example.com";
  loaded.authorization.resize(2);
  EXPECT_THAT(KeepUntilRestart(with_tls, &loaded), IsEmpty());
  EXPECT_EQ(loaded.tls->trust_domain, "example.com");
  EXPECT_EQ(loaded.authorization.size(), 2U);

  loaded = plaintext;
  EXPECT_THAT(Keys(KeepUntilRestart(with_tls, &loaded)), ElementsAre("tls", "authorization"));
  EXPECT_TRUE(loaded.tls.has_value());
}

TEST(KeepUntilRestart, ShortensLongValues) {
  DaemonConfig loaded;
  loaded.ledger.path = "/" + std::string(4'000, 'x');
  const auto changes = KeepUntilRestart(DaemonConfig(), &loaded);
  ASSERT_EQ(changes.size(), 1U);
  EXPECT_LT(changes[0].asked.size(), 300U);
  EXPECT_THAT(changes[0].asked, HasSubstr("xxx..."));
}

constexpr char kOtherSettings[] = R"(
catalog: c.yaml
plans: [p.yaml]
framework: f.yaml
listen: {ingest: 127.0.0.1:1, query: 127.0.0.1:2, http: 127.0.0.1:3, admin: 127.0.0.1:4}
ingest:
  queue_reports: 5000
  commit_reports: 100
  max_message: 1MiB
  max_reports_per_batch: 102
  max_streams: 103
  buffer: 65MiB
  rate: {reports_per_second: 104, burst_reports: 105, bytes_per_second: 1MiB, burst_bytes: 2MiB}
  max_window: 2h
  max_lateness: 3d
  future_tolerance: 0s
  adjust_up_to: 4d
  accept_replay: true
ledger: {path: l.db, keep_hours: 2d, keep_days: 3d, workloads_per_pool: 5}
live: {silent_after: 1m, forget_after: 2d, coverage_threshold: 1, idle_below: 1%}
outcomes:
  prices: p.yaml
  benchmarks: b.yaml
  windows: [7d]
  token_weights: {input: 2}
  volume: {much: 50%}
  series: 6
  segments: 7
  post_training_types: [rl]
  refresh: 1s
log: {level: debug, format: json}
shutdown: {deadline: 500ms, final_scrape: 1s}
)";

TEST(KeepUntilRestart, EitherTakesASettingOrKeepsItAndSaysSo) {
  const TempFolder folder;
  const auto other = LoadDaemonConfig(folder.Write("d.yaml", kOtherSettings));
  ASSERT_TRUE(other.ok()) << other.status();
  DaemonConfig loaded = *other;
  const std::vector<std::string> kept = Keys(KeepUntilRestart(DaemonConfig(), &loaded));
  const SettingValues before = ValuesOf(DaemonConfig());
  const SettingValues asked = ValuesOf(*other);
  size_t restarts = 0;
  for (const auto& [key, setting] : ValuesOf(loaded)) {
    SCOPED_TRACE(key);
    if (before.at(key).value == asked.at(key).value) continue;
    const bool restart = setting.takes == Takes::kRestart;
    EXPECT_EQ(setting.value, restart ? before.at(key).value : asked.at(key).value);
    EXPECT_EQ(std::count(kept.begin(), kept.end(), key), restart ? 1 : 0);
    if (restart) ++restarts;
  }
  EXPECT_EQ(restarts, kept.size());
  EXPECT_EQ(restarts, 27U);
}

}  // namespace
}  // namespace fleetmeter
