// SIGTERM under load: what was acknowledged is in the last scrape, and the end comes in time.
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>

#include "daemon/base/mutex.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kAhead = 3;  // batches sent before their acknowledgement
constexpr uint64_t kBatchReports = 8;

// A source that sends as fast as it is acknowledged, until the daemon ends the call.
class Load {
 public:
  Load(Daemon& daemon, std::string name)
      : name_(std::move(name)), client_(daemon.ingest()), start_(NowNanos() - kHour) {
    EXPECT_TRUE(client_.Open());
    thread_ = std::thread([this] { Run(); });
  }
  ~Load() { Join(); }

  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t sent() const { return sent_; }
  const grpc::Status& status() const { return status_; }

 private:
  bool SendBatch() {
    std::vector<v1::UsageReport> reports;
    for (uint64_t i = 1; i <= kBatchReports; ++i) {
      v1::UsageReport report = GoodReport(name_, 0, /*length=*/1'000'000);
      const uint64_t sequence = sent_ + i;
      report.set_window_start_unix_nanos(start_ + static_cast<int64_t>(sequence) * 1'000'000);
      reports.push_back(Numbered(report, sequence));
    }
    if (!client_.Send(reports)) return false;
    sent_ += kBatchReports;
    return true;
  }

  void Run() {
    uint64_t answered = 0;
    bool open = true;
    while (open) {
      while (open && sent_ < (answered + kAhead) * kBatchReports) open = SendBatch();
      const auto ack = client_.ReadAck();
      if (!ack) break;
      ++answered;
      acknowledged_ = ack->acknowledged_through();
    }
    // What was answered before the end can still be read.
    while (const auto ack = client_.ReadAck()) acknowledged_ = ack->acknowledged_through();
    status_ = client_.AwaitEnd();
  }

  const std::string name_;
  StreamClient client_;
  const int64_t start_;
  std::atomic<uint64_t> acknowledged_ = 0;
  std::atomic<uint64_t> sent_ = 0;
  grpc::Status status_;
  std::thread thread_;
};

TEST(Shutdown, EverythingAcknowledgedIsInTheFinalScrape) {
  Daemon daemon;
  daemon.ScrapeMetrics();
  std::vector<std::unique_ptr<Load>> loads;
  for (const char* name : {"a", "b", "c", "d"}) {
    loads.push_back(std::make_unique<Load>(daemon, name));
  }
  for (const auto& load : loads) {
    ASSERT_TRUE(Eventually([&] { return load->acknowledged() > 200; }));
  }
  const auto stopped = std::chrono::steady_clock::now();
  daemon.process().Signal(SIGTERM);
  const Scrape last = daemon.LastScrape();
  EXPECT_EQ(daemon.process().Wait(30s), 0) << daemon.process().Stderr();
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, 10s);

  uint64_t acknowledged = 0;
  uint64_t sent = 0;
  for (const auto& load : loads) {
    load->Join();
    acknowledged += load->acknowledged();
    sent += load->sent();
    EXPECT_EQ(load->status().error_code(), grpc::StatusCode::UNAVAILABLE)
        << load->status().error_message();
  }
  const auto counted = static_cast<uint64_t>(
      last.Value("fleetmeter_ingest_reports_total", {{"result", "accepted"}}).value_or(0));
  EXPECT_GE(counted, acknowledged);  // the word of the last ones may have been lost
  EXPECT_LE(counted, sent);
  EXPECT_EQ(last.Value("fleetmeter_ingest_reports_total"), static_cast<double>(counted));
  // Two chips for a millisecond each.
  EXPECT_NEAR(*last.Value("fleetmeter_pool_assigned_chip_seconds_total"),
              static_cast<double>(counted) * 0.002, 1e-6);
}

TEST(Shutdown, IsAtOnceWhenNobodyScrapes) {
  Daemon daemon({.shutdown = {"final_scrape: 120s"}});
  StreamClient idle(daemon.ingest());
  ASSERT_TRUE(idle.Open());
  const auto stopped = std::chrono::steady_clock::now();
  EXPECT_EQ(daemon.Stop(), 0) << daemon.process().Stderr();
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, 60s);  // of 120 s for a final scrape
  EXPECT_EQ(idle.AwaitEnd().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(Shutdown, WaitsForAScrapeNoLongerThanConfigured) {
  Daemon daemon({.shutdown = {"final_scrape: 300ms"}});
  daemon.ScrapeMetrics();
  const auto stopped = std::chrono::steady_clock::now();
  EXPECT_EQ(daemon.Stop(), 0) << daemon.process().Stderr();
  const auto took = std::chrono::steady_clock::now() - stopped;
  EXPECT_GE(took, 200ms);
  EXPECT_LT(took, 3s);
}

TEST(Shutdown, IsNotReadyFromTheSignalOn) {
  Daemon daemon;
  daemon.ScrapeMetrics();  // so that a last scrape is waited for
  EXPECT_EQ(HttpRequest(daemon.http_address(), "GET", "/readyz")->status, 200);
  daemon.process().Signal(SIGTERM);
  EXPECT_TRUE(Eventually([&] {
    const auto reply = HttpRequest(daemon.http_address(), "GET", "/readyz");
    return !reply || reply->status == 503;
  }));
  daemon.LastScrape();
  EXPECT_EQ(daemon.process().Wait(30s), 0);
}

TEST(Shutdown, EndsStreamsThatSayNothing) {
  Daemon daemon;
  std::vector<std::unique_ptr<StreamClient>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<StreamClient>(daemon.ingest()));
    if (i % 2 == 0) {
      ASSERT_TRUE(clients.back()->Open());
    }
  }
  ASSERT_TRUE(
      Eventually([&] { return daemon.ScrapeMetrics().Value("fleetmeter_ingest_streams") == 10; }));
  daemon.process().Signal(SIGTERM);
  daemon.LastScrape();
  EXPECT_EQ(daemon.process().Wait(30s), 0) << daemon.process().Stderr();
  for (const auto& client : clients) {
    const grpc::Status status = client->AwaitEnd();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_THAT(status.error_message(), testing::HasSubstr("the daemon is stopping"));
  }
}

TEST(Shutdown, ConnectionsThatDoNotAnswerAreCutOffInTime) {
  // Most of the deadline is for the connections, and a second or two for all else: enough anywhere.
  Daemon daemon({.shutdown = {"deadline: 10s"}});
  const std::string empty_settings("\0\0\0\4\0\0\0\0\0", 9);
  Socket ingest(daemon.ingest_address());
  Socket query(daemon.query_address());
  for (Socket* socket : {&ingest, &query}) {
    ASSERT_TRUE(socket->Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + empty_settings));
    EXPECT_NE(socket->ReceiveSome(), "");
  }
  // The daemon ends with an error where it does not keep the deadline.
  EXPECT_EQ(daemon.Stop(), 0) << daemon.process().Stderr();
}

// Connections of both listeners that are open and have no call, whose clients do not even answer
// that the daemon goes; a scrape that nobody repeats comes on top.
TEST(Shutdown, IdleConnectionsDoNotHoldItUp) {
  Daemon daemon({.shutdown = {"deadline: 60s", "final_scrape: 100ms"}});
  daemon.ScrapeMetrics();
  const std::string empty_settings("\0\0\0\4\0\0\0\0\0", 9);
  std::vector<std::unique_ptr<Socket>> idle;
  for (int i = 0; i < 10; ++i) {
    for (const std::string& address : {daemon.ingest_address(), daemon.query_address()}) {
      idle.push_back(std::make_unique<Socket>(address));
      ASSERT_TRUE(idle.back()->Send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + empty_settings));
      ASSERT_NE(idle.back()->ReceiveSome(), "");
    }
  }
  const auto stopped = std::chrono::steady_clock::now();
  EXPECT_EQ(daemon.Stop(), 0) << daemon.process().Stderr();
  // To wait for each would take 15 s for each listener, a quarter of the deadline.
  EXPECT_LT(std::chrono::steady_clock::now() - stopped, 10s);
}

}  // namespace
}  // namespace fleetmeter::e2e
