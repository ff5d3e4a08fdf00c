// Delivers an outbox to the daemon over one gRPC stream, for as long as it takes.
//
// Runs a thread of its own, and a second one while a stream is open. Reconnects with exponential
// backoff; goes back to the last acknowledgement after anything that is not settled.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "collectors/core/outbox.h"
#include "daemon/security/client_tls.h"

namespace grpc {
class ClientContext;
}  // namespace grpc

namespace fleetmeter::collector {

struct SenderOptions {
  std::string daemon;  // "host:port"
  std::string client;  // for the daemon's log
  ClientTls tls = {};  // its files are read again for each connection
  double replay_speed = 1;
  // Send again what a daemon acknowledged whose books were then restored from an older backup.
  bool recover_acknowledged = false;
  std::chrono::milliseconds first_backoff{200};
  std::chrono::milliseconds longest_backoff{10'000};
};

// Since the start of the process.
struct SenderStats {
  bool connected = false;  // a daemon has welcomed the stream that is open
  uint64_t sessions = 0;   // streams that were welcomed
  uint64_t acknowledged = 0;
  uint64_t duplicates = 0;
  uint64_t conflicts = 0;
  std::map<std::string, uint64_t> rejected;  // by reason
  uint64_t deferred = 0;                     // answers, and not reports
  int64_t last_acknowledged_unix_nanos = 0;  // 0: never
};

class Sender {
 public:
  // `outbox` outlives the sender.
  Sender(SenderOptions options, Outbox& outbox);
  ~Sender();
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  void Start();
  // Gives up delivering and ends the threads.
  void Stop();

  // Reports that the daemon rejected for good, or that differ from what it counted.
  uint64_t rejected() const { return rejected_; }
  // Why the daemon will not have this stream at all; then nothing more is sent.
  std::optional<std::string> refusal() const;
  SenderStats stats() const;

 private:
  class Session;

  void Run();
  // One connection from open to end.
  void RunSession();
  // What the end of a session means.
  void Judge(int code, const std::string& message);
  // What is wrong with a connection that failed, where more can be known than gRPC says.
  std::string Explained(int code, const std::string& message);
  void TellTrouble(int level, const std::string& event, const std::string& what,
                   const std::string& until) const;
  void Refuse(std::string why);
  void Backoff(std::chrono::milliseconds wait);

  const SenderOptions options_;
  Outbox& outbox_;
  std::atomic<uint64_t> rejected_ = 0;
  std::atomic<bool> stopping_ = false;
  // The sender thread's own.
  std::chrono::milliseconds wait_;  // before the next session
  std::string unexplained_;         // what gRPC said of the failure that was looked into last
  std::string explanation_;         // and what is wrong; empty: nobody knows
  mutable Mutex mutex_;
  SenderStats stats_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::string> refusal_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* open_call_ ABSL_GUARDED_BY(mutex_) = nullptr;  // of the session there is
  std::thread thread_;
};

}  // namespace fleetmeter::collector
