#include "collectors/metrics/metrics_listener.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/base/mutex.h"
#include "tests/support/socket.h"

namespace fleetmeter::collector {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Gives figures with one live source, whose looks count how often it was asked; each time only when
// it is let.
class HeldFigures {
 public:
  CollectorFigures Read() {
    MutexLock lock(mutex_);
    const int number = ++asked_;
    changed_.NotifyAll();
    while (allowed_ < number) changed_.Wait(mutex_);
    SourceStats source;
    source.source = "dcgm";
    source.looks = static_cast<uint64_t>(number);
    CollectorFigures figures;
    figures.sources = {source};
    return figures;
  }
  void AwaitAsked(int number) {
    MutexLock lock(mutex_);
    while (asked_ < number) changed_.Wait(mutex_);
  }
  void Allow(int number) {
    MutexLock lock(mutex_);
    allowed_ = number;
    changed_.NotifyAll();
  }
  int asked() {
    MutexLock lock(mutex_);
    return asked_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int asked_ ABSL_GUARDED_BY(mutex_) = 0;
  int allowed_ ABSL_GUARDED_BY(mutex_) = 0;
};

std::string LooksLine(int looks) {
  return fmt::format("\nfleetmeter_collector_source_looks_total{{source=\"dcgm\"}} {}\n", looks);
}

class MetricsListenerTest : public testing::Test {
 protected:
  MetricsListenerTest() {
    auto listener = MetricsListener::Start("127.0.0.1:0", [this] { return figures_.Read(); });
    EXPECT_TRUE(listener.ok()) << listener.status();
    listener_ = *std::move(listener);
  }
  ~MetricsListenerTest() override { figures_.Allow(1'000); }

  // A connection that has asked for the page and not read the answer.
  std::unique_ptr<e2e::Socket> Send(const std::string& path, const std::string& headers = "") {
    auto socket = std::make_unique<e2e::Socket>(listener_->address());
    EXPECT_TRUE(socket->Send(fmt::format(
        "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\r\n", path, headers)));
    return socket;
  }
  std::string Ask(const std::string& path, const std::string& headers = "") {
    return Send(path, headers)->ReceiveAll();
  }

  HeldFigures figures_;
  std::unique_ptr<MetricsListener> listener_;
};

TEST_F(MetricsListenerTest, ServesTheTextFormatToWhoDoesNotSay) {
  figures_.Allow(1);
  EXPECT_THAT(Ask("/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                    HasSubstr("Vary: Accept, Accept-Encoding\r\n"),
                    HasSubstr("\n# TYPE fleetmeter_collector_source_looks_total counter\n"),
                    HasSubstr("\n# TYPE process_cpu_seconds_total counter\n"),
                    HasSubstr(LooksLine(1)), Not(HasSubstr("# EOF"))));
}

TEST_F(MetricsListenerTest, ServesOpenMetricsToWhoPrefersIt) {
  figures_.Allow(1);
  EXPECT_THAT(
      Ask("/metrics", "Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 "),
            HasSubstr("Content-Type: application/openmetrics-text; version=1.0.0; "
                      "charset=utf-8\r\n"),
            HasSubstr("Vary: Accept, Accept-Encoding\r\n"),
            HasSubstr("\n# TYPE fleetmeter_collector_source_looks counter\n"),
            HasSubstr("\n# UNIT fleetmeter_collector_source_look_seconds seconds\n"),
            HasSubstr(LooksLine(1)), EndsWith("\n# EOF\n")));
}

TEST_F(MetricsListenerTest, SaysThatItIsAliveWhileAPageIsMadeAndSharesTheNext) {
  const auto first = Send("/metrics");
  figures_.AwaitAsked(1);
  std::vector<std::unique_ptr<e2e::Socket>> others;
  for (int i = 0; i < 20; ++i) others.push_back(Send("/metrics"));
  EXPECT_THAT(Ask("/healthz"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\nok\n")));
  figures_.Allow(100);
  EXPECT_THAT(first->ReceiveAll(), HasSubstr(LooksLine(1)));
  for (const auto& other : others) EXPECT_THAT(other->ReceiveAll(), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(figures_.asked(), 20) << "none was shared";
}

TEST_F(MetricsListenerTest, NamesItsPagesToWhoAsksForAnother) {
  EXPECT_THAT(Ask("/metrics/"), AllOf(StartsWith("HTTP/1.1 404 "), HasSubstr("\n/metrics\n")));
}

TEST_F(MetricsListenerTest, EndsWhileSomebodyWaitsForAPage) {
  const auto first = Send("/metrics");
  figures_.AwaitAsked(1);
  const auto second = Send("/metrics");
  figures_.Allow(2);
  listener_.reset();
  EXPECT_LE(figures_.asked(), 2);
}

TEST(MetricsListener, IsForLoopbackOnly) {
  const auto listener = MetricsListener::Start("0.0.0.0:0", [] { return CollectorFigures(); });
  EXPECT_THAT(std::string(listener.status().message()),
              AllOf(StartsWith("--metrics: is '0.0.0.0:0'"), HasSubstr("beyond loopback")));
}

}  // namespace
}  // namespace fleetmeter::collector
