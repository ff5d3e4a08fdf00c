// The chips of one host while they are collected: each once, with its parts and who holds them.
// Pure.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "collectors/device/device_reading.h"
#include "collectors/live/kubernetes/chip_resources.h"

namespace fleetmeter::collector {

// Which device, and what is known of it beside its name.
struct NamedDevice {
  ChipResource resource;
  DeviceName name;
  // Of dynamic resource allocation: devices of two pools are two, whatever they are called.
  std::string pool;
  std::string model;
  Micro share = kOne;  // of a part, of its chip; 0: not known
};

class ChipTable {
 public:
  explicit ChipTable(std::string host) : host_(std::move(host)) {}

  // The device can be handed out.
  void Offer(const NamedDevice& device);
  // `holder.name` tells holders apart: one that holds a device twice is one.
  void Hold(const NamedDevice& device, const Holder& holder);

  size_t chips() const { return chips_.size(); }

  // A device that a plugin does not offer, though it offers others of the family, takes no new
  // work.
  HostReading Take(ObservationCounts& counts);

 private:
  struct Slot {
    Micro share = kOne;
    std::map<std::string, Holder> holders;
  };
  struct Chip {
    DeviceReading device;  // without parts
    std::string family;
    bool offered = false;
    bool of_claims = false;             // of dynamic resource allocation
    bool in_cores = false;              // its parts are cores
    std::map<std::string, Slot> slots;  // by the part's id; "" is the whole chip
  };

  Chip& ChipOf(const NamedDevice& device);
  static Slot& SlotOf(const NamedDevice& device, Chip& chip);
  // Family, pool of claims that share no numbers, and UUID or index.
  using Key = std::tuple<std::string, std::string, std::string>;
  Key KeyOf(const NamedDevice& device);
  static void DivideUnknownShares(Chip& chip, ObservationCounts& counts);
  static void SetHolders(std::map<std::string, Holder> holders, const Slot* whole,
                         DevicePart& part);
  static void AddParts(const Chip& chip, DeviceReading& reading);
  static void JoinCores(DeviceReading& reading);

  const std::string host_;
  std::map<Key, size_t> places_;
  std::map<std::pair<std::string, uint32_t>, std::string> pools_;  // by family and index
  std::vector<Chip> chips_;
  std::set<std::string> offered_;  // families
};

}  // namespace fleetmeter::collector
