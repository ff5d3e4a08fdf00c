// The running program: a pipeline for each chosen source, and the page about them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/config/collector_config.h"
#include "collectors/core/pipeline.h"
#include "collectors/metrics/collector_metrics.h"
#include "collectors/metrics/metrics_listener.h"
#include "collectors/reload.h"
#include "collectors/served/served_delivery.h"
#include "collectors/sources.h"
#include "collectors/spool/disk.h"
#include "collectors/wait_for_end.h"
#include "daemon/base/clock.h"

namespace fleetmeter::collector {

// For one thread, the program's main thread. Members stand in the order in which they are built,
// and each stops when it goes: the page first, and then what it reads.
class Collector {
 public:
  // Reads the input of every chosen source and opens its outbox; nothing is reported yet. `config`
  // may be null; its sources are taken from it, and then `reloader`, which outlives the collector,
  // keeps them as the file says.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(const CollectorFlags& flags,
                                                           const SourceCommands& commands,
                                                           CollectorConfig* config,
                                                           Reloader* reloader);

  // Reports until every source is at its end and delivered, or for a signal and the time to drain.
  // Returns what went wrong, in the order of the sources. Nothing: every report was delivered and
  // counted, or waits in the spool for the next start.
  std::vector<absl::Status> Run();

 private:
  Collector(const CollectorFlags& flags, Reloader* reloader) : flags_(flags), reloader_(reloader) {}

  absl::Status AddLiveSources(CollectorConfig& config);
  absl::Status AddServed(CollectorConfig& config);
  // Delivers what was served and is open, after the last look.
  absl::Status FinishServed() const;
  absl::Status AddReplay(const SourceCommand& command);
  absl::Status AddConfigured(const ConfiguredReplay& replay);
  absl::Status AddPipeline(const std::string& name, std::unique_ptr<Source> source, double speed);
  PipelineOptions OptionsOf(const std::string& source, double speed) const;
  absl::StatusOr<std::unique_ptr<Outbox>> MakeOutbox(const std::string& source, double speed);
  absl::Status ServePage();
  // For the page, on its thread: every part guards what it tells of itself.
  CollectorFigures Figures() const;
  WhileRunning Meanwhile();
  absl::Status Finish(Pipeline& pipeline) const;

  const CollectorFlags flags_;
  Reloader* const reloader_;   // null: without a configuration
  LiveGroup* live_ = nullptr;  // of its pipeline; null: there are no live sources
  const SystemClock clock_;
  Disk disk_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::shared_ptr<ServedDelivery> served_;  // null: there are no live sources
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<MetricsListener> page_;  // null: without --metrics
};

}  // namespace fleetmeter::collector
