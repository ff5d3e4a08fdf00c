#include "collectors/core/pipeline.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace fleetmeter::collector {
namespace {

// The daemon bounds a window at an hour by default; longer gaps are reported in pieces.
constexpr int64_t kLongestWindow = 1'800 * kNanosPerSecond;

}  // namespace

Pipeline::Pipeline(PipelineOptions options, std::unique_ptr<Source> source, const Clock& clock)
    : options_(std::move(options)),
      source_(std::move(source)),
      clock_(clock),
      outbox_(options_.outbox_reports),
      sender_(options_.sender, outbox_) {}

Pipeline::~Pipeline() { Stop(); }

void Pipeline::Start() {
  window_end_unix_ = clock_.UnixNanos();
  window_end_monotonic_ = clock_.MonotonicNanos();
  sender_.Start();
  thread_ = std::thread([this] { Run(); });
}

void Pipeline::StopSampling() {
  stopping_ = true;
  outbox_.Wake();
  if (thread_.joinable()) thread_.join();
}

void Pipeline::Stop() {
  StopSampling();
  sender_.Stop();
}

bool Pipeline::Done() const { return outbox_.Finished() || sender_.refusal().has_value(); }

absl::Status Pipeline::status() const {
  if (const auto refusal = sender_.refusal()) return absl::FailedPreconditionError(*refusal);
  if (const size_t left = outbox_.size(); left > 0) {
    return absl::UnavailableError(
        fmt::format("{} reports of {} were not delivered", left, source_->Name()));
  }
  if (sender_.rejected() > 0) {
    return absl::InvalidArgumentError(
        fmt::format("{} reports of {} were rejected", sender_.rejected(), source_->Name()));
  }
  return absl::OkStatus();
}

void Pipeline::WaitUntil(std::chrono::steady_clock::time_point when) {
  while (!stopping_ && std::chrono::steady_clock::now() < when) {
    outbox_.WaitForChange(outbox_.version(), when);
  }
}

void Pipeline::Run() {
  auto next = std::chrono::steady_clock::now() + options_.interval;
  while (!stopping_) {
    WaitUntil(next);
    next = std::max(next + options_.interval, std::chrono::steady_clock::now());
    // A full outbox skips the tick: the next window covers it, so nothing is lost but detail.
    if (stopping_ || !outbox_.HasRoom()) continue;
    if (!SampleOnce()) return outbox_.Close();
  }
  SampleOnce();  // what has happened since the last tick
  outbox_.Close();
}

Window Pipeline::NextWindow() {
  Window window;
  const int64_t monotonic = clock_.MonotonicNanos();
  window.length_nanos = std::clamp<int64_t>(monotonic - window_end_monotonic_, 1, kLongestWindow);
  window.start_unix_nanos = window_end_unix_;
  const double duration = static_cast<double>(window.length_nanos) * options_.speed;
  window.duration_nanos = std::clamp<int64_t>(std::llround(duration), 1,
                                              std::max<int64_t>(1, source_->RemainingNanos()));
  return window;
}

bool Pipeline::SampleOnce() {
  const Window window = NextWindow();
  std::vector<v1::UsageReport> reports;
  const absl::Status sampled = source_->Sample(window, reports);
  if (absl::IsOutOfRange(sampled)) return false;
  window_end_monotonic_ += window.length_nanos;
  window_end_unix_ += window.length_nanos;
  // Windows follow the monotonic clock; a wall clock that was set forward leaves a gap, one that
  // was set back leaves them ahead of it until it catches up.
  const int64_t behind = clock_.UnixNanos() - window_end_unix_;
  const int64_t lag = clock_.MonotonicNanos() - window_end_monotonic_;
  if (behind - lag > kNanosPerSecond) window_end_unix_ += behind - lag;
  if (!sampled.ok()) {
    spdlog::error("{}: {}", source_->Name(), std::string(sampled.message()));
    return true;
  }
  if (absl::Status kept = outbox_.Append(std::move(reports)); !kept.ok()) {
    spdlog::error("{}: {}", source_->Name(), std::string(kept.message()));
  }
  return true;
}

}  // namespace fleetmeter::collector
