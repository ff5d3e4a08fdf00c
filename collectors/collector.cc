#include "collectors/collector.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

#include "collectors/core/memory_outbox.h"
#include "collectors/spool/spool.h"
#include "collectors/wait_for_end.h"
#include "daemon/base/text.h"
#include "daemon/base/version.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMemoryReports = 100'000;
constexpr size_t kMostGroupsSaid = 20;

DeferralOptions DeferralOf(const CollectorFlags& flags) {
  DeferralOptions options;
  options.max_wait_nanos = static_cast<int64_t>(flags.deferred_max_hours * kHour);
  options.max_bytes = flags.deferred_max_bytes;
  return options;
}

void SayWhatIsDeferred(const Pipeline& pipeline) {
  const DeferredStats deferred = pipeline.stats().outbox.deferred;
  for (size_t i = 0; i < std::min(kMostGroupsSaid, deferred.groups.size()); ++i) {
    const DeferredGroup& group = deferred.groups[i];
    spdlog::warn("{} deferred reports of {} wait for the next start: {}: {}: {}", group.reports,
                 pipeline.name(), group.reason, group.subject, group.detail);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Collector>> Collector::Create(const CollectorFlags& flags,
                                                             const SourceCommands& commands,
                                                             CollectorConfig* config,
                                                             Reloader* reloader) {
  auto collector = std::unique_ptr<Collector>(new Collector(flags, reloader));
  if (flags.spool.empty()) {
    spdlog::warn("without a spool, reports that are not delivered do not outlive this process");
  }
  if (config != nullptr) {
    if (absl::Status added = collector->AddLiveSources(*config); !added.ok()) return added;
    for (const ConfiguredReplay& replay : config->replays) {
      if (absl::Status added = collector->AddConfigured(replay); !added.ok()) return added;
    }
  }
  for (const auto& command : commands) {
    if (!command->chosen()) continue;
    if (absl::Status added = collector->AddReplay(*command); !added.ok()) return added;
  }
  return collector;
}

absl::Status Collector::AddLiveSources(CollectorConfig& config) {
  if (config.members.empty()) return absl::OkStatus();
  if (absl::Status added = AddServed(config); !added.ok()) return added;
  auto group = std::make_unique<LiveGroup>(std::move(config.live), std::move(config.members),
                                           clock_, health_);
  live_ = group.get();
  return AddPipeline(LiveGroup::kName, std::move(group), 1);
}

absl::Status Collector::AddServed(CollectorConfig& config) {
  ServedDeliveryOptions options;
  if (!flags_.spool.empty()) {
    if (absl::Status made = disk_.MakeFolder(flags_.spool); !made.ok()) return made;
    options.folder = flags_.spool + "/served";
  }
  options.daemon = flags_.daemon;
  options.tls = flags_.tls;
  auto send = SendServedOverGrpc(options);
  served_ = std::make_shared<ServedDelivery>(std::move(options), std::move(send));
  for (const LiveMember& member : config.members) {
    if (!member.counts_requests) continue;
    if (absl::Status opened = served_->Open(member.name); !opened.ok()) return opened;
  }
  config.live.served = served_;
  return absl::OkStatus();
}

absl::Status Collector::FinishServed() const {
  if (!served_) return absl::OkStatus();
  const absl::Status status =
      served_->Stop(std::chrono::milliseconds(static_cast<int64_t>(flags_.drain_seconds * 1000)));
  if (!status.ok()) return status;
  if (served_->rejected() == 0) return status;
  return absl::InvalidArgumentError(
      fmt::format("{} reports of what was served were rejected", served_->rejected()));
}

absl::Status Collector::AddReplay(const SourceCommand& command) {
  auto source = command.MakeSource();
  if (!source.ok()) return source.status();
  const std::string name = (*source)->Name();
  return AddPipeline(name, *std::move(source), command.speed());
}

absl::Status Collector::AddConfigured(const ConfiguredReplay& replay) {
  auto source = replay.source.make();
  if (!source.ok()) return source.status();
  return AddPipeline(replay.name, *std::move(source), replay.source.speed);
}

absl::Status Collector::AddPipeline(const std::string& name, std::unique_ptr<Source> source,
                                    double speed) {
  for (const auto& pipeline : pipelines_) {
    if (pipeline->name() != name) continue;
    return absl::InvalidArgumentError(
        fmt::format("two sources are called {}; expected names of their own", Quoted(name)));
  }
  auto outbox = MakeOutbox(name, speed);
  if (!outbox.ok()) return outbox.status();
  pipelines_.push_back(std::make_unique<Pipeline>(OptionsOf(name, speed), std::move(source),
                                                  *std::move(outbox), clock_));
  return absl::OkStatus();
}

PipelineOptions Collector::OptionsOf(const std::string& source, double speed) const {
  PipelineOptions options;
  options.name = source;
  options.sender.daemon = flags_.daemon;
  options.sender.tls = flags_.tls;
  options.sender.client = fmt::format("fleetmeter-collector/{} {}", kVersion, source);
  options.sender.replay_speed = speed;
  options.sender.recover_acknowledged = flags_.recover_acknowledged;
  options.speed = speed;
  options.interval =
      std::chrono::nanoseconds(static_cast<int64_t>(flags_.interval_seconds * kNanosPerSecond));
  return options;
}

absl::StatusOr<std::unique_ptr<Outbox>> Collector::MakeOutbox(const std::string& source,
                                                              double speed) {
  if (flags_.spool.empty()) {
    return std::make_unique<MemoryOutbox>(kMemoryReports, DeferralOf(flags_), clock_);
  }
  if (absl::Status made = disk_.MakeFolder(flags_.spool); !made.ok()) return made;
  SpoolOptions options;
  options.folder = flags_.spool + "/" + source;
  options.max_bytes = flags_.spool_max_bytes;
  options.speed = speed;
  options.deferral = DeferralOf(flags_);
  return Spool::Open(options, clock_, disk_);
}

std::vector<absl::Status> Collector::Run() {
  if (absl::Status served = ServePage(); !served.ok()) return {served};
  if (served_) served_->Start();
  for (const auto& pipeline : pipelines_) pipeline->Start();
  WaitForEnd(pipelines_, flags_.drain_seconds, Meanwhile());
  std::vector<absl::Status> errors;
  for (const auto& pipeline : pipelines_) {
    if (absl::Status status = Finish(*pipeline); !status.ok()) errors.push_back(std::move(status));
  }
  if (absl::Status served = FinishServed(); !served.ok()) errors.push_back(std::move(served));
  return errors;
}

WhileRunning Collector::Meanwhile() {
  WhileRunning meanwhile;
  if (reloader_ == nullptr) return meanwhile;
  meanwhile.on_hangup = [this] { reloader_->Reload("SIGHUP", live_); };
  meanwhile.every_second = [this] {
    if (live_ != nullptr) live_->EndReplaced();
    if (reloader_->FilesChanged()) reloader_->Reload("a file changed", live_);
  };
  return meanwhile;
}

absl::Status Collector::ServePage() {
  if (flags_.metrics.empty()) return absl::OkStatus();
  auto page = MetricsListener::Start(flags_.metrics, [this] { return Figures(); });
  if (!page.ok()) return page.status();
  page_ = *std::move(page);
  // On standard output, and nothing else: what a script that asked for port 0 reads.
  fmt::print("metrics {}\nready\n", page_->address());
  std::fflush(stdout);
  return absl::OkStatus();
}

CollectorFigures Collector::Figures() const {
  CollectorFigures figures;
  figures.now_unix_nanos = clock_.UnixNanos();
  figures.sources = health_->stats();
  figures.joined = health_->joined();
  if (served_) figures.served = served_->stats();
  if (reloader_ != nullptr) figures.reloads = reloader_->health().stats();
  for (const auto& pipeline : pipelines_) figures.pipelines.push_back(pipeline->stats());
  return figures;
}

absl::Status Collector::Finish(Pipeline& pipeline) const {
  pipeline.Stop();
  if (const uint64_t left = pipeline.stats().outbox.waiting_reports;
      !flags_.spool.empty() && left > 0) {
    spdlog::warn("{} reports of {} wait for the next start", left, pipeline.name());
  }
  if (!flags_.spool.empty()) SayWhatIsDeferred(pipeline);
  const absl::Status status = pipeline.status();
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      fmt::format("{}: {}", pipeline.name(), std::string(status.message())));
}

}  // namespace fleetmeter::collector
