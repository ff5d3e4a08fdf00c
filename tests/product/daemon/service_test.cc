// What a service manager hears of the daemon.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>

#include "daemon/ledger/sqlite/sqlite_database.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// The socket that systemd would listen on.
class NotifySocket {
 public:
  NotifySocket() : path_(folder_.PathOf("notify")) {
    fd_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~NotifySocket() { close(fd_); }

  const std::string& path() const { return path_; }

  // The next message that is not the watchdog's; empty: none came in half a minute.
  std::string Next() {
    std::string message = Receive();
    while (message == "WATCHDOG=1") message = Receive();
    return message;
  }
  // Waits for a message of the watchdog.
  bool AwaitWatchdog() {
    std::string message = Receive();
    while (!message.empty() && message != "WATCHDOG=1") message = Receive();
    return !message.empty();
  }
  // Forgets what has come.
  void Empty() {
    char byte;
    while (recv(fd_, &byte, 1, MSG_DONTWAIT) >= 0) {
    }
  }
  bool IsEmpty() {
    char byte;
    return recv(fd_, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
  }

 private:
  std::string Receive() {
    char buffer[4096];
    const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
    return got <= 0 ? std::string() : std::string(buffer, static_cast<size_t>(got));
  }

  const TempFolder folder_;
  const std::string path_;
  int fd_ = -1;
};

DaemonSettings With(const NotifySocket& notify) {
  return {.env = {{"NOTIFY_SOCKET", notify.path()}, {"WATCHDOG_USEC", "200000"}}};
}

TEST(Service, SaysReadyReloadingAndStopping) {
  NotifySocket notify;
  Daemon daemon(With(notify));
  EXPECT_THAT(notify.Next(), AllOf(StartsWith("READY=1\nSTATUS=ingest 127.0.0.1:"),
                                   HasSubstr(daemon.ingest_address())));
  daemon.process().Signal(SIGHUP);
  EXPECT_THAT(notify.Next(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(notify.Next(), "READY=1\nSTATUS=plan 'test' version 1");
  EXPECT_EQ(daemon.Stop(), 0);
  EXPECT_THAT(notify.Next(), StartsWith("STOPPING=1"));
}

TEST(Service, IsReadyAgainAfterAReloadThatWasRefused) {
  NotifySocket notify;
  Daemon daemon(With(notify));
  EXPECT_THAT(notify.Next(), StartsWith("READY=1"));
  daemon.files().Write("plan.yaml", "plan: broken");
  daemon.process().Signal(SIGHUP);
  EXPECT_THAT(notify.Next(), StartsWith("RELOADING=1"));
  EXPECT_THAT(notify.Next(), HasSubstr("reload was refused"));
}

TEST(Service, FeedsTheWatchdogAgainAndAgain) {
  NotifySocket notify;
  const Daemon daemon(With(notify));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(notify.AwaitWatchdog());
  EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_watchdog_healthy"), 1);
}

// Another program holds the lock of the ledger. Reports wait at their senders, and everything else
// is answered, so that a restart would help nobody.
TEST(Service, FeedsTheWatchdogWhileTheLedgerTakesNothing) {
  NotifySocket notify;
  const TempFolder books;
  DaemonSettings settings = With(notify);
  settings.more = "ledger: {path: " + books.PathOf("ledger.db") + "}\n";
  Daemon daemon(settings);
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  ASSERT_EQ(client.Settle({Numbered(GoodReport("a"), 1)}).acknowledged_through(), 1u);

  const auto other = Database::Open(books.PathOf("ledger.db"), {});
  ASSERT_TRUE(other.ok()) << other.status();
  ASSERT_TRUE((*other)->Execute("PRAGMA busy_timeout = 10000; BEGIN IMMEDIATE").ok());
  ASSERT_TRUE(client.Send({Numbered(GoodReport("a", 5 * kSecond), 2)}));
  ASSERT_TRUE(
      Eventually([&] { return daemon.ScrapeMetrics().Value("fleetmeter_ledger_writable") == 0; }));
  ASSERT_TRUE(Eventually([&] {
    const auto reply = HttpRequest(daemon.http_address(), "GET", "/readyz");
    return reply && reply->status == 503;
  }));
  // Every 50 ms: for several seconds, in the first of which the health service is told as well.
  for (int i = 0; i < 100; ++i) {
    notify.Empty();
    EXPECT_TRUE(notify.AwaitWatchdog());
  }
  EXPECT_EQ(HttpRequest(daemon.http_address(), "GET", "/healthz")->status, 200);
  EXPECT_EQ(daemon.ListPools().pools_size(), 3);

  ASSERT_TRUE((*other)->Execute("ROLLBACK").ok());
  EXPECT_TRUE(
      Eventually([&] { return daemon.ScrapeMetrics().Value("fleetmeter_ledger_writable") == 1; }));
}

// No descriptor is left for anybody, and that is not for want of room for connections.
TEST(Service, WithoutDescriptorsTheWatchdogIsNotFedAndHealthSaysWhy) {
  NotifySocket notify;
  Daemon daemon(With(notify));
  ASSERT_TRUE(notify.AwaitWatchdog());
  const auto limit = [&](const std::string& descriptors) {
    const auto prlimit = ChildProcess::Start(
        {"prlimit", "--pid", std::to_string(daemon.process().pid()), "--nofile=" + descriptors});
    ASSERT_TRUE(prlimit.ok()) << prlimit.status();
    ASSERT_EQ((*prlimit)->Wait(30s), 0);
  };
  // A connection that is open already: it goes on being served.
  EXPECT_EQ(daemon.ListPools().pools_size(), 3);
  limit("8:1024");
  const std::string before = daemon.process().Stderr();
  ASSERT_TRUE(Eventually([&] {
    return daemon.process().Stderr().find("watchdog: listen.ingest", before.size()) !=
           std::string::npos;
  }));
  notify.Empty();
  const size_t seen = daemon.process().Stderr().size();
  ASSERT_TRUE(Eventually([&] {
    return daemon.process().Stderr().find("watchdog: listen.ingest", seen) != std::string::npos;
  }));
  EXPECT_TRUE(notify.IsEmpty());
  EXPECT_EQ(daemon.ListPools().pools_size(), 3);

  limit("1024:1024");
  EXPECT_TRUE(notify.AwaitWatchdog()) << "and all is well again, without a restart";
}

}  // namespace
}  // namespace fleetmeter::e2e
