// A real fleetmeterd for tests: with files of its own in a temporary folder, on free ports.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fleetmeter/v1/ingest.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"
#include "tests/support/process.h"
#include "tests/support/scrape.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter::e2e {

// Two kinds: h100, provider "cloud", 1 chip per H100e; a100, provider "site", 2 per H100e.
extern const char kCatalog[];
// Supply: 32 h100 and 32 a100, that is 48 H100e. Pools: serving (teams chat, batch; 16 H100e, lends
// half of its headroom, borrows at most 8), training (pretrain; 12 H100e), evals (red; 4 H100e).
extern const char kPlan[];

// A program in the build folder, "daemon/fleetmeterd".
std::string BinaryPath(const std::string& name);

// `text` with the only occurrence of `from` replaced.
std::string Replaced(std::string text, const std::string& from, const std::string& to);

struct DaemonSettings {
  std::string catalog = kCatalog;
  std::string plan = kPlan;
  // Lines of the sections of daemon.yaml, such as "max_streams: 2".
  std::vector<std::string> ingest = {};
  std::vector<std::string> live = {};
  std::vector<std::string> shutdown = {};
  std::string ingest_address = "127.0.0.1:0";
  std::map<std::string, std::string> env = {};
  // What starts the daemon, such as {"prlimit", "--nofile=100"}.
  std::vector<std::string> launcher = {};
  std::vector<std::string> listen = {};
  std::string more = "";  // whole sections
};

// Looks again and again until `condition` holds. False: it did not within half a minute.
template <class Condition>
bool Eventually(const Condition& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

// Chip-nanoseconds counted for one (chip, signal) of a pool, as decimal numbers.
struct Totals {
  std::string assigned;
  std::string busy;
  std::string productive;

  friend bool operator==(const Totals&, const Totals&) = default;
};
std::ostream& operator<<(std::ostream& out, const Totals& totals);

// The daemon process, its files, and stubs to talk to it. Started by the constructor, which fails
// the test when that does not work; killed by the destructor.
class Daemon {
 public:
  explicit Daemon(DaemonSettings settings = {});
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  v1::UsageIngest::Stub& ingest() { return *ingest_; }
  v1::Query::Stub& query() { return *query_; }
  const std::string& ingest_address() const { return ingest_address_; }
  const std::string& query_address() const { return query_address_; }
  const std::string& http_address() const { return http_address_; }
  const std::string& admin_address() const { return admin_address_; }  // empty: there is none

  // "plan.yaml", "catalog.yaml" and "daemon.yaml".
  const TempFolder& files() const { return files_; }

  ChildProcess& process() { return *process_; }
  // Writes "daemon.yaml" anew, for a reload.
  void Configure(const DaemonSettings& settings) const;
  // SIGTERM, then the exit code. nullopt: still there after half a minute.
  std::optional<int> Stop();
  // SIGKILL. The process is gone when it returns, and with it its locks and ports; without the wait
  // it may hold them a little longer.
  void Kill();

  // A failed scrape fails the test and is empty.
  Scrape ScrapeMetrics() const;
  // Scrapes again and again until the connection is refused: what was scraped last.
  Scrape LastScrape() const;
  v1::ListPoolsResponse ListPools();
  v1::Pool FindPool(const std::string& name);
  // What was counted for chips of a pool; empty strings if nothing was.
  Totals TotalsOf(const std::string& pool, const std::string& chip = "h100",
                  const std::string& signal = "gr_engine_active");

 private:
  void Start(const DaemonSettings& settings);

  const TempFolder files_;
  std::unique_ptr<ChildProcess> process_;
  std::string ingest_address_;
  std::string query_address_;
  std::string http_address_;
  std::string admin_address_;
  std::unique_ptr<v1::UsageIngest::Stub> ingest_;
  std::unique_ptr<v1::Query::Stub> query_;
};

}  // namespace fleetmeter::e2e
