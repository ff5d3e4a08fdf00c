// One open ingest stream: reads ahead a little, submits, and writes answers in order of commit.
//
// Lives from the call's start until gRPC and every pending submission are done with it: the writer
// may call back after the client has gone, so both hold a shared_ptr. Thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "daemon/ingest/ingest_service.h"

namespace fleetmeter {

class IngestStream final : public grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>,
                           public std::enable_shared_from_this<IngestStream> {
 public:
  IngestStream(IngestService& service, Caller caller);

  // Keeps itself alive until OnDone. `refused` not OK: ends the call with it.
  void Begin(const grpc::Status& refused);
  // Ends with UNAVAILABLE once everything submitted is answered.
  void Drain();

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  // Batches submitted, and answers not yet taken; a client that is ahead of this waits.
  static constexpr size_t kMaxInFlight = 4;

  void Handle(const v1::StreamRequest& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandleOpen(const v1::Open& open) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandleBatch(const v1::Batch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Submission Decode(const v1::Batch& batch, size_t weight) const;
  void Submit(Submission submission, const std::vector<uint64_t>& sequences)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Takes no batch for now.
  void RefuseBatch(const std::vector<uint64_t>& sequences, const std::string& detail,
                   uint32_t millis) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void RefuseForRoom(const std::vector<uint64_t>& sequences) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Settled(const SubmitResult& result, const std::vector<uint64_t>& sequences);
  void ReadMore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Send(v1::StreamResponse response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Remembers how the call ends; it does so when nothing is in flight any more.
  void End(grpc::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FinishIfIdle() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  IngestService& service_;
  const Caller caller_;

  Mutex mutex_;
  std::shared_ptr<IngestStream> self_ ABSL_GUARDED_BY(mutex_);
  v1::StreamRequest request_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::StreamResponse> outgoing_ ABSL_GUARDED_BY(mutex_);
  StreamKey stream_ ABSL_GUARDED_BY(mutex_);
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;  // of our session
  double replay_speed_ ABSL_GUARDED_BY(mutex_) = 1;
  bool can_defer_ ABSL_GUARDED_BY(mutex_) = false;  // the client can
  int in_flight_ ABSL_GUARDED_BY(mutex_) = 0;
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;
  bool reading_ ABSL_GUARDED_BY(mutex_) = false;
  bool decoding_ ABSL_GUARDED_BY(mutex_) = false;  // a batch; the next one is read after it
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
