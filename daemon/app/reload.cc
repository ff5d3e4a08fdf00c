#include "daemon/app/reload.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <utility>
#include <vector>

#include "daemon/app/open_ledger.h"
#include "daemon/app/service_manager.h"
#include "daemon/base/log_fields.h"
#include "daemon/base/text.h"
#include "daemon/config/load_config.h"
#include "daemon/config/load_framework.h"
#include "daemon/config/settings/reload_settings.h"
#include "daemon/domain/capacity/plan_grants.h"
#include "daemon/view/snapshot.h"

namespace fleetmeter {
namespace {

std::string FrameworkText(const ReferenceData& reference) {
  if (!reference.framework) return "no framework";
  const framework::Assumptions& assumptions = reference.framework->assumptions;
  return fmt::format("framework '{}' version {}", assumptions.name, assumptions.version);
}

void LogReload(const char* why, const ReferenceData& reference, int64_t now_unix_nanos) {
  const Plan& plan = reference.PlanAt(now_unix_nanos);
  LogWith(spdlog::level::info,
          fmt::format("reload ({}): plan '{}' version {}, catalog version {}, {}", why, plan.name,
                      plan.version, reference.catalog.version(), FrameworkText(reference)),
          {{"event", "reload"},
           {"why", why},
           {"plan", plan.name},
           {"plan_version", plan.version},
           {"catalog_version", reference.catalog.version()}});
}

// Whoever renames a pool learns at once who still reports the old name.
void LogOrphaned(const Writer& writer) {
  const auto snapshot = TakeSnapshot(writer);
  for (const auto& [pool, h100e] : snapshot->orphaned_h100e) {
    LogWith(spdlog::level::warn,
            fmt::format("plan '{}' version {} does not know pool {}, under which sources hold "
                        "{:.1f} H100e: they are taken from the headroom of every pool until the "
                        "sources report a pool of the plan",
                        snapshot->plan->name, snapshot->plan->version, Quoted(pool), h100e),
            {{"event", "orphaned_pool"}, {"plan", snapshot->plan->name}, {"pool", pool}});
  }
}

}  // namespace

void LogGrantDoubts(const Writer& writer) {
  const auto reference = writer.reference();
  const auto book = writer.capacity();
  for (const Plan& plan : reference->plans) {
    for (const std::string& doubt :
         capacity::DoubtsOfGrants(plan, *book, writer.PresentNow() / kNanosPerSecond)) {
      LogWith(spdlog::level::warn, doubt, {{"event", "grants_of_plan"}, {"plan", plan.name}});
    }
  }
}

WriterSettings SettingsFrom(const DaemonConfig& config, ReferenceData reference) {
  WriterSettings settings;
  settings.reference = std::make_shared<const ReferenceData>(std::move(reference));
  settings.windows = {.max_length_nanos = config.ingest.max_window_nanos,
                      .max_lateness_nanos = config.ingest.max_lateness_nanos,
                      .adjust_up_to_nanos = config.ingest.adjust_up_to_nanos,
                      .future_tolerance_nanos = config.ingest.future_tolerance_nanos};
  settings.state = {.silent_after_nanos = config.live.silent_after_nanos,
                    .forget_after_nanos = config.live.forget_after_nanos,
                    .keep_windows_nanos = KeepSourcesNanos(config),
                    .idle_below = config.live.idle_below};
  settings.sources = {.max_chips_per_source = config.ingest.max_chips_per_source,
                      .supply_factor = config.ingest.supply_factor,
                      .max_sources_per_identity = config.ingest.max_sources_per_identity};
  settings.thresholds = {.coverage = config.live.coverage_threshold,
                         .measured = config.live.measured_threshold};
  return settings;
}

absl::Status Reloader::LoadFirst() {
  files_.Watch({config_path_});
  auto config = LoadDaemonConfig(config_path_);
  if (!config.ok()) return config.status();
  config_ = *std::move(config);
  WatchFiles(config_);
  return absl::OkStatus();
}

void Reloader::WatchFiles(const DaemonConfig& config) {
  std::vector<std::string> paths = config.plans;
  paths.push_back(config.catalog);
  if (!config.framework.empty()) {
    paths.push_back(config.framework);
    const std::string catalog = FrameworkCatalogPath(config.framework);
    if (!catalog.empty()) paths.push_back(catalog);
  }
  for (const std::string& path : {config.outcomes.prices, config.outcomes.benchmarks}) {
    if (!path.empty()) paths.push_back(path);
  }
  paths.push_back(config_path_);
  files_.Watch(paths);
}

v1::ReloadResponse Reloader::Reload(const char* why, const Parts& parts) {
  v1::ReloadResponse outcome;
  TellReloading();
  ReloadConfig(why, parts, &outcome);
  if (const absl::Status status = parts.security.ReloadTls(); !status.ok()) {
    outcome.set_tls_error(std::string(status.message()));
  }
  const auto reference = parts.writer.reference();
  const Plan& plan = reference->PlanAt(parts.clock.UnixNanos());
  outcome.set_plan(plan.name);
  outcome.set_plan_version(static_cast<uint32_t>(plan.version));
  TellReady(outcome.config_error().empty()
                ? fmt::format("plan '{}' version {}", outcome.plan(), outcome.plan_version())
                : "a reload was refused, the old configuration stays: see the log");
  return outcome;
}

absl::StatusOr<ReferenceData> Reloader::Load(DaemonConfig* config) {
  files_.Changed();  // what is there now is what is read now
  auto loaded = LoadDaemonConfig(config_path_);
  if (!loaded.ok()) return loaded.status();
  *config = *std::move(loaded);
  // A refused configuration too: mending a file that it names should bring it in.
  WatchFiles(*config);
  return LoadReferenceData(*config);
}

void Reloader::ReloadConfig(const char* why, const Parts& parts, v1::ReloadResponse* outcome) {
  DaemonConfig loaded;
  auto reference = Load(&loaded);
  absl::Status status = reference.status();
  if (status.ok()) status = parts.writer.CheckPlans(*reference);
  if (!status.ok()) {
    parts.metrics.ReloadDone(false, parts.clock.UnixNanos());
    outcome->set_config_error(std::string(status.message()));
    LogWith(spdlog::level::err,
            fmt::format("reload ({}) refused, the old configuration stays:\n{}", why,
                        outcome->config_error()),
            {{"event", "reload_refused"}, {"why", why}});
    return;
  }
  outcome->set_needs_restart(RestartWarning(KeepUntilRestart(config_, &loaded)));
  if (!outcome->needs_restart().empty()) {
    spdlog::warn("reload ({}): {}", why, outcome->needs_restart());
  }
  // The books' days are those of the zone that the daemon was started with.
  reference->outcomes.day_zone = loaded.outcomes.rules.day_zone;
  LogReload(why, *reference, parts.clock.UnixNanos());
  config_ = std::move(loaded);
  parts.security.Replace(config_);
  parts.otlp.Use(config_.otlp);
  parts.writer.Replace(SettingsFrom(config_, *std::move(reference)));
  LogOrphaned(parts.writer);
  LogGrantDoubts(parts.writer);
  // Who sees it counted sees the new plan.
  parts.metrics.ReloadDone(true, parts.clock.UnixNanos());
}

}  // namespace fleetmeter
