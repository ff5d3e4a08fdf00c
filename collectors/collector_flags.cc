#include "collectors/collector_flags.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/version.h"

namespace fleetmeter::collector {
namespace {

void AddDelivery(CLI::App& app, CollectorFlags& flags) {
  app.add_option("--daemon", flags.daemon, "Ingest address of fleetmeterd, host:port")
      ->capture_default_str();
  AddTlsFlags(app, &flags.tls);
  app.add_option("--interval", flags.interval_seconds, "Seconds between reports")
      ->check(CLI::Range(0.05, 1800.0))
      ->capture_default_str();
  app.add_option("--drain", flags.drain_seconds,
                 "Seconds to go on delivering what is left after SIGTERM or SIGINT")
      ->check(CLI::Range(0.0, 600.0))
      ->capture_default_str();
}

void AddSpool(CLI::App& app, CollectorFlags& flags) {
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
}

void AddObservation(CLI::App& app, CollectorFlags& flags) {
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
}

}  // namespace

void AddCollectorFlags(CLI::App& app, CollectorFlags& flags) {
  AddDelivery(app, flags);
  AddSpool(app, flags);
  AddObservation(app, flags);
  app.add_flag_callback(
      "--print-metrics",
      [] {
        fmt::print("{}", MetricsReference());
        throw CLI::Success();
      },
      "Print what the metrics of the collector mean, as a table in Markdown, and exit");
  app.set_version_flag("--version", std::string("fleetmeter-collector ") + kVersion);
}

}  // namespace fleetmeter::collector
