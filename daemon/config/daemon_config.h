// Settings of fleetmeterd. One struct a part; defaults are written here and nowhere else.
// The loader (load_config.h) reads them from YAML, strictly: sections and keys are named as here
// without the unit suffix ("silent_after: 45s"). Every setting has a range there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/domain/outcomes/rules.h"
#include "daemon/security/access_policy.h"
#include "daemon/security/tls_files.h"

namespace fleetmeter {

struct ListenConfig {
  // "host:port", where host is an IP address or localhost; port 0 takes a free one. Beyond loopback
  // the gRPC listeners need `tls`, or the switch below; `http` has no TLS and always needs the
  // switch.
  std::string ingest = "127.0.0.1:7443";
  std::string query = "127.0.0.1:7444";
  std::string http = "127.0.0.1:9477";
  // Empty: there is no such listener.
  std::string admin;
  // Serves whoever can reach a listener that has no TLS, from other machines too.
  bool allow_plaintext_beyond_loopback_without_authentication = false;
};

// Given: all gRPC listeners speak TLS, on loopback too, and demand a client certificate. Not given:
// callers are not told apart; everyone is "local" and may do everything.
struct TlsConfig {
  std::string trust_domain;  // of the SPIFFE IDs of callers
  TlsPaths files;            // in the file relative to the file; authorities is client_ca there
};

// Of each identity; until the listener asks for certificates that is everybody together.
struct RateConfig {
  int64_t reports_per_second = 100'000;
  int64_t burst_reports = 200'000;
  int64_t bytes_per_second = int64_t{128} << 20;
  int64_t burst_bytes = int64_t{256} << 20;
};

struct IngestConfig {
  int64_t queue_reports = 65'536;  // reports waiting for the writer, over all streams
  int64_t commit_reports = 2'048;  // most reports in one commit
  int64_t max_message_bytes = int64_t{4} << 20;
  int64_t max_reports_per_batch = 512;
  int64_t max_streams = 4'096;
  // gRPC's own buffers for all collectors together; beyond it it reads less and takes no new ones.
  int64_t buffer_bytes = int64_t{1} << 30;
  int64_t max_window_nanos = 3'600 * kNanosPerSecond;
  // How far the end of a window may lie behind, and ahead of, the daemon's clock.
  int64_t max_lateness_nanos = int64_t{7} * 86'400 * kNanosPerSecond;
  int64_t future_tolerance_nanos = 5 * kNanosPerSecond;
  // A window that ended longer ago than max_lateness, but not than this, is booked in the present
  // hour as an adjustment of its own.
  int64_t adjust_up_to_nanos = int64_t{90} * 86'400 * kNanosPerSecond;
  RateConfig rate;
  bool accept_replay = false;  // streams that declare a replay speed above 1
};

struct LedgerConfig {
  // The ledger's file; in the configuration relative to it. Empty: books in memory, which end with
  // the process.
  std::string path;
  // How long hours are kept before only their days are, and days before only their quarters.
  int64_t keep_hours_nanos = int64_t{400} * 86'400 * kNanosPerSecond;
  int64_t keep_days_nanos = int64_t{3'650} * 86'400 * kNanosPerSecond;
  // Workloads that a pool's hour tells apart; the rest are booked as one, "overflow".
  int64_t workloads_per_pool = 1'000;
};

struct LiveConfig {
  // A source whose latest window ended longer ago is silent: out of the live numbers, into unheard.
  int64_t silent_after_nanos = 45 * kNanosPerSecond;
  // A silent source is forgotten after this and no longer expected.
  int64_t forget_after_nanos = 86'400 * kNanosPerSecond;
  // Below it no utilization is exported.
  double coverage_threshold = 0.9;
  // Part of assigned chips that must be measured for utilization to be exported.
  double measured_threshold = 0.9;
  // A chip with a lower activity counts as idle.
  double idle_below = 0.05;
};

struct OutcomesConfig {
  std::string prices;      // path of a price book; empty: only reports bring revenue
  std::string benchmarks;  // path of a benchmark suite; empty: no capability is worked out
  outcomes::Rules rules;   // without what those two files say
  // How often what is worked out from the books is worked out anew, at most.
  int64_t refresh_nanos = 30 * kNanosPerSecond;
};

struct LogConfig {
  std::string level = "info";   // trace, debug, info, warn, error
  std::string format = "text";  // text, json
};

struct ShutdownConfig {
  int64_t deadline_nanos = 10 * kNanosPerSecond;
  // If anybody has scraped us, /metrics stays up this long after the last report was counted, or
  // until it was scraped once more: what was acknowledged is in that scrape.
  int64_t final_scrape_nanos = 3 * kNanosPerSecond;
};

struct DaemonConfig {
  std::string catalog;             // path; in the file relative to the file
  std::vector<std::string> plans;  // paths, likewise
  std::string framework;           // path, likewise; empty: none
  ListenConfig listen;
  std::optional<TlsConfig> tls;
  std::vector<AccessRule> authorization;  // with tls, and only then
  IngestConfig ingest;
  LedgerConfig ledger;
  LiveConfig live;
  OutcomesConfig outcomes;
  LogConfig log;
  ShutdownConfig shutdown;
};

}  // namespace fleetmeter
