// The Source that all replays share: reports spans of a timeline.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collectors/core/source.h"
#include "collectors/replay/replay_clock.h"
#include "collectors/replay/timeline.h"

namespace fleetmeter::collector {

enum class Detail { kPerChip, kSums };

// Owns its timeline. With kPerChip a host that has no step inside the span reports every chip;
// otherwise a host reports sums of chip-nanoseconds.
class TimelineSource : public Source {
 public:
  TimelineSource(std::string name, Timeline timeline, ReplayClock clock, Detail detail);

  std::string Name() const override { return name_; }
  absl::Status Sample(const Window& window, std::vector<v1::UsageReport>& reports) override;
  int64_t RemainingNanos() const override { return clock_.RemainingNanos(); }

 private:
  const std::string name_;
  const Timeline timeline_;
  const Detail detail_;
  const int64_t max_chips_;  // of one host at any time
  ReplayClock clock_;
};

}  // namespace fleetmeter::collector
