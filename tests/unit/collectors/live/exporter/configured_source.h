// A source as a configuration makes it, for tests.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "collectors/config/collector_config.h"

namespace fleetmeter::collector {

// `entry`: the keys of the only source, those behind the first indented by four blanks.
inline absl::StatusOr<CollectorConfig> ConfigOf(const std::string& entry) {
  return ReadCollectorConfig("/etc/fleetmeter/collector.yaml",
                             "sources:\n  - " + entry + "\n    name: it\n", AllSourceTypes());
}

inline std::unique_ptr<LiveSource> ConfiguredSource(const std::string& entry) {
  auto config = ConfigOf(entry);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.ok() ? std::move(config->members.at(0).source) : nullptr;
}

// Empty: nothing is wrong.
inline std::string SourceErrorOf(const std::string& entry) {
  const auto config = ConfigOf(entry);
  return config.ok() ? "" : std::string(config.status().message());
}

inline Look LookNow() {
  Look look;
  look.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  look.unix_nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(
                        std::chrono::system_clock::now().time_since_epoch())
                        .count();
  return look;
}

}  // namespace fleetmeter::collector
