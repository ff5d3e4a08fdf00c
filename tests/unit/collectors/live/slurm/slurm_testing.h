// Views of Slurm for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "collectors/live/slurm/slurm_json.h"
#include "collectors/live/slurm/slurm_text.h"
#include "collectors/live/slurm/slurm_view.h"

namespace fleetmeter::collector {

inline constexpr int64_t kSlurmNow = 1'800'000'000LL * 1'000'000'000;

inline SlurmView ViewOf(const SlurmNodes& nodes, const SlurmJobs& jobs,
                        const SlurmViewOptions& options = {}) {
  auto view = ViewSlurm(nodes, jobs, options, kSlurmNow);
  EXPECT_TRUE(view.ok()) << view.status();
  return view.ok() ? *std::move(view) : SlurmView();
}

inline SlurmView ViewOfJson(std::string_view nodes, std::string_view jobs,
                            const SlurmViewOptions& options = {}) {
  auto read_nodes = ReadSlurmNodesJson(nodes);
  auto read_jobs = ReadSlurmJobsJson(jobs);
  EXPECT_TRUE(read_nodes.ok()) << read_nodes.status();
  EXPECT_TRUE(read_jobs.ok()) << read_jobs.status();
  if (!read_nodes.ok() || !read_jobs.ok()) return {};
  return ViewOf(*read_nodes, *read_jobs, options);
}

struct SlurmSum {
  int64_t chips = 0;
  int64_t held = 0;  // all parts of them have a holder
  int64_t drained = 0;
  int64_t broken = 0;
  int64_t reserved = 0;
};

inline SlurmSum SumOf(const Observation& observation) {
  SlurmSum sum;
  for (const HostReading& host : observation.hosts) {
    for (const DeviceReading& device : host.devices) {
      ++sum.chips;
      bool held = true;
      for (const DevicePart& part : device.parts) held = held && !part.holders.empty();
      sum.held += held ? 1 : 0;
      sum.drained += device.fitness == Fitness::kDrained ? 1 : 0;
      sum.broken += device.fitness == Fitness::kBroken ? 1 : 0;
      sum.reserved += device.fitness == Fitness::kReserved ? 1 : 0;
    }
  }
  return sum;
}

// "0:job 7 1: 2:job 8" of a host: who holds each device.
inline std::string HoldersOf(const HostReading& host) {
  std::string text;
  for (const DeviceReading& device : host.devices) {
    text += text.empty() ? "" : " ";
    text += device.anonymous || !device.index ? "?" : std::to_string(*device.index);
    text += ":";
    for (const DevicePart& part : device.parts) {
      for (const Holder& holder : part.holders) text += holder.name + ";";
    }
  }
  return text;
}

}  // namespace fleetmeter::collector
