#include "collectors/core/pipeline.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr int kMostLastWindows = 100;  // 50 h of them
// A wall clock that was set back by a little is waited for when the last window is laid.
constexpr auto kLongestLastWait = std::chrono::seconds(1);
constexpr auto kLastLook = std::chrono::milliseconds(10);

}  // namespace

Pipeline::Pipeline(PipelineOptions options, std::unique_ptr<Source> source,
                   std::unique_ptr<Outbox> outbox, const Clock& clock)
    : options_(std::move(options)),
      source_(std::move(source)),
      name_(options_.name.empty() ? source_->Name() : options_.name),
      clock_(clock),
      outbox_(std::move(outbox)),
      sender_(options_.sender, *outbox_) {}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Start() {
  windows_.emplace(clock_, outbox_->EarlierWindowEnd(), options_.speed);
  sender_.Start();
  thread_ = std::thread([this] { Run(); });
}

void Pipeline::StopSampling() {
  stopping_ = true;
  outbox_->Wake();
  if (thread_.joinable()) thread_.join();
}

void Pipeline::Stop() {
  StopSampling();
  sender_.Stop();
}

bool Pipeline::Done() const {
  return outbox_->Finished() || sender_.refusal().has_value() || Failed();
}

absl::Status Pipeline::status() const {
  if (absl::Status failure = outbox_->failure(); !failure.ok()) return failure;
  if (const auto refusal = sender_.refusal()) return absl::FailedPreconditionError(*refusal);
  const OutboxStats stats = outbox_->stats();
  if (stats.unwritten_reports > 0) {
    return absl::ResourceExhaustedError(fmt::format(
        "{} reports of {} were measured and could not be written", stats.unwritten_reports, name_));
  }
  if (stats.waiting_reports > 0 && !outbox_->durable()) {
    return absl::UnavailableError(
        fmt::format("{} reports of {} were not delivered", stats.waiting_reports, name_));
  }
  if (!stats.deferred.groups.empty() && !outbox_->durable()) {
    const DeferredGroup& group = stats.deferred.groups.front();
    return absl::UnavailableError(fmt::format(
        "{} reports of {} were deferred by the daemon and are lost without a spool, most of them "
        "for {}: {}: {}",
        stats.deferred.reports, name_, group.reason, group.subject, group.detail));
  }
  if (sender_.rejected() > 0) {
    return absl::InvalidArgumentError(
        fmt::format("{} reports of {} were rejected", sender_.rejected(), name_));
  }
  return absl::OkStatus();
}

PipelineStats Pipeline::stats() const {
  PipelineStats stats;
  stats.source = name_;
  stats.outbox = outbox_->stats();
  stats.sender = sender_.stats();
  stats.samples_failed = samples_failed_;
  stats.ticks_skipped = ticks_skipped_;
  stats.ticks_held = ticks_held_;
  stats.refused = sender_.refusal().has_value();
  return stats;
}

void Pipeline::WaitUntil(std::chrono::steady_clock::time_point when) {
  while (!stopping_ && std::chrono::steady_clock::now() < when) {
    outbox_->WaitForChange(outbox_->version(), when);
  }
}

void Pipeline::Run() {
  auto next = std::chrono::steady_clock::now() + options_.interval;
  while (!stopping_ && !Failed()) {
    WaitUntil(next);
    next = std::max(next + options_.interval, std::chrono::steady_clock::now());
    if (stopping_) break;
    // A full outbox skips the tick: the next window covers it, so nothing is lost but detail.
    if (!outbox_->HasRoom()) {
      ++ticks_skipped_;
      continue;
    }
    if (!SampleOnce()) return Finish(next);
  }
  FlushAtEnd();
  outbox_->Close();
}

// The source is at its end; what the disk had no room for is still to be written.
void Pipeline::Finish(std::chrono::steady_clock::time_point next) {
  while (!stopping_ && !Failed() && outbox_->stats().unwritten_reports > 0) {
    WaitUntil(next);
    next += options_.interval;
    outbox_->HasRoom();
  }
  outbox_->Close();
}

// What has happened since the last tick, in as many windows as it takes.
void Pipeline::FlushAtEnd() {
  const int64_t until = clock_.MonotonicNanos();
  const auto deadline = std::chrono::steady_clock::now() + kLongestLastWait;
  for (int i = 0; i < kMostLastWindows && !Failed(); ++i) {
    const int64_t before = windows_->OwedNanos();
    // No window may lie ahead of the wall clock, the last one neither.
    if (!AwaitWallTime(deadline)) break;
    if (!SampleOnce(true)) return;
    const int64_t owed = windows_->OwedNanos() - (clock_.MonotonicNanos() - until);
    if (owed <= 0) return;
    if (windows_->OwedNanos() >= before) break;  // the wall clock has no place for it
  }
  spdlog::error("{}: the last {:.3f} s that were measured find no place in wall time", name_,
                static_cast<double>(windows_->OwedNanos()) / kNanosPerSecond);
}

bool Pipeline::AwaitWallTime(std::chrono::steady_clock::time_point deadline) const {
  while (windows_->Holds()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kLastLook);
  }
  return true;
}

bool Pipeline::SampleOnce(bool last) {
  const std::optional<Window> window = windows_->Next(source_->RemainingNanos(), last);
  if (!window) {
    ++ticks_held_;
    return true;
  }
  std::vector<v1::UsageReport> reports;
  const absl::Status sampled = source_->Sample(*window, reports);
  if (absl::IsOutOfRange(sampled)) return false;
  windows_->Advance();
  if (!sampled.ok()) {
    ++samples_failed_;
    spdlog::error("{}: {}", name_, std::string(sampled.message()));
    return true;
  }
  if (absl::Status kept = outbox_->Append(std::move(reports)); !kept.ok()) {
    spdlog::error("{}: {}", name_, std::string(kept.message()));
  }
  return true;
}

}  // namespace fleetmeter::collector
