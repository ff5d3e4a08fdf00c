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

#include "collectors/core/pipeline.h"
#include "collectors/replay_flags.h"
#include "daemon/base/clock.h"
#include "daemon/base/logging.h"
#include "daemon/base/version.h"

namespace {

namespace asio = boost::asio;
using fleetmeter::collector::Pipeline;
using fleetmeter::collector::PipelineOptions;
using fleetmeter::collector::ReplayCommand;
using Pipelines = std::vector<std::unique_ptr<Pipeline>>;

constexpr auto kLook = std::chrono::milliseconds(50);

struct Flags {
  std::string daemon = "127.0.0.1:7443";
  double interval_seconds = 10;
  double drain_seconds = 5;
  std::string log_level = "info";
  std::string log_format = "text";
};

bool AllDone(const Pipelines& pipelines) {
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

int Finish(const Pipelines& pipelines) {
  int code = 0;
  for (const auto& pipeline : pipelines) {
    pipeline->Stop();
    if (const absl::Status status = pipeline->status(); !status.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}: {}\n", pipeline->source().Name(),
                 std::string(status.message()));
      code = 1;
    }
  }
  return code;
}

int Run(const Flags& flags, const std::vector<std::unique_ptr<ReplayCommand>>& commands) {
  const fleetmeter::SystemClock clock;
  Pipelines pipelines;
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    auto source = command->MakeSource();
    if (!source.ok()) {
      fmt::print(stderr, "fleetmeter-collector: {}\n", std::string(source.status().message()));
      return 1;
    }
    PipelineOptions options;
    options.sender.daemon = flags.daemon;
    options.sender.client =
        fmt::format("fleetmeter-collector/{} {}", fleetmeter::kVersion, (*source)->Name());
    options.sender.replay_speed = command->speed();
    options.speed = command->speed();
    options.interval = std::chrono::nanoseconds(
        static_cast<int64_t>(flags.interval_seconds * fleetmeter::kNanosPerSecond));
    pipelines.push_back(std::make_unique<Pipeline>(options, *std::move(source), clock));
  }
  for (const auto& pipeline : pipelines) pipeline->Start();
  Serve(pipelines, flags.drain_seconds);
  return Finish(pipelines);
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "fleetmeter-collector: reports what chips do to fleetmeterd.\n"
      "Name one or more sources; each gets a stream of its own. Exit code 0: every report was\n"
      "delivered and counted; 1: some were not, and standard error says why.");
  Flags flags;
  app.add_option("--daemon", flags.daemon, "Ingest address of fleetmeterd, host:port")
      ->capture_default_str();
  app.add_option("--interval", flags.interval_seconds, "Seconds between reports")
      ->check(CLI::Range(0.05, 1800.0))
      ->capture_default_str();
  app.add_option("--drain", flags.drain_seconds,
                 "Seconds to go on delivering what is left after SIGTERM or SIGINT")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
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
  fleetmeter::SetUpLogging(flags.log_level, flags.log_format);
  return Run(flags, commands);
}
