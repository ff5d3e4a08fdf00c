// The sender against daemons that do not do what daemons do.
#include "collectors/core/sender.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <future>

#include "collectors/core/memory_outbox.h"
#include "daemon/base/mutex.h"
#include "fleetmeter/v1/ingest.grpc.pb.h"

namespace fleetmeter::collector {
namespace {

class MuteStream final : public grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse> {
 public:
  void OnCancel() override { Finish(grpc::Status::CANCELLED); }
  void OnDone() override { delete this; }
};

// Accepts streams and says nothing.
class MuteDaemon final : public v1::UsageIngest::CallbackService {
 public:
  MuteDaemon() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }

  grpc::ServerBidiReactor<v1::StreamRequest, v1::StreamResponse>* Stream(
      grpc::CallbackServerContext*) override {
    MutexLock lock(mutex_);
    opened_ = true;
    changed_.NotifyAll();
    return new MuteStream;
  }

  void AwaitStream() {
    MutexLock lock(mutex_);
    while (!opened_) changed_.Wait(mutex_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  CondVar changed_;
  bool opened_ ABSL_GUARDED_BY(mutex_) = false;
};

v1::UsageReport NamedReport(const std::string& source) {
  v1::UsageReport report;
  report.set_source(source);
  return report;
}

TEST(Sender, StopsWhileTheDaemonKeepsItWaitingForAWelcome) {
  MuteDaemon daemon;
  MemoryOutbox outbox(10);
  ASSERT_TRUE(outbox.Append({NamedReport("h")}).ok());
  Sender sender({.daemon = daemon.address(), .client = "test"}, outbox);
  sender.Start();
  daemon.AwaitStream();
  auto stopped = std::async(std::launch::async, [&] { sender.Stop(); });
  EXPECT_EQ(stopped.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_EQ(outbox.size(), 1u) << "what was not acknowledged is kept";
}

TEST(Outbox, PutsAnEmptyReportOfTheSourceInPlaceOfOneThatNoMessageCanCarry) {
  MemoryOutbox outbox(10);
  v1::UsageReport large = NamedReport("b");
  large.set_window_length_nanos(1);
  ASSERT_TRUE(outbox.Append({NamedReport("a"), large, NamedReport("c")}).ok());
  outbox.Acknowledge(1);
  outbox.Blank(2);
  const auto left = outbox.After(1, 10, 1 << 20);
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].ShortDebugString(), "sequence: 2 source: \"b\"");
  EXPECT_EQ(left[1].ShortDebugString(), "sequence: 3 source: \"c\"");
}

TEST(Outbox, RefusesAReportThatIsTooLargeAndTakesTheOthers) {
  MemoryOutbox outbox(10);
  const std::string large(Outbox::kMaxReportBytes, 'x');
  const absl::Status status = outbox.Append({NamedReport(large), NamedReport("small")});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(outbox.size(), 1u);
}

TEST(Outbox, IsFullAtItsCapacityAndFinishedWhenClosedAndAcknowledged) {
  MemoryOutbox outbox(1);
  EXPECT_TRUE(outbox.HasRoom());
  ASSERT_TRUE(outbox.Append({NamedReport("a")}).ok());
  EXPECT_FALSE(outbox.HasRoom());
  outbox.Close();
  EXPECT_FALSE(outbox.Finished());
  outbox.Acknowledge(1);
  EXPECT_TRUE(outbox.Finished());
}

}  // namespace
}  // namespace fleetmeter::collector
