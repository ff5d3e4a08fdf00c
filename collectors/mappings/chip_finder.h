// Which rows speak of which chip of which host.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "collectors/mappings/map_devices.h"
#include "collectors/mappings/mapping.h"

namespace fleetmeter::collector {

inline constexpr size_t kMaxMappedIdBytes = 256;

// A chip, and all rows that speak of it.
struct MappedChip {
  std::string identity;
  std::vector<const MappedRow*> rows;
  bool listed = false;  // by a series that lists chips
};

struct MappedHost {
  std::string host;
  std::vector<MappedChip> chips;  // in the order in which they came
  std::map<std::string, size_t> by_identity;
};

// Finds the chips of all hosts among rows. Points into the rows that it is given.
class ChipFinder {
 public:
  ChipFinder(const Mapping& mapping, const MapOptions& options)
      : mapping_(mapping), options_(options) {}

  void Add(const MappedRow& row);

  // Nothing: the row names none, and there is no other.
  std::optional<std::string> HostOf(const MappedRow& row) const;
  const std::vector<MappedHost>& hosts() const { return hosts_; }
  int64_t nameless() const { return nameless_; }  // rows that name no chip, or no host
  bool too_many() const { return too_many_; }     // chips
  // Of the first nameless row.
  std::string Complaint() const;

 private:
  bool Lists(const MappedRow& row) const;
  bool Speaks(const MappedRow& row) const;
  MappedChip* ChipOf(const std::string& name, const std::string& identity);

  const Mapping& mapping_;
  const MapOptions& options_;
  std::vector<MappedHost> hosts_;
  std::map<std::string, size_t> by_name_;
  size_t chips_ = 0;
  bool too_many_ = false;
  int64_t nameless_ = 0;
  const MappedRow* example_ = nullptr;
};

}  // namespace fleetmeter::collector
