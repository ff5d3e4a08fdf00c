// The call that reports go by.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ctl/import/usage_amounts.h"
#include "daemon/security/client_tls.h"
#include "fleetmeter/v1/ingest.pb.h"

namespace grpc {
class Channel;
}

namespace fleetmeter::ctl {

struct ReportAnswer {
  enum class Kind {
    kAck,       // `ack` says what became of the reports
    kBusy,      // nothing was settled: send the same after `wait`
    kNoAnswer,  // not there, or cut off: some may have been settled
    kTooLarge,  // the call as a whole: send less at a time
    kError,     // for good
  };
  Kind kind = Kind::kError;
  v1::Ack ack;
  std::optional<v1::SourceOverlap> overlap;  // if that was asked
  std::string time_zone;                     // of the daemon's days; empty: an older daemon's, UTC
  std::vector<std::string> unknown_names;    // if that was asked
  imports::DeclaredChips declared_chips;     // of the names that were asked about
  std::chrono::milliseconds wait{0};
  std::string error;  // a sentence, unless kAck
};

// One connection, made with the first call and again when it breaks. One thread.
class ImportClient {
 public:
  // `tls`: how the channel was made, to find out why it fails.
  ImportClient(std::shared_ptr<grpc::Channel> channel, std::string address,
               std::chrono::nanoseconds timeout, ClientTls tls = {});
  ~ImportClient();

  // Reads the files of `tls`.
  static absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(const std::string& address,
                                                                const ClientTls& tls);

  ReportAnswer Report(const v1::ReportRequest& request);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Compares usage with the books, or corrects them, over a connection of its own. Waits while the
// daemon is busy. Unavailable: no answer in time; whether it was booked is not known, and asking
// again tells.
absl::StatusOr<v1::CorrectUsageResponse> AskCorrectUsage(const std::string& address,
                                                         const ClientTls& tls,
                                                         std::chrono::nanoseconds timeout,
                                                         const v1::CorrectUsageRequest& request);

}  // namespace fleetmeter::ctl
