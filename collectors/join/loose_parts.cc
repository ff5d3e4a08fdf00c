#include "collectors/join/loose_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostLooseRemarks = 20;

Micro SumOfParts(const DeviceReading& chip) {
  Micro sum = 0;
  for (const DevicePart& part : chip.parts) sum += part.share;
  return sum;
}

// Sevenths do not add up to a million: what rounding leaves of a chip is its last part's.
void FillUp(DeviceReading& chip) {
  const Micro left = kOne - SumOfParts(chip);
  if (left > 0 && left < static_cast<Micro>(chip.parts.size())) chip.parts.back().share += left;
}

class LooseParts {
 public:
  LooseParts(HostReading& host, ObservationCounts& counts, std::vector<std::string>& remarks)
      : host_(host), counts_(counts), remarks_(remarks) {
    const auto first = std::stable_partition(
        host.devices.begin(), host.devices.end(),
        [](const DeviceReading& device) { return !device.part_of_unknown_chip; });
    std::move(first, host.devices.end(), std::back_inserter(loose_));
    host.devices.erase(first, host.devices.end());
    // The large ones first, which need fewest chips.
    std::stable_sort(loose_.begin(), loose_.end(), [](const auto& a, const auto& b) {
      return a.parts.front().share > b.parts.front().share;
    });
  }

  void MakeChips() {
    std::vector<DeviceReading> chips;
    for (DeviceReading& loose : loose_) {
      if (loose.parts.front().share > 0) {
        PutInto(loose, chips);
      } else {
        ++counts_.bad_lines;
        Remark(loose,
               "is a part of a chip, and how large a part is not known; expected the keys profile "
               "or parts of its resource, or a source that lists the chip");
      }
    }
    counts_.guessed_devices += static_cast<int64_t>(chips.size());
    for (DeviceReading& chip : chips) FillUp(chip);
    std::move(chips.begin(), chips.end(), std::back_inserter(host_.devices));
  }

  void TakePlaces() {
    TakeTheOneSize();
    // What another source says too is found first, so that the rest is left to the others.
    for (DeviceReading& loose : loose_) {
      if (DevicePart* place = FindSame(loose)) {
        placed_.insert(place);
        place->also_called.push_back(loose.uuid);
        loose.parts.front().holders.clear();
        ++counts_.guessed_devices;
      }
    }
    for (DeviceReading& loose : loose_) {
      DevicePart& own = loose.parts.front();
      if (own.holders.empty()) continue;
      if (DevicePart* place = FindPlace(loose)) {
        place->holders = std::move(own.holders);
        place->knows_holders = Holders::kKnown;
        place->also_called.push_back(loose.uuid);
        ++counts_.guessed_devices;
      } else {
        ++counts_.disagreements;
        Remark(loose, "is held, and no chip has such a part that is free");
      }
    }
  }

 private:
  // Where all parts of the host have one size, parts of an unknown size have it too. NVIDIA's
  // plugin calls instances nvidia.com/gpu, without their profile, where all of a node are alike.
  void TakeTheOneSize() {
    Micro least = kOne;
    Micro most = 0;
    for (const DeviceReading& device : host_.devices) {
      for (const DevicePart& part : device.parts) {
        if (part.id.empty()) continue;
        least = std::min(least, part.share);
        most = std::max(most, part.share);
      }
    }
    if (most == 0 || most - least > 1) return;
    for (DeviceReading& loose : loose_) {
      Micro& share = loose.parts.front().share;
      if (share == 0) share = least;
    }
  }

  static void PutInto(DeviceReading& loose, std::vector<DeviceReading>& chips) {
    DevicePart part = std::move(loose.parts.front());
    part.id = loose.uuid;
    auto chip = std::find_if(chips.begin(), chips.end(), [&](const DeviceReading& known) {
      return known.kind == loose.kind && SumOfParts(known) + part.share <= kOne;
    });
    if (chip == chips.end()) {
      chip = chips.emplace(chips.end());
      chip->anonymous = true;
      chip->kind = loose.kind;
      chip->model = loose.model;
      chip->parts.clear();
    }
    chip->parts.push_back(std::move(part));
  }

  // Of the same share, but for rounding.
  DevicePart* Find(const DeviceReading& loose, const auto& suits) {
    const Micro share = loose.parts.front().share;
    for (DeviceReading& device : host_.devices) {
      if (!loose.kind.empty() && !device.kind.empty() && loose.kind != device.kind) continue;
      for (DevicePart& part : device.parts) {
        const bool same = part.share >= share - 1 && part.share <= share + 1;
        if (same && !part.id.empty() && suits(part)) return &part;
      }
    }
    return nullptr;
  }

  DevicePart* FindPlace(const DeviceReading& loose) {
    return Find(loose, [](const DevicePart& part) { return part.holders.empty(); });
  }

  // Held by the same, as another source says that knows the chip.
  DevicePart* FindSame(const DeviceReading& loose) {
    const std::vector<Holder>& holders = loose.parts.front().holders;
    if (holders.empty()) return nullptr;
    const auto same = [&](const DevicePart& part) {
      return !placed_.contains(&part) && !part.holders.empty() &&
             IsSameHolder(part.holders.front(), holders.front());
    };
    return Find(loose, same);
  }

  static bool IsSameHolder(const Holder& a, const Holder& b) {
    if (!a.name.empty() && a.name == b.name) return true;
    return a.assignment && a.assignment == b.assignment;
  }

  void Remark(const DeviceReading& loose, const char* what) {
    if (remarks_.size() >= kMostLooseRemarks) return;
    remarks_.push_back(fmt::format("{} device {} {}", host_.host, DeviceLabel(loose), what));
  }

  HostReading& host_;
  ObservationCounts& counts_;
  std::vector<std::string>& remarks_;
  std::vector<DeviceReading> loose_;
  std::set<const DevicePart*> placed_;  // that a loose part was found to be
};

}  // namespace

void PlaceLooseParts(HostReading& host, bool others_list_chips, ObservationCounts& counts,
                     std::vector<std::string>& remarks) {
  LooseParts loose(host, counts, remarks);
  if (others_list_chips) {
    loose.TakePlaces();
  } else {
    loose.MakeChips();
  }
}

}  // namespace fleetmeter::collector
