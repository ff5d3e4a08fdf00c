// Many who scrape a large fleet at once neither hold up a probe nor have a page rendered for each.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"
#include "tests/support/socket.h"

namespace fleetmeter::e2e {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr int kScrapers = 60;
constexpr int kManyPools = 3'000;  // rendering them takes much longer than asking does

std::string PlanOfManyPools() {
  std::string plan =
      "plan: large\nversion: 1\nscenario: many pools\neffective_from: 2025-01-01T00:00:00Z\n"
      "supply: [{chip: h100, chips: 40000}]\npools:\n";
  for (int i = 0; i < kManyPools; ++i) {
    plan += fmt::format(
        "  - {{name: pool-{}, category: research, tier: p2, owner: Lab, contact: '#lab', "
        "teams: [team-{}], allocation: {{h100e: 8}}}}\n",
        i, i);
  }
  return plan;
}

std::string GetOf(const std::string& path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
}

TEST(BusyScrapers, ShareRenderingsAndLeaveProbesTheirAnswer) {
  DaemonSettings settings;
  settings.plan = PlanOfManyPools();
  const Daemon daemon(settings);
  std::vector<std::unique_ptr<Socket>> scrapers;
  for (int i = 0; i < kScrapers; ++i) {
    scrapers.push_back(std::make_unique<Socket>(daemon.http_address()));
    ASSERT_TRUE(scrapers.back()->Send(GetOf("/metrics")));
  }
  Socket probe(daemon.http_address());
  ASSERT_TRUE(probe.Send(GetOf("/healthz")));
  EXPECT_THAT(probe.ReceiveAll(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\nok\n")));
  for (const auto& scraper : scrapers) {
    EXPECT_THAT(scraper->ReceiveAll(),
                AllOf(StartsWith("HTTP/1.1 200 "),
                      HasSubstr("\nfleetmeter_pool_allocated_h100e{pool=\"pool-2999\"")));
  }
  const auto renderings =
      daemon.ScrapeMetrics().Value("fleetmeter_exposition_render_seconds_count");
  ASSERT_TRUE(renderings);
  EXPECT_LT(*renderings, kScrapers / 2);
}

}  // namespace
}  // namespace fleetmeter::e2e
