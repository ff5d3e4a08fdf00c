// Files for the tests of loaders.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace fleetmeter {

inline std::string SourceDir() {
  const char* dir = std::getenv("FLEETMETER_SOURCE_DIR");
  return dir == nullptr ? "." : dir;
}

// A folder of the test's own, gone when it ends.
class TempFolder {
 public:
  TempFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fleetmeterXXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  // Writes a file and returns its path.
  std::string Write(std::string_view name, std::string_view text) const {
    const auto path = path_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path.string();
  }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

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
