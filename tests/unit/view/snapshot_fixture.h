// A fleet whose reports the test makes, and the snapshot of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>

#include "daemon/view/snapshot.h"
#include "tests/unit/accounting/fleet_builder.h"

namespace fleetmeter {

class SnapshotTest : public testing::Test {
 protected:
  static constexpr KnownThresholds kThresholds{.coverage = 0.9, .measured = 0.9};

  SnapshotTest()
      : state_({.silent_after_nanos = 45 * kNanosPerSecond,
                .forget_after_nanos = 3'600 * kNanosPerSecond,
                .keep_windows_nanos = 7'200 * kNanosPerSecond,
                .idle_below = 0.05}) {
    Advance();
  }

  void Apply(const UsageReport& report) {
    clock_.unix_nanos = std::max(clock_.unix_nanos.load(), report.WindowEnd());
    ApplyTo(state_, report, *reference_, clock_.UnixNanos());
  }

  void Advance() { state_.Advance(reference_, clock_.UnixNanos(), clock_.MonotonicNanos()); }

  std::shared_ptr<const Snapshot> Take() {
    return MakeSnapshot(state_.Copy(clock_.UnixNanos()), reference_, kThresholds);
  }

  PoolView PoolNamed(const std::string& name) {
    last_ = Take();
    return *last_->FindPool(name);
  }

  // A fleet that is heard in full, so that the supply's coverage is 1.
  void FillSupply() {
    Apply(Report("rest-a", 0, {Free("half", 300, ChipState::kUnassigned)}));
    Apply(Report("rest-b", 0, {Free("triple", 50, ChipState::kUnassigned)}));
  }

  std::shared_ptr<const ReferenceData> reference_ = MakeReferenceData();
  ManualClock clock_;
  FleetState state_;
  std::shared_ptr<const Snapshot> last_;  // keeps the views of PoolNamed alive
};

}  // namespace fleetmeter
