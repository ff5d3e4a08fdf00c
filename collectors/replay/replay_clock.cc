#include "collectors/replay/replay_clock.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "collectors/replay/parse_number.h"

namespace fleetmeter::collector {
namespace {

constexpr double kMaxSpeed = 1e6;

absl::Status CheckSeconds(std::string_view option, std::optional<int64_t> seconds) {
  if (!seconds || (*seconds >= 0 && *seconds <= kMaxSeconds)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("replay {}: got {} s; expected 0 to {}", option, *seconds, kMaxSeconds));
}

absl::Status CheckOptions(const ReplayOptions& options) {
  if (absl::Status status = CheckSeconds("from", options.from_seconds); !status.ok()) return status;
  if (absl::Status status = CheckSeconds("until", options.until_seconds); !status.ok()) {
    return status;
  }
  const bool sound = options.speed > 0 && options.speed <= kMaxSpeed;  // false for NaN
  if (!sound) {
    return absl::InvalidArgumentError(fmt::format(
        "replay speed: got {}; expected more than 0, at most {:.0f}", options.speed, kMaxSpeed));
  }
  if (options.hold && (options.until_seconds || options.at_end == AtEnd::kLoop)) {
    return absl::InvalidArgumentError(
        "replay hold: the state at `from` is held for ever; expected neither until nor loop");
  }
  return absl::OkStatus();
}

int64_t GrainFloor(int64_t nanos) { return nanos - nanos % kGrainNanos; }

}  // namespace

absl::StatusOr<ReplayClock> ReplayClock::Create(const ReplayOptions& options, int64_t begin,
                                                int64_t end) {
  if (absl::Status status = CheckOptions(options); !status.ok()) return status;
  ReplayClock clock;
  clock.hold_ = options.hold;
  clock.loop_ = options.at_end == AtEnd::kLoop;
  clock.from_ = options.from_seconds ? *options.from_seconds * kNanosPerSecond : begin;
  clock.until_ = options.until_seconds ? *options.until_seconds * kNanosPerSecond : end;
  clock.cursor_ = clock.from_;
  if (!clock.hold_ && clock.until_ <= clock.from_) {
    return absl::InvalidArgumentError(
        fmt::format("replay until: {:.6f} s is not after from, {:.6f} s; expected a later time",
                    static_cast<double>(clock.until_) / kNanosPerSecond,
                    static_cast<double>(clock.from_) / kNanosPerSecond));
  }
  if (clock.loop_ && clock.until_ == INT64_MAX) {
    return absl::InvalidArgumentError("replay loop: the recording has no end; expected until");
  }
  return clock;
}

absl::StatusOr<Span> ReplayClock::Advance(int64_t duration_nanos) {
  if (duration_nanos <= 0) {
    return absl::InvalidArgumentError(
        fmt::format("window duration: got {} ns; expected more than 0", duration_nanos));
  }
  if (hold_) {
    held_nanos_ += std::min(duration_nanos, INT64_MAX - held_nanos_ - from_);
    const int64_t whole = GrainFloor(held_nanos_);
    held_nanos_ -= whole;
    return Span{from_, from_ + whole, true};
  }
  if (cursor_ >= until_) return absl::OutOfRangeError("the replay has come to its end");
  const int64_t start = cursor_;
  cursor_ += std::min(duration_nanos, until_ - cursor_);
  const Span span{GrainFloor(start), GrainFloor(cursor_), false};
  if (loop_ && cursor_ >= until_) cursor_ = from_;
  return span;
}

int64_t ReplayClock::RemainingNanos() const { return hold_ ? INT64_MAX : until_ - cursor_; }

}  // namespace fleetmeter::collector
