// Mappings and pages for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "collectors/mappings/map_devices.h"
#include "collectors/mappings/read_mapping.h"

namespace fleetmeter::collector {

inline std::string SourcePath(const std::string& path) {
  return std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/" + path;
}

inline std::string TextOfFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::string DataOf(const std::string& name) {
  return TextOfFile(SourcePath("tests/data/exporter/" + name));
}

// A sample beside the checkout; nothing if this machine has none.
inline std::optional<std::string> SharedFixture(const std::string& name) {
  const auto path = std::filesystem::path(std::getenv("FLEETMETER_SOURCE_DIR")).parent_path() /
                    "shared" / "data" / "fixtures" / name;
  if (!std::filesystem::exists(path)) return std::nullopt;
  return TextOfFile(path.string());
}

inline Mapping ShippedMapping(const std::string& name) {
  auto mapping = ReadMappingFile(SourcePath("collectors/mappings/" + name + ".yaml"));
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  return mapping.ok() ? *std::move(mapping) : Mapping();
}

inline Mapping MappingOf(const std::string& text) {
  auto mapping = ReadMappingText("my.yaml", text);
  EXPECT_TRUE(mapping.ok()) << mapping.status();
  return mapping.ok() ? *std::move(mapping) : Mapping();
}

inline MapOptions OptionsOfHost(const std::string& host = "node-1") {
  MapOptions options;
  options.host = host;
  return options;
}

// What a page says by a mapping.
inline absl::StatusOr<Observation> MapPage(const Mapping& mapping, const std::string& page,
                                           const MapOptions& options = OptionsOfHost()) {
  Observation so_far;
  auto rows = RowsOfPage(MappedNames(mapping, ""), page, so_far);
  if (!rows.ok()) return rows.status();
  auto mapped = MapDevices(mapping, *std::move(rows), options);
  if (!mapped.ok()) return mapped.status();
  mapped->observation.counts += so_far.counts;
  for (std::string& remark : so_far.remarks) {
    mapped->observation.remarks.push_back(std::move(remark));
  }
  return std::move(mapped->observation);
}

// The chips of the only host; none after a failure.
inline std::vector<DeviceReading> ChipsOf(const absl::StatusOr<Observation>& observation) {
  EXPECT_TRUE(observation.ok()) << observation.status();
  if (!observation.ok()) return {};
  EXPECT_EQ(observation->hosts.size(), 1U);
  return observation->hosts.empty() ? std::vector<DeviceReading>() : observation->hosts[0].devices;
}

inline std::vector<std::string> HolderNames(const DeviceReading& device) {
  std::vector<std::string> names;
  for (const Holder& holder : device.parts.at(0).holders) names.push_back(holder.name);
  return names;
}

}  // namespace fleetmeter::collector
