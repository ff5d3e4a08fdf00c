// fleetmeter-collector: flags to sources, a pipeline for each, until they end or a signal comes.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "collectors/core/memory_outbox.h"
#include "collectors/core/pipeline.h"
#include "collectors/metrics/metrics_page.h"
#include "collectors/replay_flags.h"
#include "collectors/spool/disk.h"
#include "collectors/spool/spool.h"
#include "daemon/base/clock.h"
#include "daemon/base/logging.h"
#include "daemon/base/version.h"
#include "daemon/security/tls_flags.h"

namespace {

namespace asio = boost::asio;
using fleetmeter::collector::Outbox;
using fleetmeter::collector::Pipeline;
using fleetmeter::collector::PipelineOptions;
using fleetmeter::collector::ReplayCommand;
using Pipelines = std::vector<std::unique_ptr<Pipeline>>;

constexpr auto kLook = std::chrono::milliseconds(50);
constexpr size_t kMemoryReports = 100'000;

struct Flags {
  std::string daemon = "127.0.0.1:7443";
  fleetmeter::ClientTls tls;
  double interval_seconds = 10;
  double drain_seconds = 5;
  std::string spool;
  uint64_t spool_max_bytes = uint64_t{1} << 30;
  bool recover_acknowledged = false;
  std::string metrics;
  std::string log_level = "info";
  std::string log_format = "text";
};

bool AllDone(const Pipelines& pipelines) {
  if (std::any_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Failed(); })) {
    return true;  // a new process has to recover what is on the disk
  }
  return std::all_of(pipelines.begin(), pipelines.end(), [](const auto& p) { return p->Done(); });
}

// Until every pipeline is done, or for a signal; then until what is left is delivered, or too late.
void Serve(const Pipelines& pipelines, double drain_seconds) {
  asio::io_context io;
  asio::signal_set signals(io, SIGTERM, SIGINT);
  asio::steady_timer timer(io);
  std::optional<std::chrono::steady_clock::time_point> deadline;
  signals.async_wait([&](boost::system::error_code error, int signal) {
    if (error) return;
    spdlog::info("stopping on signal {}", signal);
    for (const auto& pipeline : pipelines) pipeline->StopSampling();
    deadline = std::chrono::steady_clock::now() +
               std::chrono::milliseconds(static_cast<int64_t>(drain_seconds * 1000));
  });
  std::function<void()> look = [&] {
    if (AllDone(pipelines) || (deadline && std::chrono::steady_clock::now() > *deadline)) {
      signals.cancel();
      return;
    }
    timer.expires_after(kLook);
    timer.async_wait([&](boost::system::error_code) { look(); });
  };
  look();
  io.run();
}

int Finish(const Pipelines& pipelines, bool spooled) {
  int code = 0;
  for (const auto& pipeline : pipelines) {
    pipeline->Stop();
    if (const absl::Status status = pipeline->status(); !status.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}: {}\n", pipeline->name(),
                 std::string(status.message()));
      code = 1;
    }
    if (const uint64_t left = pipeline->stats().outbox.waiting_reports; spooled && left > 0) {
      spdlog::warn("{} reports of {} wait for the next start", left, pipeline->name());
    }
  }
  return code;
}

absl::StatusOr<std::unique_ptr<Outbox>> MakeOutbox(const Flags& flags, const std::string& source,
                                                   double speed, const fleetmeter::Clock& clock,
                                                   fleetmeter::collector::Disk& disk) {
  if (flags.spool.empty()) {
    return std::make_unique<fleetmeter::collector::MemoryOutbox>(kMemoryReports);
  }
  if (absl::Status made = disk.MakeFolder(flags.spool); !made.ok()) return made;
  fleetmeter::collector::SpoolOptions options;
  options.folder = flags.spool + "/" + source;
  options.max_bytes = flags.spool_max_bytes;
  options.speed = speed;
  return fleetmeter::collector::Spool::Open(options, clock, disk);
}

int Run(const Flags& flags, const std::vector<std::unique_ptr<ReplayCommand>>& commands) {
  const fleetmeter::SystemClock clock;
  fleetmeter::collector::Disk disk;
  Pipelines pipelines;
  if (flags.spool.empty()) {
    spdlog::warn("without --spool, reports that are not delivered do not outlive this process");
  }
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    auto source = command->MakeSource();
    if (!source.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(source.status().message()));
      return 1;
    }
    PipelineOptions options;
    options.sender.daemon = flags.daemon;
    options.sender.tls = flags.tls;
    options.sender.client =
        fmt::format("fleetmeter-collector/{} {}", fleetmeter::kVersion, (*source)->Name());
    options.sender.replay_speed = command->speed();
    options.sender.recover_acknowledged = flags.recover_acknowledged;
    options.speed = command->speed();
    options.interval = std::chrono::nanoseconds(
        static_cast<int64_t>(flags.interval_seconds * fleetmeter::kNanosPerSecond));
    auto outbox = MakeOutbox(flags, (*source)->Name(), command->speed(), clock, disk);
    if (!outbox.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(outbox.status().message()));
      return 1;
    }
    pipelines.push_back(
        std::make_unique<Pipeline>(options, *std::move(source), *std::move(outbox), clock));
  }
  std::unique_ptr<fleetmeter::HttpServer> http;
  if (!flags.metrics.empty()) {
    auto server = fleetmeter::collector::ServeMetrics(flags.metrics, pipelines);
    if (!server.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(server.status().message()));
      return 1;
    }
    http = *std::move(server);
    // On standard output, and nothing else: what a script that asked for port 0 reads.
    fmt::print("metrics {}\nready\n", http->address());
    std::fflush(stdout);
  }
  for (const auto& pipeline : pipelines) pipeline->Start();
  Serve(pipelines, flags.drain_seconds);
  return Finish(pipelines, !flags.spool.empty());
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "fleetmeter-collector: reports what chips do to fleetmeterd.\n"
      "Name one or more sources; each gets a stream of its own. Exit code 0: every report was\n"
      "delivered and counted, or waits in the spool for the next start; 1: some were not, and\n"
      "standard error says why.");
  Flags flags;
  app.add_option("--daemon", flags.daemon, "Ingest address of fleetmeterd, host:port")
      ->capture_default_str();
  fleetmeter::AddTlsFlags(app, &flags.tls);
  app.add_option("--interval", flags.interval_seconds, "Seconds between reports")
      ->check(CLI::Range(0.05, 1800.0))
      ->capture_default_str();
  app.add_option("--drain", flags.drain_seconds,
                 "Seconds to go on delivering what is left after SIGTERM or SIGINT")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
  app.add_option(
      "--spool", flags.spool,
      "Folder where reports are kept until they are delivered, also across restarts and\n"
      "crashes (default: in memory, gone with the process)");
  app.add_option(
         "--spool-max", flags.spool_max_bytes,
         "Most that the spool of a source takes, for example 256MiB or 4GiB; full, windows\n"
         "are added up: totals stay exact")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(uint64_t{64} << 10, uint64_t{1} << 44))
      ->default_str("1GiB");
  app.add_flag("--recover-acknowledged", flags.recover_acknowledged,
               "After the daemon's books were restored from an older backup: send again what they\n"
               "have lost, as far as the spool keeps it");
  app.add_option(
      "--metrics", flags.metrics,
      "Serve /metrics and /healthz on this host:port of loopback, and print the address\n"
      "(default: not at all)");
  app.add_option("--log-level", flags.log_level, "What is logged to standard error")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error"}))
      ->capture_default_str();
  app.add_option("--log-format", flags.log_format, "Form of the log")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  app.set_version_flag("--version", std::string("fleetmeter-collector ") + fleetmeter::kVersion);
  app.require_subcommand(1, 0);
  const auto commands = fleetmeter::collector::AddReplayCommands(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (const auto status = CheckClientTls(flags.tls, flags.daemon); !status.ok()) {
    fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(status.message()));
    return 2;
  }
  fleetmeter::SetUpLogging(flags.log_level, flags.log_format);
  return Run(flags, commands);
}
