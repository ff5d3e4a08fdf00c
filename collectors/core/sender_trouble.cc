// What the end of a session means, and how it is told.
#include <fmt/format.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

#include "collectors/core/sender.h"
#include "daemon/base/log_fields.h"
#include "daemon/security/explain_connection.h"

namespace fleetmeter::collector {
namespace {

constexpr auto kExplainWithin = std::chrono::seconds(2);

// What sending again cannot mend.
bool IsFinal(grpc::StatusCode code) {
  return code == grpc::StatusCode::FAILED_PRECONDITION ||
         code == grpc::StatusCode::INVALID_ARGUMENT || code == grpc::StatusCode::UNIMPLEMENTED;
}

// What only a person can mend, without a restart of ours: asking often is no use.
bool IsDenied(grpc::StatusCode code) {
  return code == grpc::StatusCode::PERMISSION_DENIED || code == grpc::StatusCode::UNAUTHENTICATED;
}

}  // namespace

void Sender::Judge(int error_code, const std::string& message) {
  const auto code = static_cast<grpc::StatusCode>(error_code);
  if (code == grpc::StatusCode::ABORTED) {
    Refuse(fmt::format(
        "another process uses this stream: two collectors on one spool, or a cloned host; stop one "
        "of them, or give it a spool of its own (the daemon at {} says: {})",
        options_.daemon, message));
  } else if (IsFinal(code)) {
    Refuse(message);
  } else if (IsDenied(code)) {
    wait_ = options_.longest_backoff;
    TellTrouble(
        spdlog::level::err, "not_allowed",
        fmt::format("the daemon at {} does not let us report: {}", options_.daemon, message),
        " until it does");
  } else if (code != grpc::StatusCode::OK) {
    TellTrouble(
        spdlog::level::warn, "stream_ended",
        fmt::format("the stream to {} ended: {}", options_.daemon, Explained(code, message)), "");
  }
}

// gRPC says of a handshake that failed only that the socket was closed. The connection is tried
// once for each thing that it says, so that a fleet that nobody lets in does not ask twice.
std::string Sender::Explained(int error_code, const std::string& message) {
  if (static_cast<grpc::StatusCode>(error_code) != grpc::StatusCode::UNAVAILABLE) return message;
  if (message != unexplained_) {
    unexplained_ = message;
    explanation_ = ExplainFailedConnection(options_.daemon, options_.tls, kExplainWithin);
  }
  return explanation_.empty() ? message : explanation_;
}

void Sender::TellTrouble(int level, const std::string& event, const std::string& what,
                         const std::string& until) const {
  const size_t waiting = outbox_.size();
  LogWith(static_cast<spdlog::level::level_enum>(level),
          fmt::format("{}; {} reports wait{}", what, waiting, until),
          {{"event", event}, {"daemon", options_.daemon}, {"reports_waiting", waiting}});
}

}  // namespace fleetmeter::collector
