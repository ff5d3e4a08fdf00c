// One call to an OTLP receiver: where it is, how it is reached, and what its answers mean.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "daemon/base/units.h"
#include "daemon/security/tls_files.h"
#include "daemon/serve/otlp/otlp_probe.h"
#include "peers/otlp_metrics.pb.h"

namespace grpc {
class Channel;
class Status;
}  // namespace grpc

namespace fleetmeter {

namespace otlp = ::opentelemetry::proto::collector::metrics::v1;

struct OtlpOptions {
  std::string target;  // "collector.example.org:4317"
  bool tls = false;
  // Whom to trust; empty: the system's authorities. Certificate and key are our own.
  TlsPaths files = {};
  std::string server_name = {};   // that the certificate must have; empty: the host of the target
  std::string headers_file = {};  // empty: there is none
  std::string instance = {};      // who we are: service.instance.id
  int64_t interval_nanos = 30 * kSecond;
  int64_t timeout_nanos = 10 * kSecond;

  friend bool operator==(const OtlpOptions&, const OtlpOptions&) = default;
};

struct OtlpOutcome {
  OtlpResult result = OtlpResult::kOk;
  int64_t rejected_points = 0;
  std::optional<int64_t> asked_nanos = {};  // for how long the receiver wants to be left alone
  std::string why = {};                     // for the log; empty: all is well
};

// Reads the files anew. Nothing is connected yet, and a channel never shares a connection with
// another one. An error names the file.
absl::StatusOr<std::shared_ptr<grpc::Channel>> OpenOtlpChannel(const OtlpOptions& options,
                                                               int64_t now_unix_seconds);

// What an answer means (https://opentelemetry.io/docs/specs/otlp/, sections "Partial Success",
// "Failures" and "OTLP/gRPC Throttling").
OtlpOutcome OutcomeOf(const grpc::Status& status,
                      const otlp::ExportMetricsServiceResponse& response);

}  // namespace fleetmeter
