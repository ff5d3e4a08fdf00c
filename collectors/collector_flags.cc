#include "collectors/collector_flags.h"

#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/command_description.h"
#include "daemon/base/manual_page.h"
#include "daemon/base/version.h"
#include "daemon/security/tls_flags.h"

namespace fleetmeter::collector {
namespace {

void AddDelivery(Flags& program, CollectorFlags& flags, const Flag& config) {
  program.Add("--daemon", &flags.daemon, "Ingest address of fleetmeterd, host:port")
      .ShowDefault()
      .Excludes(config);
  AddTlsFlags(program, &flags.tls);
  program.Add("--interval", &flags.interval_seconds, "Seconds between reports")
      .InRange(0.05, 1800.0)
      .ShowDefault()
      .Excludes(config);
  program
      .Add("--drain", &flags.drain_seconds,
           "Seconds to go on delivering what is left after SIGTERM or SIGINT")
      .InRange(0.0, 600.0)
      .ShowDefault()
      .Excludes(config);
}

void AddSpool(Flags& program, CollectorFlags& flags, const Flag& config) {
  program
      .Add("--spool", &flags.spool,
           "Folder where reports are kept until they are delivered, also across restarts and\n"
           "crashes (default: in memory, gone with the process)")
      .Excludes(config);
  program
      .Add("--spool-max", &flags.spool_max_bytes,
           "Most that the spool of a source takes, for example 256MiB or 4GiB; full, windows\n"
           "are added up: totals stay exact")
      .TakeSizes()
      .InRange(uint64_t{64} << 10, uint64_t{1} << 44)
      .Default("1GiB")
      .Excludes(config);
  program
      .Add("--deferred-hours", &flags.deferred_max_hours,
           "Hours for which a report is kept that the daemon defers, since its plan, its catalog\n"
           "or a clock has to be mended first")
      .InRange(0.0, 2'000.0)
      .ShowDefault()
      .Excludes(config);
  program
      .Add("--deferred-max", &flags.deferred_max_bytes,
           "Most that the deferred reports of a source take, beside the spool; more than that,\n"
           "and the oldest are lost and counted as lost")
      .TakeSizes()
      .InRange(uint64_t{64} << 10, uint64_t{1} << 44)
      .Default("256MiB")
      .Excludes(config);
  program.AddSwitch(
      "--recover-acknowledged", &flags.recover_acknowledged,
      "After the daemon's books were restored from an older backup: send again what they\n"
      "have lost, as far as the spool keeps it");
}

void AddObservation(Flags& program, CollectorFlags& flags, const Flag& config) {
  program
      .Add("--metrics", &flags.metrics,
           "Serve /metrics and /healthz on this host:port of loopback, and print the address\n"
           "(default: not at all)")
      .Excludes(config);
  program.Add("--log-level", &flags.log_level, "What is logged to standard error")
      .OneOf({"trace", "debug", "info", "warn", "error"})
      .ShowDefault()
      .Excludes(config);
  program.Add("--log-format", &flags.log_format, "Form of the log")
      .OneOf({"text", "json"})
      .ShowDefault()
      .Excludes(config);
}

}  // namespace

void AddCollectorFlags(Flags& program, CollectorFlags& flags, std::string* config) {
  const Flag config_flag =
      program
          .Add("--config", config,
               "Configuration file with live sources (collectors/config/README.md). It says what\n"
               "the flags below say, apart from --recover-acknowledged, and excludes them")
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
