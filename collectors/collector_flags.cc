#include "collectors/collector_flags.h"

#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/command_description.h"
#include "daemon/base/manual_page.h"
#include "daemon/base/version.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::collector {
namespace {

void AddDelivery(Flags& program, CollectorFlags& flags, const Flag& config) {
  program.Add("--daemon", &flags.daemon, "The address of the daemon's listen.ingest")
      .ValueName("HOST:PORT")
      .ShowDefault()
      .Excludes(config);
  AddTlsFlags(program, &flags.tls);
  program.Add("--interval", &flags.interval_seconds, "How many seconds lie between two reports")
      .InRange(0.05, 1800.0)
      .ShowDefault()
      .Excludes(config);
  program
      .Add("--drain", &flags.drain_seconds,
           "How many seconds the collector goes on delivering what is left after SIGTERM or\n"
           "SIGINT")
      .InRange(0.0, 600.0)
      .ShowDefault()
      .Excludes(config);
}

void AddSpool(Flags& program, CollectorFlags& flags, const Flag& config) {
  program
      .Add("--spool", &flags.spool,
           "The folder where reports are kept until they are delivered, over restarts and\n"
           "crashes. Without it they are kept in memory and end with the process")
      .ValueName("DIR")
      .Excludes(config);
  program
      .Add("--spool-max", &flags.spool_max_bytes,
           "The most that the spool of a source may take, such as 256MiB or 4GiB. In a full spool\n"
           "windows are added up, and totals stay exact")
      .TakeSizes()
      .InRange(uint64_t{64} << 10, uint64_t{1} << 44)
      .Default("1GiB")
      .Excludes(config);
  program
      .Add("--deferred-hours", &flags.deferred_max_hours,
           "For how many hours a report is kept that the daemon defers, because its plan, its\n"
           "catalog or a clock has to be mended first")
      .InRange(0.0, 2'000.0)
      .ShowDefault()
      .Excludes(config);
  program
      .Add("--deferred-max", &flags.deferred_max_bytes,
           "The most that the deferred reports of a source may take, beside the spool. Beyond it\n"
           "the oldest are given up and counted as lost")
      .TakeSizes()
      .InRange(uint64_t{64} << 10, uint64_t{1} << 44)
      .Default("256MiB")
      .Excludes(config);
  program.AddSwitch(
      "--recover-acknowledged", &flags.recover_acknowledged,
      "Send again what the daemon's books have lost, as far as the spool keeps it. This is for\n"
      "books that were restored from an older backup");
}

void AddObservation(Flags& program, CollectorFlags& flags, const Flag& config) {
  program
      .Add("--metrics", &flags.metrics,
           "Serve /metrics and /healthz at this address of loopback, and print the address.\n"
           "Without it they are not served")
      .ValueName("HOST:PORT")
      .Excludes(config);
  program.Add("--log-level", &flags.log_level, "Log messages of this level and above")
      .OneOf({"trace", "debug", "info", "warn", "error"})
      .ShowDefault()
      .Excludes(config);
  program.Add("--log-format", &flags.log_format, "The form of the log on standard error")
      .OneOf({"text", "json"})
      .ShowDefault()
      .Excludes(config);
}

}  // namespace

void AddCollectorFlags(Flags& program, CollectorFlags& flags, std::string* config) {
  const Flag config_flag =
      program
          .Add("--config", config,
               "A configuration with live sources (collectors/config/README.md). It also has the\n"
               "settings of the flags below, apart from --recover-acknowledged, and excludes them")
          .ValueName("FILE");
  AddDelivery(program, flags, config_flag);
  AddSpool(program, flags, config_flag);
  AddObservation(program, flags, config_flag);
  program.AddPage("--print-metrics", MetricsReference,
                  "Print what the metrics of the collector mean, as a table in Markdown, and exit");
  program.AddPage(
      "--print-manual",
      [program] {
        CommandDescription described = program.Describe();
        described.name = "fleetmeter-collector";  // by whatever path it was called
        return ManualPage(described, 8, kVersion);
      },
      "Print the manual page, in the language of man, and exit");
  program.AddVersion(std::string("fleetmeter-collector ") + kVersion);
}

}  // namespace fleetmeter::collector
