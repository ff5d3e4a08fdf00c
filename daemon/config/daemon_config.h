// The configuration of fleetmeterd. Each section is a struct in daemon/config/sections, which
// declares its settings once: key, default, bounds, help, and what brings a change into force
// (settings/setting.h says how). LoadDaemonConfig (load_config.h) reads a file, strictly.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/config/sections/http_config.h"
#include "daemon/config/sections/ingest_config.h"
#include "daemon/config/sections/ledger_config.h"
#include "daemon/config/sections/listen_config.h"
#include "daemon/config/sections/live_config.h"
#include "daemon/config/sections/log_config.h"
#include "daemon/config/sections/otlp_config.h"
#include "daemon/config/sections/outcomes_config.h"
#include "daemon/config/sections/shutdown_config.h"
#include "daemon/config/settings/setting.h"
#include "daemon/config/settings/structures.h"

namespace fleetmeter {

struct DaemonConfig {
  std::string catalog;             // path; in the file relative to the file
  std::vector<std::string> plans;  // paths, likewise
  std::string framework;           // path, likewise; empty: none
  ListenConfig listen;
  // Given: all gRPC listeners speak TLS, on loopback too, and demand a client certificate. Not
  // given: callers are not told apart; everyone is "local" and may do everything.
  std::optional<TlsConfig> tls;
  std::vector<AccessRule> authorization;  // with tls, and only then
  HttpConfig http;
  IngestConfig ingest;
  LedgerConfig ledger;
  LiveConfig live;
  OutcomesConfig outcomes;
  OtlpConfig otlp;
  LogConfig log;
  ShutdownConfig shutdown;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    DescribeFiles(visit);
    visit(Section{"listen",
                  "Where the daemon listens. An address is \"host:port\" with an IP address or "
                  "localhost; port 0 takes a free port. Beyond loopback the gRPC listeners need "
                  "tls."},
          &DaemonConfig::listen);
    DescribeAccess(visit);
    visit(Section{"http", "What the HTTP listener serves, and to whom."}, &DaemonConfig::http);
    visit(Section{"ingest", "What is accepted from collectors."}, &DaemonConfig::ingest);
    visit(Section{"ledger", "Where the books are kept."}, &DaemonConfig::ledger);
    visit(Section{"live", "What counts as known right now."}, &DaemonConfig::live);
    visit(Section{"outcomes",
                  "What allocations lead to: margin per inference request, and capability per hour "
                  "of training. Outcomes need ledger.path. The folder outcomes has examples of the "
                  "files."},
          &DaemonConfig::outcomes);
    visit(
        Section{"otlp",
                "Where metrics are sent to, beside being scraped: a receiver of the OpenTelemetry "
                "protocol, such as a collector."},
        &DaemonConfig::otlp);
    visit(Section{"log", "What is logged to standard error."}, &DaemonConfig::log);
    visit(Section{"shutdown", "How long a stop may take."}, &DaemonConfig::shutdown);
  }

 private:
  template <class Visitor>
  static void DescribeFiles(Visitor& visit) {
    visit(Setting{.key = "catalog",
                  .takes = Takes::kReload,
                  .help = "This file names the kinds of chips, and what each is worth in "
                          "H100-equivalents.",
                  .required = "the path of a catalog file",
                  .example = "catalog/default.yaml",
                  .shipped = true},
          FilePath{}, &DaemonConfig::catalog);
    visit(
        Setting{.key = "plans",
                .takes = Takes::kReload,
                .help = "Each of these files is an allocation plan. The plan that took effect last "
                        "is in force.",
                .required = "a list of paths of plan files",
                .example = "- plans/example.yaml",
                .shipped = true},
        FilePaths{}, &DaemonConfig::plans);
    visit(
        Setting{.key = "framework",
                .takes = Takes::kReload,
                .help = "This file holds the allocation framework's assumptions. With it the "
                        "daemon works out what the plan and what is measured would earn and train "
                        "in a year, and answers what-if questions. Without it, nothing of that is "
                        "shown.",
                .example = "plans/framework.yaml",
                .shipped = true},
        FilePath{}, &DaemonConfig::framework);
  }

  template <class Visitor>
  static void DescribeAccess(Visitor& visit) {
    visit(
        Setting{.key = "tls",
                .takes = Takes::kReloadWhileGiven,
                .help =
                    "With tls every gRPC listener speaks TLS 1.2 or 1.3, on loopback too. It takes "
                    "only clients with a certificate that leads to client_ca and has exactly one "
                    "URI among its names: a SPIFFE ID of trust_domain. Without tls callers cannot "
                    "be told apart, and whoever reaches a listener may do everything there.\n"
                    "The daemon looks at the files once a second. New ones come into force for new "
                    "connections when they fit together; otherwise the old ones stay. The key must "
                    "not be readable by others. deploy/make-dev-certs.sh makes files to try it "
                    "with.\n"
                    "A reload takes up other paths and another trust domain; whether there is tls "
                    "at all takes a restart.",
                .example = "trust_domain: example.org\n"
                           "certificate: /etc/fleetmeter/tls/fleetmeterd.pem\n"
                           "key: /etc/fleetmeter/tls/fleetmeterd-key.pem\n"
                           "client_ca: /etc/fleetmeter/tls/ca.pem",
                .only_with = "authorization"},
        TlsSettings{}, &DaemonConfig::tls);
    visit(
        Setting{
            .key = "authorization",
            .takes = Takes::kReloadWhileGiven,
            .help = "These rules say who may do what. They are given with tls, and only then. "
                    "Nobody may do anything that no rule grants; what several rules grant to an "
                    "identity adds up. An identity that ends in /* stands for every identity below "
                    "it. The roles ingest, query and admin are each for the listener of that name. "
                    "An identity may report for its pools, a list or \"*\" for all; chips "
                    "without a pool need the role ingest only. An identity whose rules all list "
                    "pools that it sees is told of those only, and nothing about the whole fleet.\n"
                    "An identity with a rule that lists sources may report for those only, and a "
                    "source that a rule lists is for the identities of such rules only. In the "
                    "name of a source at most one * stands for any text, and {id} for the last "
                    "part of the caller's identity. A source that no rule lists belongs to the "
                    "identity that reported it first; fleetmeterctl source move gives it to "
                    "another one.\n"
                    "Three roles are for requests for capacity, beside the role query. ask submits "
                    "them for its teams, decide decides those within the allocations of the pools "
                    "that it decides in, and allocate decides those beyond. teams and decides are "
                    "a list or \"*\" for all.\n"
                    "A reload puts changes into force at once, also for connections that are open.",
            .example = "- {identity: spiffe://example.org/host/a, roles: [ingest], pools: "
                       "[research-scaling]}\n"
                       "- {identity: spiffe://example.org/host/*, roles: [ingest], sources: "
                       "[\"{id}\"]}\n"
                       "- {identity: spiffe://example.org/relay/*, roles: [ingest], pools: \"*\"}\n"
                       "- {identity: spiffe://example.org/owner/a, roles: [query], sees: "
                       "[research-scaling]}\n"
                       "- {identity: spiffe://example.org/team/a, roles: [query, ask], teams: "
                       "[frontier-rl]}\n"
                       "- {identity: spiffe://example.org/owner/a, roles: [decide], decides: "
                       "[research-scaling]}\n"
                       "- {identity: spiffe://example.org/capacity/*, roles: [query, allocate]}\n"
                       "- {identity: spiffe://example.org/ops/*, roles: [query, admin]}",
            .only_with = "tls"},
        AccessRules{}, &DaemonConfig::authorization);
  }
};

}  // namespace fleetmeter
