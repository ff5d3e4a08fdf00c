// Live sources as a configuration makes them, for tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "collectors/config/collector_config.h"
#include "collectors/live/live_source.h"

namespace fleetmeter::collector {

// The one source of this type and these other keys, each on a line of its own: "socket: /run/x\n".
// Null if the configuration is refused; `error` then says why.
inline std::unique_ptr<LiveSource> ConfiguredSource(const std::string& type,
                                                    const std::string& keys,
                                                    std::string* error = nullptr) {
  std::string text = "sources:\n  - type: " + type + "\n    name: source\n    host: node-1\n";
  for (size_t begin = 0; begin < keys.size();) {
    const size_t end = std::min(keys.find('\n', begin), keys.size());
    text += "    " + keys.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  auto config = ReadCollectorConfig("collector.yaml", text, AllSourceTypes());
  if (config.ok()) return std::move(config->members.at(0).source);
  if (error != nullptr) *error = std::string(config.status().message());
  return nullptr;
}

inline std::string ConfigurationError(const std::string& type, const std::string& keys) {
  std::string error;
  EXPECT_TRUE(ConfiguredSource(type, keys, &error) == nullptr) << keys;
  return error;
}

inline Look LookFor(std::chrono::milliseconds time = std::chrono::seconds(30)) {
  Look look;
  look.deadline = std::chrono::steady_clock::now() + time;
  return look;
}

}  // namespace fleetmeter::collector
