// Connections are accepted up to the limit, and again when there is room.
#include "daemon/serve/listen/connection_acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "daemon/base/mutex.h"
#include "tests/support/socket.h"

namespace fleetmeter {
namespace {

using e2e::Socket;
using testing::HasSubstr;

// Keeps what was accepted, and says how often anything came.
class Guests {
 public:
  ~Guests() { CloseAll(); }

  ConnectionAcceptor::Hooks Hooks() {
    return {.accepted =
                [this](int, int connection) {
                  MutexLock lock(mutex_);
                  open_.push_back(connection);
                  ++accepted_;
                  changed_.NotifyAll();
                },
            .refused =
                [this] {
                  MutexLock lock(mutex_);
                  ++refused_;
                  changed_.NotifyAll();
                }};
  }
  bool Await(int accepted, int refused) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    MutexLock lock(mutex_);
    while (accepted_ < accepted || refused_ < refused) {
      if (!changed_.WaitUntil(mutex_, deadline)) return false;
    }
    return accepted_ == accepted && refused_ == refused;
  }
  void CloseAll() {
    MutexLock lock(mutex_);
    for (const int connection : open_) close(connection);
    open_.clear();
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<int> open_ ABSL_GUARDED_BY(mutex_);
  int accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  int refused_ ABSL_GUARDED_BY(mutex_) = 0;
};

// The number that the next descriptor would have.
int NextDescriptor() {
  const int next = dup(0);
  close(next);
  return next;
}

TEST(ConnectionAcceptor, NamesTheFreePortThatItTook) {
  auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0");
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  EXPECT_THAT((*acceptor)->address(), testing::StartsWith("127.0.0.1:"));
  EXPECT_NE((*acceptor)->address(), "127.0.0.1:0");
}

TEST(ConnectionAcceptor, ListensOnEveryAddressOfAName) {
  Guests guests;
  auto acceptor = ConnectionAcceptor::Listen("localhost:0");
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  (*acceptor)->Serve(guests.Hooks(), 1 << 20);
  const std::string address = (*acceptor)->address();
  const Socket client("127.0.0.1" + address.substr(address.rfind(':')));
  EXPECT_TRUE(client.connected());
  EXPECT_TRUE(guests.Await(1, 0));
}

TEST(ConnectionAcceptor, SaysThatAPortIsTaken) {
  auto first = ConnectionAcceptor::Listen("127.0.0.1:0");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = ConnectionAcceptor::Listen((*first)->address());
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("Address already in use"));
}

TEST(ConnectionAcceptor, RefusesWhatIsBeyondTheLimitAndTakesMoreWhenThereIsRoom) {
  Guests guests;
  auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0");
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  // The clients of this test have descriptors of this process, too.
  const Socket first((*acceptor)->address());
  auto second = std::make_unique<Socket>((*acceptor)->address());
  (*acceptor)->Serve(guests.Hooks(), NextDescriptor() + 1);
  ASSERT_TRUE(guests.Await(1, 1));
  EXPECT_TRUE((*acceptor)->full());
  EXPECT_EQ(second->ReceiveAll(), "") << "closed at once";
  guests.CloseAll();
  second.reset();  // its number goes to the third
  const Socket third((*acceptor)->address());
  EXPECT_TRUE(guests.Await(2, 1));
  EXPECT_FALSE((*acceptor)->full());
}

TEST(ConnectionAcceptor, StopsAcceptingWhenStopped) {
  Guests guests;
  auto acceptor = ConnectionAcceptor::Listen("127.0.0.1:0");
  ASSERT_TRUE(acceptor.ok()) << acceptor.status();
  (*acceptor)->Serve(guests.Hooks(), 1 << 20);
  (*acceptor)->Stop();
  EXPECT_FALSE(Socket((*acceptor)->address()).connected());
}

}  // namespace
}  // namespace fleetmeter
