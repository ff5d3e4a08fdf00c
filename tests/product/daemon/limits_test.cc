// Clients that send too fast, too slowly, nonsense, or never listen.
#include <atomic>
#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "absl/base/config.h"
#include "daemon/serve/http/http_server.h"
#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/reports.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::StartsWith;

// Two reports at once, and then one in a second.
const DaemonSettings kSlow = {
    .ingest = {"max_reports_per_batch: 2",
               "rate: {reports_per_second: 1, burst_reports: 2, bytes_per_second: 1MiB}"}};

TEST(RateLimit, AStreamIsToldBusyAndWhenToTryAgain) {
  Daemon daemon(kSlow);
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  const v1::Ack first = client.Settle(
      {Numbered(GoodReport("a", 10 * kSecond), 1), Numbered(GoodReport("a", 9 * kSecond), 2)});
  EXPECT_EQ(first.acknowledged_through(), 2U);
  const v1::Ack busy = client.Settle({Numbered(GoodReport("a", 8 * kSecond), 3)});
  EXPECT_EQ(busy.acknowledged_through(), 2U);
  ASSERT_EQ(busy.dispositions_size(), 1);
  EXPECT_EQ(busy.dispositions(0).code(), v1::Disposition::BUSY);
  EXPECT_THAT(busy.dispositions(0).detail(), HasSubstr("ingest.rate"));
  EXPECT_GT(busy.retry_after_millis(), 0U);
  EXPECT_LE(busy.retry_after_millis(), 1'000U);
  // Who does as told loses nothing.
  v1::Ack ack = busy;
  ASSERT_TRUE(Eventually([&] {
    ack = client.Settle({Numbered(GoodReport("a", 8 * kSecond), 3)});
    return ack.acknowledged_through() == 3;
  }));
  EXPECT_EQ(daemon.TotalsOf("serving").assigned, std::to_string(6 * kSecond));
  EXPECT_GE(daemon.ScrapeMetrics().Value("fleetmeter_ingest_reports_total", {{"result", "busy"}}),
            1);
  EXPECT_GE(daemon.ScrapeMetrics().Value("fleetmeter_ingest_held_back_reports_total",
                                         {{"limit", "rate"}}),
            1);
  EXPECT_THAT(daemon.process().Stderr(), HasSubstr("\"local\" are held back by their limit"));
}

TEST(RateLimit, AUnaryCallIsRefusedWithTheSameHint) {
  Daemon daemon(kSlow);
  const std::string id = RandomStreamId();
  EXPECT_TRUE(SendUnary(daemon.ingest(), id,
                        {Numbered(GoodReport("a", 10 * kSecond), 1),
                         Numbered(GoodReport("a", 9 * kSecond), 2)})
                  .status.ok());
  const UnaryAnswer busy =
      SendUnary(daemon.ingest(), id, {Numbered(GoodReport("a", 8 * kSecond), 3)});
  EXPECT_EQ(busy.status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  ASSERT_TRUE(busy.pushback_millis.has_value());
  EXPECT_GT(std::stoi(*busy.pushback_millis), 0);
  EXPECT_LE(std::stoi(*busy.pushback_millis), 1'000);
}

// A report that weighs as much as some hundred usual ones, of 4 chip-microseconds in all.
v1::UsageReport HeavyReport(const std::string& source, uint64_t sequence) {
  v1::UsageReport report = GoodReport(source, 20 * kSecond);
  v1::UsageGroup group = report.groups(0);
  group.mutable_sums()->set_chip_nanos(1);
  group.mutable_sums()->set_busy_chip_nanos(1);
  report.clear_groups();
  while (report.groups_size() < 4'000) *report.add_groups() = group;
  return Numbered(report, sequence);
}

// Heavy batches are decoded apart from the others, and keep their place before what follows.
TEST(HeavyBatches, KeepTheirPlaceInTheStream) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  const std::vector<v1::UsageReport> heavy = {HeavyReport("a", 1), HeavyReport("b", 2),
                                              HeavyReport("c", 3)};
  ASSERT_TRUE(client.Send(heavy));
  ASSERT_TRUE(client.Send({Numbered(GoodReport("d"), 4)}));
  const auto first = client.ReadAck();
  const auto second = client.ReadAck();
  ASSERT_TRUE(first && second);
  EXPECT_GE(first->acknowledged_through(), 3U);
  EXPECT_EQ(second->acknowledged_through(), 4U);
  // None was out of sequence.
  EXPECT_EQ(first->dispositions_size() + second->dispositions_size(), 0);
}

TEST(HeavyBatches, OfAUnaryCallAreBookedOnce) {
  Daemon daemon;
  const std::string id = RandomStreamId();
  const std::vector<v1::UsageReport> heavy = {HeavyReport("a", 1), HeavyReport("b", 2),
                                              HeavyReport("c", 3)};
  const UnaryAnswer first = SendUnary(daemon.ingest(), id, heavy);
  ASSERT_TRUE(first.status.ok()) << first.status.error_message();
  EXPECT_EQ(first.ack.acknowledged_through(), 3U);
  EXPECT_EQ(first.ack.dispositions_size(), 0);
  EXPECT_EQ(daemon.TotalsOf("serving").assigned, "12000");
  EXPECT_TRUE(SendUnary(daemon.ingest(), id, heavy).status.ok());
  EXPECT_EQ(daemon.TotalsOf("serving").assigned, "12000");
}

// A call that waits to be decoded would hold up the end for ever if its work were dropped.
TEST(HeavyBatches, DoNotHoldUpTheEnd) {
  Daemon daemon;
  StreamClient client(daemon.ingest());
  ASSERT_TRUE(client.Open());
  ASSERT_TRUE(client.Send({HeavyReport("a", 1), HeavyReport("b", 2), HeavyReport("c", 3)}));
  daemon.process().Signal(SIGTERM);
  // It may have stopped before it had read the batch. Else the whole batch is settled.
  const auto ack = client.ReadAck();
  if (ack.has_value()) {
    EXPECT_EQ(ack->acknowledged_through(), 3U);
  }
  EXPECT_EQ(daemon.process().Wait(30s), 0);
}

// 4 MB of them could become 4 GB before anybody compares the size with the limit.
TEST(HostileGrpc, CompressedMessagesAreRefused) {
  Daemon daemon;
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  v1::HeadroomRequest request;
  request.set_pool(std::string(1'000'000, 'x'));
  v1::HeadroomResponse response;
  const grpc::Status status = daemon.query().GetHeadroom(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST(HostileHttp, ARequestThatIsNotHttpIsToldSo) {
  const Daemon daemon;
  for (const char* text :
       {"what is this\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\r\n\r\n"}) {
    Socket socket(daemon.http_address());
    ASSERT_TRUE(socket.Send(text));
    EXPECT_THAT(socket.ReceiveAll(), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("expected")))
        << text;
  }
}

TEST(HostileHttp, HeadersBeyondTheLimitAreToldSo) {
  const Daemon daemon;
  Socket socket(daemon.http_address());
  ASSERT_TRUE(
      socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + std::string(9'000, 'x')));
  EXPECT_THAT(socket.ReceiveAll(), StartsWith("HTTP/1.1 431 "));
}

// A body that takes for ever must not hold the connection for as long.
TEST(HostileHttp, ABodyThatNeverEndsIsCutOff) {
  const Daemon daemon;
  Socket socket(daemon.http_address());
  ASSERT_TRUE(
      socket.Send("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx"));
  const auto began = std::chrono::steady_clock::now();
  std::string answer = socket.ReceiveSome();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 "));
  // A byte now and then keeps nothing open: the time is for all of it.
  EXPECT_TRUE(Eventually([&] { return !socket.Send("x"); }));
  EXPECT_LT(std::chrono::steady_clock::now() - began, 8s);
}

TEST(HostileHttp, SlowBodiesDoNotKeepOthersWaiting) {
  const Daemon daemon;
  std::vector<std::unique_ptr<Socket>> slow;
  for (int i = 0; i < 100; ++i) {
    slow.push_back(std::make_unique<Socket>(daemon.http_address()));
    slow.back()->Send(
        "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nx");
  }
  const auto reply = HttpRequest(daemon.http_address(), "GET", "/readyz");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 200);
}

// More connections than the server keeps, none of which ever asks anything.
TEST(HostileHttp, SilentConnectionsKeepNobodyOut) {
  const Daemon daemon;
  std::vector<std::unique_ptr<Socket>> silent;
  for (int i = 0; i < 600; ++i) silent.push_back(std::make_unique<Socket>(daemon.http_address()));
  for (int i = 0; i < 20; ++i) {
    const auto reply = HttpRequest(daemon.http_address(), "GET", "/readyz");
    ASSERT_TRUE(reply.has_value()) << i;
    EXPECT_EQ(reply->status, 200);
  }
  // 256 are kept, and each of the others took a place.
  EXPECT_GE(daemon.ScrapeMetrics().Value("fleetmeter_http_evicted_connections_total"), 600 - 256);
}

// A name that somebody made to point at this machine, as in an attack by DNS rebinding.
TEST(HostileHttp, ARequestForAnotherHostIsRefused) {
  const Daemon daemon;
  Socket socket(daemon.http_address());
  ASSERT_TRUE(socket.Send("GET /metrics HTTP/1.1\r\nHost: evil.example:9477\r\n\r\n"));
  EXPECT_THAT(socket.ReceiveSome(), AllOf(StartsWith("HTTP/1.1 421 "), HasSubstr("localhost")));
  EXPECT_EQ(daemon.ScrapeMetrics().Value("fleetmeter_http_refused_hosts_total"), 1);
}

TEST(HostHeader, IsLocalIfItIsAnAddressOrLocalhost) {
  for (const char* host : {"", "localhost", "LOCALHOST:9477", "127.0.0.1", "127.0.0.1:9477",
                           "10.0.0.7:80", "[::1]", "[::1]:9477"}) {
    EXPECT_TRUE(IsLocalHostHeader(host)) << host;
  }
  for (const char* host : {"evil.example", "evil.example:9477", "localhost.evil.example", "[::1",
                           "127.0.0.1.evil.example:80", "x"}) {
    EXPECT_FALSE(IsLocalHostHeader(host)) << host;
  }
}

int64_t ResidentKib(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    int64_t kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib;
  }
  return -1;
}

// Answers that nobody reads must not pile up in the daemon: it stops reading, and the client has to
// wait. When the client listens at last, every answer is there.
TEST(MuteClient, IsHeldUpAndNobodyElseIs) {
  constexpr uint64_t kBatches = 600;
  constexpr uint64_t kReports = 512;
  Daemon daemon({.ingest = {"rate: {burst_reports: 1000000}"}});  // not what is tried here
  [[maybe_unused]] const int64_t before = ResidentKib(daemon.process().pid());
  StreamClient mute(daemon.ingest());
  ASSERT_TRUE(mute.Open());
  // Reports that are rejected, since the answers to those are long.
  std::vector<v1::UsageReport> batch(kReports);
  for (v1::UsageReport& report : batch) report.set_source(std::string(64, 's'));
  std::atomic<uint64_t> sent = 0;
  std::thread sender([&] {
    for (uint64_t i = 0; i < kBatches; ++i) {
      for (uint64_t k = 0; k < kReports; ++k) batch[k].set_sequence(i * kReports + k + 1);
      if (!mute.Send(batch)) return;
      ++sent;
    }
  });
  uint64_t last = 0;
  int same = 0;
  EXPECT_TRUE(Eventually([&] {
    same = sent == last ? same + 1 : 0;
    last = sent;
    return last > 0 && same >= 60;  // it has not moved for a third of a second
  }));
  EXPECT_LT(sent, kBatches) << "the daemon took all of it without an answer being read";
#if !defined(ABSL_HAVE_ADDRESS_SANITIZER) && !defined(ABSL_HAVE_THREAD_SANITIZER)
  EXPECT_LT(ResidentKib(daemon.process().pid()) - before, 64 << 10);  // they keep what was freed
#endif

  EXPECT_TRUE(
      SendUnary(daemon.ingest(), RandomStreamId(), {Numbered(GoodReport("good"), 1)}).status.ok());

  uint64_t acknowledged = 0;
  while (acknowledged < kBatches * kReports) {
    const auto ack = mute.ReadAck();
    if (!ack) break;
    acknowledged = ack->acknowledged_through();
  }
  sender.join();
  EXPECT_EQ(acknowledged, kBatches * kReports);
}

}  // namespace
}  // namespace fleetmeter::e2e
