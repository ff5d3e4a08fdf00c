// What books that survive a power cut cost: reports a second through the ledger, by how many share
// a transaction, beside plain rows inserted into SQLite the same way; and how long a start takes.
//   fleetmeter_ledger_bench [FOLDER]    on whose disk; default: the system's temporary folder
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "daemon/ledger/sqlite/sqlite_ledger.h"

namespace fleetmeter {
namespace {

constexpr int kHosts = 200'000;
constexpr int kReportsEach = 100'000;  // timed, by size of transaction
constexpr int64_t kStart = 1'774'908'000 * kNanosPerSecond;
constexpr int64_t kWindow = 10 * kNanosPerSecond;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  fmt::print(stderr, "{}\n", status.ToString());
  std::exit(1);
}

SqliteLedgerOptions Options(const std::string& path) {
  SqliteLedgerOptions options;
  options.path = path;
  options.keep_hours_nanos = 400 * 86'400 * kNanosPerSecond;
  options.keep_days_nanos = options.keep_hours_nanos;
  options.max_lateness_nanos = 86'400 * kNanosPerSecond;
  options.keep_sources_nanos = options.keep_hours_nanos;
  options.workloads_per_pool = 1'000;
  return options;
}

// Reports of a fleet, host by host and window by window; each host is a stream of its own.
class Fleet {
 public:
  LedgerTransaction Next(int reports) {
    LedgerTransaction transaction;
    transaction.now_unix_nanos = kStart + round_ * kWindow + kWindow;
    for (int i = 0; i < reports; ++i) {
      Add(transaction);
      if (++host_ < kHosts) continue;
      host_ = 0;
      ++round_;
    }
    return transaction;
  }

 private:
  void Add(LedgerTransaction& transaction) {
    LedgerEntry& entry = transaction.counted.emplace_back();
    entry.stream = {fmt::format("spiffe://fleet/host-{:06}", host_), fmt::format("{:016}", host_)};
    entry.sequence = static_cast<uint64_t>(round_ + 1);
    UsageReport& report = entry.report;
    report.source = fmt::format("host-{:06}", host_);
    report.window_start_unix_nanos = kStart + round_ * kWindow;
    report.window_length_nanos = report.duration_nanos = kWindow;
    UsageGroup& group = report.groups.emplace_back();
    group.chip = "trainium2";
    group.pool = fmt::format("pool-{}", host_ % 40);
    group.team = "team";
    group.workload = fmt::format("job-{}", host_ % 2'000);
    group.signal = "neuroncore_utilization";
    group.chip_nanos = 16 * kWindow;
    group.busy_chip_nanos = 7 * kWindow + host_;
    entry.conversions.push_back({"trainium2", {3, 2}, 1});
    entry.terms.emplace_back();
    entry.plan = "plan";
    entry.plan_version = 1;
    entry.windows = WindowSet({kStart, report.WindowEnd()}, {});
    StreamPosition& position = transaction.streams.emplace_back();
    position.stream = entry.stream;
    position.sequence = entry.sequence;
    position.epoch = 1;
    position.digests.Put(entry.sequence, 42);
  }

  int host_ = 0;
  int64_t round_ = 0;
};

// The floor: one row of the same bytes a report, and nothing worked out.
double PlainRowsPerSecond(const std::string& path, int rows_each) {
  Require(MakeLedgerFile(path));
  auto database = Database::Open(path, {});
  Require(database.status());
  Require(
      (*database)->Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                           "PRAGMA secure_delete = OFF; CREATE TABLE rows (id INTEGER PRIMARY "
                           "KEY, source TEXT, a INTEGER, b INTEGER, digests BLOB)"));
  Statement insert;
  Require((*database)->Prepare("INSERT INTO rows VALUES (NULL, ?1, ?2, ?3, ?4)", &insert));
  const std::string digests(64, 'd');
  const double start = Seconds();
  for (int row = 0; row < kReportsEach; row += rows_each) {
    Require((*database)->Execute("BEGIN IMMEDIATE"));
    for (int i = 0; i < rows_each; ++i) {
      Require(
          insert.Run(fmt::format("host-{:06}", row + i), kStart, kStart + kWindow, Blob{digests}));
    }
    Require((*database)->Execute("COMMIT"));
  }
  return kReportsEach / (Seconds() - start);
}

double ReportsPerSecond(SqliteLedger& ledger, Fleet& fleet, int reports_each, int reports) {
  double seconds = 0;
  for (int done = 0; done < reports; done += reports_each) {
    const LedgerTransaction transaction = fleet.Next(reports_each);
    const double start = Seconds();
    Require(ledger.Commit(transaction));
    seconds += Seconds() - start;
  }
  return reports / seconds;
}

void Run(const std::string& folder) {
  const auto options = Options(folder + "/ledger");
  Fleet fleet;
  {
    auto ledger = SqliteLedger::Open(options);
    Require(ledger.status());
    Require((*ledger)->Restore().status());
    ReportsPerSecond(**ledger, fleet, 8'000, kHosts);  // every host's first report makes its rows
    fmt::print("{:>12} {:>16} {:>16} {:>7}\n", "a commit", "reports/s", "plain rows/s", "ratio");
    for (const int each : {64, 2'048, 8'192}) {
      const int reports = each == 64 ? kReportsEach / 5 : kReportsEach;
      const double ours = ReportsPerSecond(**ledger, fleet, each, reports);
      const double plain = PlainRowsPerSecond(folder + fmt::format("/plain-{}", each), each);
      fmt::print("{:>12} {:>16.0f} {:>16.0f} {:>7.2f}\n", each, ours, plain, ours / plain);
    }
  }
  const double start = Seconds();
  auto ledger = SqliteLedger::Open(options);
  Require(ledger.status());
  const auto books = (*ledger)->Restore();
  Require(books.status());
  fmt::print("restored {} streams and {} sources with a holding each in {:.2f} s\n",
             books->streams.size(), books->sources.size(), Seconds() - start);
}

}  // namespace
}  // namespace fleetmeter

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  std::string folder =
      fs::path(argc > 1 ? argv[1] : fs::temp_directory_path().c_str()) / "ledger-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    fmt::print(stderr, "{} cannot be made\n", folder);
    return 1;
  }
  fleetmeter::Run(folder);
  fs::remove_all(folder);
  return 0;
}
