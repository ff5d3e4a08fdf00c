// Files for the tests of loaders.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter {

inline std::string SourceDir() {
  const char* dir = std::getenv("FLEETMETER_SOURCE_DIR");
  return dir == nullptr ? "." : dir;
}

inline constexpr std::string_view kCatalogYaml = R"(version: 1
chips:
  - name: h100
    provider: gcp
    title: NVIDIA H100
    conversions:
      - chips_per_h100e: 1
        basis: the reference chip
)";

inline constexpr std::string_view kPlanYaml = R"(plan: test
version: 1
scenario: nothing special
effective_from: 2026-01-01
supply:
  - {chip: h100, chips: 1000}
tiers: {p2: 80%, buffer: 20%}
categories: {research: 80%}
pools:
  - name: lab
    category: research
    tier: p2
    owner: The Lab
    contact: lab@example.com
    teams: [lab]
    allocation: {share: 80%}
)";

}  // namespace fleetmeter
