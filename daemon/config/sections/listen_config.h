// Section `listen`: where the daemon listens.
#pragma once

#include <string>

#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct ListenConfig {
  std::string ingest = "127.0.0.1:7443";
  std::string query = "127.0.0.1:7444";
  std::string http = "127.0.0.1:9477";
  std::string admin;  // empty: there is no such listener
  bool allow_plaintext_beyond_loopback_without_authentication = false;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "ingest", .help = "Collectors send their reports to this gRPC listener."},
          HostAndPort{}, &ListenConfig::ingest);
    visit(Setting{.key = "query", .help = "This gRPC listener answers fleetmeterctl."},
          HostAndPort{}, &ListenConfig::query);
    visit(
        Setting{.key = "http",
                .help = "This HTTP listener serves /metrics, /healthz, /readyz, the console and "
                        "its API. Without http.tls it stays on loopback unless the last setting of "
                        "this section is true. A proxy that authenticates may stand before it. On "
                        "loopback a request is answered only if its Host header is an IP address "
                        "or localhost."},
        HostAndPort{}, &ListenConfig::http);
    visit(Setting{.key = "admin",
                  .help = "This gRPC listener takes the orders of `fleetmeterctl admin`. There is "
                          "none unless it is set.",
                  .example = "127.0.0.1:7445"},
          HostAndPort{}, &ListenConfig::admin);
    visit(Setting{.key = "allow_plaintext_beyond_loopback_without_authentication",
                  .help = "With true, listeners without TLS may listen beyond loopback. They then "
                          "serve whoever can reach them, from other machines too."},
          TrueOrFalse{}, &ListenConfig::allow_plaintext_beyond_loopback_without_authentication);
  }
};

}  // namespace fleetmeter
