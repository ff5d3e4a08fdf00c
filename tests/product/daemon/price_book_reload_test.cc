// A price book keeps what its version says: over a reload, and over a restart.
#include <csignal>
#include <stdexcept>
#include <string>

#include "gmock/gmock.h"
#include "tests/support/daemon_fixture.h"

namespace fleetmeter::e2e {
namespace {

TEST(PriceBookReload, IsRefusedForTheSameVersionWithAnotherContent) {
  const std::string prices =
      "version: 3\nprices:\n"
      "  - {model: opus, effective_from: 2020-01-01, input: 3, output: 15}\n";
  const TempFolder folder;
  const std::string path = folder.PathOf("prices.yaml");
  folder.Write("prices.yaml", prices);
  DaemonSettings settings;
  settings.more =
      "outcomes: {prices: " + path + "}\nledger: {path: " + folder.PathOf("ledger.db") + "}\n";
  const auto reloads = [](const Daemon& daemon, const std::string& result) {
    return daemon.ScrapeMetrics().Value("fleetmeter_config_reloads_total", {{"result", result}});
  };
  {
    Daemon daemon(settings);
    folder.Write("prices.yaml", Replaced(prices, "input: 3", "input: 4"));
    daemon.process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually([&] { return reloads(daemon, "failed").value_or(0) >= 1; }));
    // The counter may be read before the last line of the log.
    const auto says = [&](const std::string& text) {
      return daemon.process().Stderr().find(text) != std::string::npos;
    };
    EXPECT_TRUE(Eventually([&] { return says("raise the version to 4 for a change"); }));
    EXPECT_TRUE(says("price book version 3 says something else")) << daemon.process().Stderr();
    folder.Write("prices.yaml", prices);
    daemon.process().Signal(SIGHUP);
    ASSERT_TRUE(Eventually([&] { return reloads(daemon, "ok").value_or(0) >= 2; }));
    EXPECT_EQ(daemon.Stop(), 0);
  }
  // The books remember it over a restart.
  folder.Write("prices.yaml", Replaced(prices, "input: 3", "input: 4"));
  EXPECT_THROW(Daemon{settings}, std::runtime_error);
  folder.Write("prices.yaml",
               Replaced(Replaced(prices, "input: 3", "input: 4"), "version: 3", "version: 4"));
  Daemon raised(settings);
  EXPECT_EQ(raised.Stop(), 0);
}

}  // namespace
}  // namespace fleetmeter::e2e
