// Section `otlp`: where metrics are sent to.
#pragma once

#include <cstdint>
#include <string>

#include "daemon/base/units.h"
#include "daemon/config/settings/kinds.h"
#include "daemon/config/settings/setting.h"

namespace fleetmeter {

struct OtlpConfig {
  static constexpr size_t kMaxTextBytes = 1'024;

  std::string endpoint;  // URL; empty: metrics are sent nowhere
  int64_t interval_nanos = 30 * kSecond;
  int64_t timeout_nanos = 10 * kSecond;
  std::string ca_file;           // empty: the system's authorities
  std::string certificate_file;  // empty: none is shown
  std::string key_file;
  std::string server_name;   // empty: the host of the endpoint
  std::string headers_file;  // empty: there is none
  std::string instance;      // empty: the name of the machine and the port of http
  bool allow_plaintext_beyond_loopback = false;

  template <class Visitor>
  static void Describe(Visitor& visit) {
    visit(Setting{.key = "endpoint",
                  .takes = Takes::kReload,
                  .help = "The receiver listens here for OTLP over gRPC. With https the daemon "
                          "speaks TLS and checks the certificate of the receiver.",
                  .example = "https://collector.example.org:4317"},
          AnyText{kMaxTextBytes}, &OtlpConfig::endpoint);
    visit(Setting{.key = "interval",
                  .takes = Takes::kReload,
                  .help = "All metrics are sent once in this time."},
          DurationIn{kSecond, kHour}, &OtlpConfig::interval_nanos);
    visit(Setting{.key = "timeout",
                  .takes = Takes::kReload,
                  .help = "An export that takes longer is given up, and tried again."},
          DurationIn{100 * kMillisecond, 10 * kMinute}, &OtlpConfig::timeout_nanos);
    DescribeTrust(visit);
    DescribeIdentity(visit);
  }

 private:
  template <class Visitor>
  static void DescribeTrust(Visitor& visit) {
    visit(Setting{.key = "ca_file",
                  .takes = Takes::kReload,
                  .help = "The certificate of the receiver must lead to an authority of this file. "
                          "Without it the authorities of the system are trusted. This file and the "
                          "next ones are read again for each new connection.",
                  .example = "/etc/fleetmeter/tls/receiver-ca.pem",
                  .only_with = "endpoint"},
          FilePath{}, &OtlpConfig::ca_file);
    visit(
        Setting{.key = "certificate_file",
                .takes = Takes::kReload,
                .help = "The daemon shows this certificate to the receiver. It goes with key_file "
                        "and ca_file.",
                .example = "/etc/fleetmeter/tls/fleetmeterd.pem",
                .only_with = "key_file"},
        FilePath{}, &OtlpConfig::certificate_file);
    visit(
        Setting{.key = "key_file",
                .takes = Takes::kReload,
                .help = "This is the key of certificate_file. Others must not be able to read it.",
                .example = "/etc/fleetmeter/tls/fleetmeterd-key.pem",
                .only_with = "certificate_file"},
        FilePath{}, &OtlpConfig::key_file);
    visit(
        Setting{.key = "server_name",
                .takes = Takes::kReload,
                .help = "The certificate of the receiver must have this name. Without it the name "
                        "is the host of the endpoint.",
                .example = "collector.example.org",
                .only_with = "endpoint"},
        AnyText{kMaxTextBytes}, &OtlpConfig::server_name);
    visit(Setting{.key = "allow_plaintext_beyond_loopback",
                  .takes = Takes::kReload,
                  .help = "With true, metrics go without TLS to a receiver on another machine too. "
                          "Whoever is between can then read them, and the headers."},
          TrueOrFalse{}, &OtlpConfig::allow_plaintext_beyond_loopback);
  }

  template <class Visitor>
  static void DescribeIdentity(Visitor& visit) {
    visit(Setting{.key = "headers_file",
                  .takes = Takes::kReload,
                  .help = "Each line of this file is a header that goes with each export, as NAME: "
                          "VALUE, such as the key by which the receiver knows the sender. Others "
                          "must not be able to read it. It is read again for each export.",
                  .example = "/etc/fleetmeter/otlp-headers",
                  .only_with = "endpoint"},
          FilePath{}, &OtlpConfig::headers_file);
    visit(Setting{.key = "instance",
                  .takes = Takes::kReload,
                  .help = "The resource attribute service.instance.id, by which daemons are told "
                          "apart. Without it, it is the name of the machine with the port of "
                          "listen.http.",
                  .example = "east"},
          AnyText{kMaxTextBytes}, &OtlpConfig::instance);
  }
};

}  // namespace fleetmeter
