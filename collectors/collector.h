// The running program: a pipeline for each chosen source, and the page about them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/config/collector_config.h"
#include "collectors/core/pipeline.h"
#include "collectors/served/served_delivery.h"
#include "collectors/sources.h"
#include "collectors/spool/disk.h"
#include "daemon/base/clock.h"
#include "daemon/serve/http/http_server.h"

namespace fleetmeter::collector {

// For one thread, the program's main thread. Members stand in the order in which they are built,
// and each stops when it goes: the page first, and then what it reads.
class Collector {
 public:
  // Reads the input of every chosen source and opens its outbox; nothing is reported yet. `config`
  // may be null; its sources are taken from it.
  static absl::StatusOr<std::unique_ptr<Collector>> Create(const CollectorFlags& flags,
                                                           const SourceCommands& commands,
                                                           CollectorConfig* config);

  // Reports until every source is at its end and delivered, or for a signal and the time to drain.
  // Returns what went wrong, in the order of the sources. Nothing: every report was delivered and
  // counted, or waits in the spool for the next start.
  std::vector<absl::Status> Run();

 private:
  explicit Collector(const CollectorFlags& flags) : flags_(flags) {}

  absl::Status AddLiveSources(CollectorConfig& config);
  absl::Status AddServed(CollectorConfig& config);
  // Delivers what was served and is open, after the last look.
  absl::Status FinishServed() const;
  absl::Status AddReplay(const SourceCommand& command);
  absl::Status AddPipeline(std::unique_ptr<Source> source, double speed);
  PipelineOptions OptionsOf(const std::string& source, double speed) const;
  absl::StatusOr<std::unique_ptr<Outbox>> MakeOutbox(const std::string& source, double speed);
  absl::Status ServePage();
  absl::Status Finish(Pipeline& pipeline) const;

  const CollectorFlags flags_;
  const SystemClock clock_;
  Disk disk_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::shared_ptr<ServedDelivery> served_;  // null: there are no live sources
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::unique_ptr<HttpServer> page_;
};

}  // namespace fleetmeter::collector
