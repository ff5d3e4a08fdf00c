// Usage reports, and a client that sends them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::e2e {

inline constexpr int64_t kSecond = 1'000'000'000;
inline constexpr int64_t kHour = 3'600 * kSecond;

int64_t NowNanos();
std::string RandomStreamId();

// A report of `source` without chips. Its window began `ago` nanoseconds ago.
v1::UsageReport MakeReport(const std::string& source, int64_t ago = 10 * kSecond,
                           int64_t length = kSecond);

// Adds chips that are assigned to a team of a pool, one for each activity, numbered from 0.
v1::UsageGroup& AddAssigned(v1::UsageReport& report, const std::string& pool,
                            const std::string& team, const std::vector<double>& activity,
                            const std::string& chip = "h100",
                            const std::string& signal = "gr_engine_active");
// Adds chips of a state without a team.
v1::UsageGroup& AddFree(v1::UsageReport& report, v1::ChipState state, uint32_t first_device,
                        uint32_t devices, const std::string& chip = "h100");

// Adds a request that waits for chips of a pool, in the queue of a scheduler of its own.
v1::Waiting& AddWaiting(v1::UsageReport& report, const std::string& pool, int64_t chips,
                        const std::string& chip = "h100");

// A good report: two h100 of pool "serving", team "chat", at activities 0.25 and 0.75. In a window
// of a second it counts 2e9 chip-nanoseconds assigned and 1e9 busy.
v1::UsageReport GoodReport(const std::string& source, int64_t ago = 10 * kSecond,
                           int64_t length = kSecond);

v1::UsageReport Numbered(v1::UsageReport report, uint64_t sequence);

// One ingest stream. Every call fails when nothing has come for a minute.
class StreamClient {
 public:
  explicit StreamClient(v1::UsageIngest::Stub& stub, std::string stream_id = RandomStreamId());
  // Ends the call, if Finish has not.
  ~StreamClient();

  // The first request, and the answer to it. nullopt: the daemon ended the call.
  std::optional<v1::Welcome> Open(double replay_speed = 0);
  // Several reports as one batch. False: the call has ended.
  bool Send(const std::vector<v1::UsageReport>& reports,
            const std::vector<v1::OutcomeReport>& outcomes = {});
  bool SendOpen(double replay_speed = 0);
  // nullopt: the call has ended.
  std::optional<v1::Ack> ReadAck();
  // Send, then ReadAck; an empty Ack if the call has ended.
  v1::Ack Settle(const std::vector<v1::UsageReport>& reports,
                 const std::vector<v1::OutcomeReport>& outcomes = {});
  // Says that no more comes, and waits for the end.
  grpc::Status Finish();
  // Waits for the end that the daemon makes.
  grpc::Status AwaitEnd();
  void Cancel() { context_.TryCancel(); }

  const std::string& stream_id() const { return stream_id_; }

 private:
  const std::string stream_id_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::StreamRequest, v1::StreamResponse>> stream_;
  bool finished_ = false;
};

struct UnaryAnswer {
  grpc::Status status;
  v1::Ack ack;
  std::optional<std::string> pushback_millis;  // grpc-retry-pushback-ms
};

UnaryAnswer SendUnary(v1::UsageIngest::Stub& stub, const std::string& stream_id,
                      const std::vector<v1::UsageReport>& reports);

}  // namespace fleetmeter::e2e
