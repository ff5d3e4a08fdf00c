// Delivers an outbox to the daemon over one gRPC stream, for as long as it takes.
//
// Runs a thread of its own, and a second one while a stream is open. Reconnects with exponential
// backoff; goes back to the last acknowledgement after anything that is not settled.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "collectors/core/outbox.h"

namespace grpc {
class ClientContext;
}  // namespace grpc

namespace fleetmeter::collector {

struct SenderOptions {
  std::string daemon;  // "host:port"
  std::string client;  // for the daemon's log
  double replay_speed = 1;
  std::chrono::milliseconds first_backoff{200};
  std::chrono::milliseconds longest_backoff{10'000};
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

  // Reports that the daemon rejected for good.
  uint64_t rejected() const { return rejected_; }
  // Why the daemon will not have this stream at all; then nothing more is sent.
  std::optional<std::string> refusal() const;

 private:
  class Session;

  void Run();
  // One connection from open to end. True if the daemon acknowledged something.
  bool RunSession();
  void Backoff(std::chrono::milliseconds wait);

  const SenderOptions options_;
  Outbox& outbox_;
  std::string stream_id_;  // the sender thread's own
  std::atomic<uint64_t> rejected_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable Mutex mutex_;
  std::optional<std::string> refusal_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* open_call_ ABSL_GUARDED_BY(mutex_) = nullptr;  // of the session there is
  std::thread thread_;
};

}  // namespace fleetmeter::collector
