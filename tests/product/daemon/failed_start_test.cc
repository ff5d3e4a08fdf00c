// A start that fails while clients are already asking: the daemon says why and ends.
//
// Its addresses are known before it starts, so that clients come in at every moment of the start.
#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iostream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "daemon/ledger/sqlite/ledger_lock.h"
#include "fleetmeter/v1/admin.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/process.h"
#include "tests/support/scrape.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using testing::HasSubstr;

constexpr auto kPatience = 30s;  // a start that takes longer hangs
constexpr auto kPause = 1ms;  // of a client whose connection is refused, so that the daemon gets on

// All of 127.0.0.0/8 is this machine. Nobody else uses the address of this process, so a port that
// is free there stays free until the daemon takes it.
std::string OwnHost() {
  const auto pid = static_cast<unsigned>(getpid());
  return "127." + std::to_string(64 + pid / 64'516 % 64) + "." + std::to_string(pid / 254 % 254) +
         "." + std::to_string(1 + pid % 254);
}

// A port that somebody else listens on, for as long as the object lives.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    inet_pton(AF_INET, OwnHost().c_str(), &at.sin_addr);
    socklen_t size = sizeof at;
    auto* const where = reinterpret_cast<sockaddr*>(&at);
    if (bind(fd_, where, size) != 0 || listen(fd_, 1) != 0 || getsockname(fd_, where, &size) != 0) {
      throw std::runtime_error("cannot listen on " + OwnHost());
    }
    address_ = OwnHost() + ":" + std::to_string(ntohs(at.sin_port));
  }
  ~TakenPort() { close(fd_); }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;

  const std::string& address() const { return address_; }

 private:
  const int fd_;
  std::string address_;
};

// Where the daemon is to listen. All are free and different.
struct Addresses {
  Addresses() {
    const TakenPort taken[4];  // all at a time, or one port would be given out twice
    ingest = taken[0].address();
    query = taken[1].address();
    http = taken[2].address();
    admin = taken[3].address();
  }
  std::string ingest, query, http, admin;
};

// Clients that ask whatever answers, again and again, until the object goes.
class Crowd {
 public:
  explicit Crowd(const Addresses& to) : to_(to) {
    for (const char* page : {"/metrics", "/metrics", "/readyz"}) {
      Add([this, page] { return HttpRequest(to_.http, "GET", page).has_value(); });
    }
    Add([this] { return List(); });
    Add([this] { return Watch(); });
    Add([this] { return Reload(); });
    Add([this] { return SayNothing(); });
  }
  ~Crowd() {
    leaving_ = true;
    for (std::thread& client : clients_) client.join();
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  // How often anybody was answered.
  int answered() const { return answered_; }

 private:
  void Add(std::function<bool()> ask) {
    clients_.emplace_back([this, ask = std::move(ask)] {
      while (!leaving_) {
        if (ask()) {
          ++answered_;
        } else {
          std::this_thread::sleep_for(kPause);
        }
      }
    });
  }

  // gRPC takes its time to connect again, so it is asked for a channel only where somebody listens.
  static std::shared_ptr<grpc::Channel> Connect(const std::string& address) {
    if (!Socket(address).connected()) return nullptr;
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
  }
  static void SetDeadline(grpc::ClientContext& context) {
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
  }

  bool List() const {
    const auto channel = Connect(to_.query);
    if (channel == nullptr) return false;
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ListPoolsResponse response;
    return v1::Query::NewStub(channel)->ListPools(&context, {}, &response).ok();
  }

  // Stays until the daemon ends the call.
  bool Watch() const {
    const auto channel = Connect(to_.query);
    if (channel == nullptr) return false;
    grpc::ClientContext context;
    SetDeadline(context);
    v1::HeadroomRequest request;
    request.set_pool("serving");
    const auto stub = v1::Query::NewStub(channel);
    const auto watch = stub->WatchHeadroom(&context, request);
    v1::HeadroomResponse response;
    bool answered = false;
    while (watch->Read(&response)) answered = true;
    watch->Finish();
    return answered;
  }

  // Waits for the daemon's main thread, which is starting.
  bool Reload() const {
    const auto channel = Connect(to_.admin);
    if (channel == nullptr) return false;
    grpc::ClientContext context;
    SetDeadline(context);
    v1::ReloadResponse response;
    return v1::Admin::NewStub(channel)->Reload(&context, {}, &response).ok();
  }

  // Opens an HTTP/2 connection, and then neither asks nor answers.
  bool SayNothing() const {
    const std::string empty_settings("\0\0\0\4\0\0\0\0\0", 9);
    Socket silent(to_.query);
    if (!silent.Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + empty_settings)) return false;
    return !silent.ReceiveAll().empty();
  }

  const Addresses to_;
  std::atomic<bool> leaving_ = false;
  std::atomic<int> answered_ = 0;
  std::vector<std::thread> clients_;
};

struct Outcome {
  std::optional<int> code;  // nullopt: it hangs
  std::string error;
  steady_clock::duration took;
};

// fleetmeterd on known addresses, which tries to start.
class FailedStartTest : public testing::Test {
 protected:
  FailedStartTest() {
    files_.Write("catalog.yaml", kCatalog);
    files_.Write("plan.yaml", kPlan);
  }

  void Configure(const Addresses& at, const std::string& more = "") const {
    files_.Write("daemon.yaml", "catalog: catalog.yaml\nplans: [plan.yaml]\nlisten:\n  ingest: " +
                                    at.ingest + "\n  query: " + at.query + "\n  http: " + at.http +
                                    "\n  admin: " + at.admin + "\n" + more);
  }

  Outcome Run(const std::vector<std::string>& flags = {}) const {
    std::vector<std::string> command = {BinaryPath("daemon/fleetmeterd"),
                                        "--config=" + files_.PathOf("daemon.yaml")};
    command.insert(command.end(), flags.begin(), flags.end());
    const auto begin = steady_clock::now();
    const auto process = ChildProcess::Start(command);
    if (!process.ok()) throw std::runtime_error(process.status().ToString());
    Outcome outcome;
    outcome.code = (*process)->Wait(kPatience);
    outcome.took = steady_clock::now() - begin;
    outcome.error = (*process)->Stderr();
    return outcome;
  }

  // Starts the daemon so often with clients around it. Every start fails, says `why` and ends,
  // whatever the clients wait for. How long it took is printed, not judged: that is the machine's.
  void ExpectFailures(int starts, const std::string& why, Crowd& crowd) const {
    std::vector<double> seconds;
    for (int i = 0; i < starts; ++i) {
      const Outcome outcome = Run();
      EXPECT_EQ(outcome.code, 1) << (outcome.code ? "" : "it hangs: ") << outcome.error;
      EXPECT_THAT(outcome.error, HasSubstr(why));
      seconds.push_back(std::chrono::duration<double>(outcome.took).count());
    }
    std::sort(seconds.begin(), seconds.end());
    std::cout << starts << " starts failed after " << seconds.front() << " s to " << seconds.back()
              << " s, half of them before " << seconds[seconds.size() / 2] << " s; clients had "
              << crowd.answered() << " answers\n";
  }

  const TempFolder files_;
  const Addresses at_;
};

TEST_F(FailedStartTest, IngestPortTaken) {
  const TakenPort taken;
  Addresses at = at_;
  at.ingest = taken.address();
  Configure(at);
  Crowd crowd(at);
  ExpectFailures(20, "listen.ingest '" + taken.address() + "'", crowd);
  EXPECT_GT(crowd.answered(), 0) << "nobody came while it started";
}

TEST_F(FailedStartTest, AdminPortTaken) {
  const TakenPort taken;
  Addresses at = at_;
  at.admin = taken.address();
  Configure(at);
  Crowd crowd(at_);
  ExpectFailures(5, "listen.admin '" + taken.address() + "'", crowd);
}

TEST_F(FailedStartTest, QueryPortTaken) {
  const TakenPort taken;
  Addresses at = at_;
  at.query = taken.address();
  Configure(at);
  Crowd crowd(at_);
  ExpectFailures(5, "listen.query '" + taken.address() + "'", crowd);
}

TEST_F(FailedStartTest, HttpPortTaken) {
  const TakenPort taken;
  Addresses at = at_;
  at.http = taken.address();
  Configure(at, "ledger:\n  path: " + files_.PathOf("ledger.db") + "\n");
  Crowd crowd(at_);
  ExpectFailures(5, "listen.http '" + taken.address() + "'", crowd);
}

TEST_F(FailedStartTest, IngestPortTakenWithALedgerOnDisk) {
  const TakenPort taken;
  Addresses at = at_;
  at.ingest = taken.address();
  Configure(at, "ledger:\n  path: " + files_.PathOf("ledger.db") + "\n");
  Crowd crowd(at);
  ExpectFailures(5, "listen.ingest '" + taken.address() + "'", crowd);
  EXPECT_GT(crowd.answered(), 0) << "nobody came while it started";
}

TEST_F(FailedStartTest, LedgerInUse) {
  const std::string ledger = "ledger:\n  path: " + files_.PathOf("ledger.db") + "\n";
  Daemon holder({.more = ledger});
  Configure(at_, ledger);
  Crowd crowd(at_);
  ExpectFailures(5, "is in use by process " + std::to_string(holder.process().pid()), crowd);
  EXPECT_EQ(holder.Stop(), 0) << "the one that runs is not disturbed";
}

TEST_F(FailedStartTest, BadCertificate) {
  for (const char* name : {"server.pem", "server-key.pem", "client-ca.pem"}) {
    files_.Write(name, "no certificate\n");
    std::filesystem::permissions(files_.PathOf(name), std::filesystem::perms::owner_read);
  }
  Configure(at_,
            "tls: {trust_domain: example.org, certificate: server.pem, key: server-key.pem, "
            "client_ca: client-ca.pem}\n"
            "authorization:\n  - {identity: spiffe://example.org/reader, roles: [query]}\n");
  Crowd crowd(at_);
  ExpectFailures(5, "server.pem", crowd);
}

// A start that must not fail: what a daemon held is free as soon as its end was waited for.
TEST_F(FailedStartTest, NotOnTheLedgerOfADaemonThatWasKilled) {
  const std::string ledger = files_.PathOf("ledger.db");
  for (int i = 0; i < 10; ++i) {
    Daemon daemon({.more = "ledger:\n  path: " + ledger + "\n"});
    daemon.Kill();
    const auto lock = LedgerLock::Take(ledger);
    EXPECT_TRUE(lock.ok()) << lock.status();
  }
}

}  // namespace
}  // namespace fleetmeter::e2e
