// What /metrics serves is what dashboards/METRICS.md promises, in a form that scrapers accept.
#include <zlib.h>

#include <cstdlib>
#include <set>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/metric_promises.h"
#include "tests/support/reports.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

std::string Gunzip(const std::string& zipped) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zipped.data()));
  stream.avail_in = static_cast<uInt>(zipped.size());
  std::string out(16 << 20, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

// Chips in every state, measured, productive and not measured, what waits for chips, and a silent
// host.
class MixedFleetTest : public testing::Test {
 protected:
  MixedFleetTest() {
    v1::UsageReport report = MakeReport("mixed", 2 * kSecond);
    v1::PerChip& chips = *AddAssigned(report, "serving", "chat", {0.9, 0, 0.3}).mutable_per_chip();
    for (const double value : {0.5, 0.0, 0.25}) chips.add_productive(value);
    AddAssigned(report, "training", "pretrain", {1}, "h100", "gpu_util")
        .mutable_per_chip()
        ->set_device(0, 3);
    v1::UsageGroup& unmeasured =
        AddAssigned(report, "serving", "batch", {0}, "h100", "allocated_only");
    unmeasured.mutable_per_chip()->set_device(0, 4);
    unmeasured.mutable_per_chip()->clear_activity();
    AddFree(report, v1::CHIP_STATE_UNHEALTHY, 5, 1).set_pool("serving");
    AddFree(report, v1::CHIP_STATE_RESERVED, 6, 1).set_pool("serving");
    AddFree(report, v1::CHIP_STATE_UNASSIGNED, 7, 1);
    v1::Waiting& waiting = AddWaiting(report, "serving", 2);
    waiting.set_team("chat");
    waiting.set_oldest_wait_seconds(60);
    waiting.set_median_wait_seconds(30);
    AddWaiting(report, "serving", 8, "h9000");
    v1::UsageReport late = MakeReport("late", 10 * kHour);
    AddAssigned(late, "evals", "red", {0.5}, "a100");
    v1::UsageReport bad = GoodReport("bad");
    bad.mutable_groups(0)->set_pool("nowhere");
    const UnaryAnswer answer =
        SendUnary(daemon_.ingest(), RandomStreamId(),
                  {Numbered(report, 1), Numbered(late, 2), Numbered(bad, 3)});
    EXPECT_EQ(answer.ack.acknowledged_through(), 3U);
    EXPECT_EQ(answer.ack.dispositions_size(), 1) << answer.ack.ShortDebugString();
  }

  HttpReply Get(const std::string& path, const std::string& method = "GET",
                const std::vector<std::string>& headers = {}) const {
    const auto reply = HttpRequest(daemon_.http_address(), method, path, headers);
    EXPECT_TRUE(reply) << method << " " << path;
    return reply.value_or(HttpReply());
  }

  // Little of the supply reports; a framework, so that all that can be known is.
  static DaemonSettings WithFramework() {
    DaemonSettings settings;
    settings.live = {"coverage_threshold: 10%", "measured_threshold: 50%"};
    settings.more = "framework: " + std::string(std::getenv("FLEETMETER_SOURCE_DIR")) +
                    "/deploy/demo/framework.yaml\n";
    return settings;
  }

  Daemon daemon_{WithFramework()};
};

TEST_F(MixedFleetTest, MetricsAreThoseOfTheDocumentation) {
  const auto promises = ReadPromises([](auto family) { return !IsCollectorFamily(family); });
  ASSERT_GT(promises.size(), 100U);
  // Since when a chip is idle is known when time has passed once more.
  ASSERT_TRUE(Eventually([this] {
    return daemon_.ScrapeMetrics().Has("fleetmeter_team_idle_since_timestamp_seconds");
  }));
  const Scrape scrape = daemon_.ScrapeMetrics();
  EXPECT_THAT(BrokenPromises(scrape, promises), testing::IsEmpty());
  std::vector<std::string> without = FamiliesWithoutSeries(scrape);
  std::erase_if(without, IsOutcomeFamily);
  std::erase_if(without, IsSpendingFamily);
  std::erase_if(without, IsRequestFamily);
  // The first three have series only where something is wrong; the chips of this catalog have no
  // price; and the others have them with TLS only, with a provider's keys by URL, or with a
  // receiver of OTLP: tests/product/security and tests/product/otlp look at them.
  EXPECT_THAT(without,
              testing::UnorderedElementsAre(
                  "fleetmeter_suspect_source_info", "fleetmeter_orphaned_h100e",
                  "fleetmeter_supply_usd_per_h100e_hour", "fleetmeter_ingest_deferred_sources",
                  "fleetmeter_tls_certificate_expiry_timestamp_seconds",
                  "fleetmeter_provider_key_fetches_total", "fleetmeter_provider_keys",
                  "fleetmeter_provider_keys_fetched_timestamp_seconds",
                  "fleetmeter_otlp_exports_total", "fleetmeter_otlp_rejected_points_total",
                  "fleetmeter_otlp_last_success_timestamp_seconds"));
}

TEST_F(MixedFleetTest, FamiliesAreThereEvenWithoutSeries) {
  Daemon empty;
  const Scrape scrape = empty.ScrapeMetrics();
  EXPECT_EQ(scrape.types(), daemon_.ScrapeMetrics().types());
  EXPECT_FALSE(scrape.Has("fleetmeter_pool_busy_h100e"));
}

TEST_F(MixedFleetTest, EachSeriesIsServedOnce) {
  std::set<std::pair<std::string, Labels>> seen;
  const Scrape scrape = daemon_.ScrapeMetrics();
  for (const Sample& sample : scrape.samples()) {
    EXPECT_TRUE(seen.emplace(sample.name, sample.labels).second) << sample.name;
  }
}

TEST_F(MixedFleetTest, SupplyAddsUp) {
  const Scrape scrape = daemon_.ScrapeMetrics();
  const auto chips = [&](const std::string& chip, const std::string& state) {
    return scrape.Value("fleetmeter_supply_chips", {{"chip", chip}, {"state", state}});
  };
  EXPECT_EQ(chips("h100", "assigned"), 5);
  EXPECT_EQ(chips("h100", "unhealthy"), 1);
  EXPECT_EQ(chips("h100", "reserved"), 1);
  EXPECT_EQ(chips("h100", "unassigned"), 1);
  EXPECT_EQ(chips("a100", "unheard"), 1);
  EXPECT_EQ(scrape.Value("fleetmeter_supply_h100e"), 8.5);
  EXPECT_EQ(scrape.Value("fleetmeter_supply_declared_chips"), 64);
}

TEST_F(MixedFleetTest, PromtoolFindsNothingToSay) {
  const HttpReply reply = Get("/metrics");
  auto promtool = ChildProcess::Start({"promtool", "check", "metrics"});
  if (!promtool.ok()) GTEST_SKIP() << "promtool is not installed";
  EXPECT_TRUE((*promtool)->Write(reply.body));
  (*promtool)->CloseStdin();
  EXPECT_EQ((*promtool)->Wait(60s), 0);
  EXPECT_EQ((*promtool)->Stdout() + (*promtool)->Stderr(), "");
}

TEST_F(MixedFleetTest, AGzippedScrapeSaysTheSame) {
  const HttpReply plain = Get("/metrics");
  const HttpReply zipped = Get("/metrics", "GET", {"Accept-Encoding: gzip"});
  EXPECT_FALSE(plain.headers.contains("content-encoding"));
  ASSERT_TRUE(zipped.headers.contains("content-encoding"));
  EXPECT_EQ(zipped.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(zipped.headers.at("content-length"), std::to_string(zipped.body.size()));
  EXPECT_LT(zipped.body.size(), plain.body.size() / 2);
  const std::string text = Gunzip(zipped.body);
  EXPECT_EQ(Scrape(text).types(), Scrape(plain.body).types());
  EXPECT_EQ(Scrape(text).samples().size(), Scrape(plain.body).samples().size());
}

TEST_F(MixedFleetTest, ServesThePagesAndNoOthers) {
  EXPECT_EQ(Get("/metrics").headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(Get("/metrics?name=value").status, 200);
  EXPECT_EQ(Get("/healthz").status, 200);
  EXPECT_EQ(Get("/healthz").body, "ok\n");
  EXPECT_EQ(Get("/readyz").status, 200);
  EXPECT_EQ(Get("/readyz").body, "ready\n");
  EXPECT_THAT(Get("/").body, HasSubstr("Fleetmeter"));
  const HttpReply unknown = Get("/metric");
  EXPECT_EQ(unknown.status, 404);
  for (const char* page : {"/metrics", "/healthz", "/readyz"}) {
    EXPECT_THAT(unknown.body, HasSubstr(page));
  }
}

TEST_F(MixedFleetTest, HeadIsGetWithoutTheBody) {
  const HttpReply head = Get("/healthz", "HEAD");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(head.headers.at("content-length"), "3");
  EXPECT_EQ(Get("/nowhere", "HEAD").status, 404);
}

TEST_F(MixedFleetTest, OtherMethodsAreRefused) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(Get("/metrics", method).status, 405) << method;
  }
}

TEST_F(MixedFleetTest, OtherMethodsAreToldWhichOnesThereAre) {
  EXPECT_EQ(Get("/metrics", "POST").headers["allow"], "GET, HEAD");
}

TEST_F(MixedFleetTest, OtherMethodsAreRefusedWithABodyToo) {
  Socket socket(daemon_.http_address());
  ASSERT_TRUE(
      socket.Send("POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"));
  EXPECT_THAT(socket.ReceiveSome(), testing::StartsWith("HTTP/1.1 405 "));
}

}  // namespace
}  // namespace fleetmeter::e2e
