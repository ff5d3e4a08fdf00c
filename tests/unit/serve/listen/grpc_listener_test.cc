// A listener that goes does not wait for callers who stay.
#include "daemon/serve/listen/grpc_listener.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "daemon/base/mutex.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;

// Its watches say nothing, and end only when they are cancelled.
class EndlessService final : public v1::Query::CallbackService {
 public:
  grpc::ServerWriteReactor<v1::HeadroomResponse>* WatchHeadroom(
      grpc::CallbackServerContext*, const v1::HeadroomRequest*) override {
    MutexLock lock(mutex_);
    ++open_;
    changed_.NotifyAll();
    return new Watch(*this);
  }

  bool AwaitOpen(int watches) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    MutexLock lock(mutex_);
    while (open_ != watches) {
      if (!changed_.WaitUntil(mutex_, deadline)) return false;
    }
    return true;
  }
  int open() {
    MutexLock lock(mutex_);
    return open_;
  }

 private:
  class Watch final : public grpc::ServerWriteReactor<v1::HeadroomResponse> {
   public:
    explicit Watch(EndlessService& service) : service_(service) {}
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override {
      {
        MutexLock lock(service_.mutex_);
        --service_.open_;
        service_.changed_.NotifyAll();
      }
      delete this;
    }

   private:
    EndlessService& service_;
  };

  Mutex mutex_;
  CondVar changed_;
  int open_ ABSL_GUARDED_BY(mutex_) = 0;
};

class GrpcListenerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started =
        GrpcListener::Start("listen.query", "127.0.0.1:0", grpc::InsecureServerCredentials(), {},
                            {{service_, v1::Query::service_full_name()}});
    ASSERT_TRUE(started.ok()) << started.status();
    listener_ = *std::move(started);
    caller_ = std::thread([this, address = listener_->address()] { Call(address); });
    ASSERT_TRUE(service_.AwaitOpen(1));
  }
  ~GrpcListenerTest() override {
    if (caller_.joinable()) caller_.join();
  }

  void Call(const std::string& address) {
    const auto stub =
        v1::Query::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    const auto watch = stub->WatchHeadroom(&context, {});
    v1::HeadroomResponse response;
    while (watch->Read(&response)) {
    }
    end_ = watch->Finish();
  }

  EndlessService service_;
  std::unique_ptr<GrpcListener> listener_;
  grpc::Status end_;  // the caller's
  std::thread caller_;
};

TEST_F(GrpcListenerTest, CancelsOpenCallsWhenItGoes) {
  listener_.reset();
  EXPECT_EQ(service_.open(), 0) << "the service may go as well";
  caller_.join();
  EXPECT_FALSE(end_.ok());
}

TEST_F(GrpcListenerTest, CancelsOpenCallsAtTheDeadline) {
  const auto begin = std::chrono::steady_clock::now();
  listener_->Stop(std::chrono::system_clock::now() + 100ms);
  EXPECT_GE(std::chrono::steady_clock::now(), begin + 90ms);
  EXPECT_EQ(service_.open(), 0);
  listener_->Stop(std::chrono::system_clock::now() + 1h);  // does nothing
}

}  // namespace
}  // namespace fleetmeter
