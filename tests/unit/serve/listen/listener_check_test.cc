// The check tells a listener that serves from one that only seems to.
#include "daemon/serve/listen/listener_check.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/serve/listen/tls_hello.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr auto kPatience = 5s;

class ListenerCheckTest : public testing::Test {
 protected:
  void Start(const GrpcLimits& limits) {
    auto started =
        GrpcListener::Start("listen.query", "127.0.0.1:0", grpc::InsecureServerCredentials(),
                            limits, {{service_, v1::Query::service_full_name()}});
    ASSERT_TRUE(started.ok()) << started.status();
    listener_ = *std::move(started);
    listener_->SetServing(true);
  }

  v1::Query::CallbackService service_;
  std::unique_ptr<GrpcListener> listener_;
};

TEST_F(ListenerCheckTest, SucceedsWhileTheListenerServes) {
  Start({});
  EXPECT_EQ(CheckListener(*listener_, false, kPatience), absl::OkStatus());
}

// While the ledger takes nothing, the daemon says so to its clients. Nothing would be better after
// a restart.
TEST_F(ListenerCheckTest, SucceedsWhileTheListenerIsToldNotToServe) {
  Start({});
  listener_->SetServing(false);
  EXPECT_EQ(CheckListener(*listener_, false, kPatience), absl::OkStatus());
  listener_->SetServing(true);
  EXPECT_EQ(CheckListener(*listener_, false, kPatience), absl::OkStatus());
}

TEST_F(ListenerCheckTest, FailsWhenTheHealthServiceKnowsNothingOfTheService) {
  auto started =
      GrpcListener::Start("listen.query", "127.0.0.1:0", grpc::InsecureServerCredentials(), {},
                          {{service_, v1::Query::service_full_name()}});
  ASSERT_TRUE(started.ok()) << started.status();
  listener_ = *std::move(started);  // and nobody tells it to serve
  EXPECT_THAT(std::string(CheckListener(*listener_, false, kPatience).message()),
              HasSubstr("health check failed"));
}

TEST_F(ListenerCheckTest, FailsWhenNothingListensAnyMore) {
  Start({});
  listener_->Stop(std::chrono::system_clock::now());
  EXPECT_FALSE(CheckListener(*listener_, false, 500ms).ok());
}

TEST_F(ListenerCheckTest, OfAFullListenerAsksInside) {
  Start({.descriptor_ceiling = 0});
  EXPECT_EQ(CheckListener(*listener_, false, kPatience), absl::OkStatus());
  EXPECT_TRUE(listener_->full());
  listener_->Stop(std::chrono::system_clock::now());
  EXPECT_FALSE(CheckListener(*listener_, false, 500ms).ok());
}

// What a listener looks like from outside whose accept loop has died: the kernel still connects.
TEST(TlsHello, FailsWhenNobodyAcceptsTheConnection) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(fd, 8), 0);
  socklen_t size = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  const absl::Status status =
      SayTlsHello("127.0.0.1:" + std::to_string(ntohs(address.sin_port)), 200ms);
  close(fd);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot read a ServerHello"));
}

TEST_F(ListenerCheckTest, TlsHelloIsNotContentWithAnAnswerThatIsNotTls) {
  Start({});
  EXPECT_THAT(std::string(SayTlsHello(listener_->address(), kPatience).message()),
              HasSubstr("expected a ServerHello"));
}

}  // namespace
}  // namespace fleetmeter
