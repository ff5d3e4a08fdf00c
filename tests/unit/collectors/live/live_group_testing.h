// A group of live sources that say what a test wants, and what is asked of it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "collectors/live/live_group.h"
#include "tests/unit/collectors/live/live_testing.h"

namespace fleetmeter::collector {

inline constexpr Window kOneSecond{.start_unix_nanos = 1'000 * kNanosPerSecond,
                                   .length_nanos = kNanosPerSecond,
                                   .duration_nanos = kNanosPerSecond};

inline LiveMember MemberOf(const std::string& name, bool sees_holders,
                           ScriptedSource::Script script) {
  LiveMember member;
  member.name = name;
  member.sees_holders = sees_holders;
  member.precedence_of_holders = sees_holders ? 0 : 1;
  member.precedence_of_activity = sees_holders ? 1 : 0;
  member.source = Scripted(std::move(script));
  return member;
}

inline Observation DeviceView() {
  Observation observation;
  HostReading& host = observation.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-1";
  device.model = "NVIDIA H200";
  device.parts[0].activity = 250'000;
  device.parts[0].signal = "gr_engine_active";
  return observation;
}

inline Observation SchedulerView() {
  Observation observation;
  HostReading& host = observation.hosts.emplace_back();
  host.host = "node-1";
  DeviceReading& device = host.devices.emplace_back();
  device.uuid = "GPU-1";
  device.parts[0].knows_holders = Holders::kKnown;
  device.parts[0].holders.emplace_back().attributes.Set("account", std::string("ml"));
  return observation;
}

// Everything belongs to the pool "training".
inline AttributionRules TakeAll() {
  AttributionRule rule;
  rule.names = {{&Assignment::pool, *NameTemplate::Parse("training")},
                {&Assignment::team, *NameTemplate::Parse("{account}")}};
  return AttributionRules("rules.yaml", {rule}, Unmatched::kUnattributed);
}

class LiveGroupTest : public testing::Test {
 protected:
  LiveGroup& Make(ScriptedSource::Script device, ScriptedSource::Script scheduler) {
    std::vector<LiveMember> members;
    members.push_back(MemberOf("dcgm", false, std::move(device)));
    members.push_back(MemberOf("slurm", true, std::move(scheduler)));
    members[1].rules = TakeAll();
    group_ = std::make_unique<LiveGroup>(LiveOptions(), std::move(members), clock_, health_);
    return *group_;
  }

  const SystemClock clock_;
  const std::shared_ptr<SourceHealth> health_ = std::make_shared<SourceHealth>();
  std::unique_ptr<LiveGroup> group_;
};

// A scheduler that also sees the chip, and says that nobody holds it.
inline Observation FreeView() {
  Observation view = SchedulerView();
  view.hosts[0].devices[0].kind = "h200";
  view.hosts[0].devices[0].parts[0].holders.clear();
  return view;
}

}  // namespace fleetmeter::collector
