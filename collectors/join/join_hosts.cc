#include "collectors/join/join_hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "collectors/join/host_names.h"
#include "collectors/join/keys.h"
#include "collectors/join/loose_parts.h"
#include "collectors/join/merge_device.h"
#include "collectors/join/sayings.h"

namespace fleetmeter::collector {
namespace {

bool HasSayingOf(const DeviceSayings& device, const SourceReading* source) {
  return std::any_of(device.by.begin(), device.by.end(),
                     [&](const Saying& saying) { return saying.source == source; });
}

void MergePart(DevicePart& own, DevicePart& part) {
  for (Holder& holder : part.holders) {
    const bool is_there = std::any_of(
        own.holders.begin(), own.holders.end(),
        [&](const Holder& known) { return !known.name.empty() && known.name == holder.name; });
    if (!is_there) own.holders.push_back(std::move(holder));
  }
  if (part.knows_holders == Holders::kKnown) own.knows_holders = Holders::kKnown;
  if (!part.activity || part.activity == own.activity) return;
  // A signal without an activity is what is left of two that differed.
  const bool is_first = own.signal.empty();
  own.activity = is_first ? part.activity : std::nullopt;
  own.productive = is_first ? part.productive : std::nullopt;
  if (is_first) own.signal = std::move(part.signal);
}

// Takes what a second reading of a device says that the first does not, and the worse health. Two
// activities that differ are none.
void MergeInto(DeviceReading& first, DeviceReading& second) {
  if (!first.index) first.index = second.index;
  if (first.model.empty()) first.model = std::move(second.model);
  if (first.kind.empty()) first.kind = std::move(second.kind);
  if (second.fitness > first.fitness) {
    first.fitness = second.fitness;
    first.fitness_reason = std::move(second.fitness_reason);
  }
  for (DevicePart& part : second.parts) MergePart(first.parts.front(), part);
}

// Finds the place of each device of one source among those of its host.
class HostJoin {
 public:
  HostJoin(HostSayings& host, JoinedHosts& out) : host_(host), out_(out) {}

  void Add(const SourceReading& source, HostReading reading) {
    host_.sources.emplace_back(&source, reading.listing);
    listing_ = reading.listing;
    MergeDuplicates(reading, out_.counts);
    // By UUIDs alone and by indexes alone they are the same chips, and which is which is a guess.
    const bool by_other_names = KeysOf(reading).ShareNothingWith(KnownKeys());
    for (DeviceReading& device : reading.devices) {
      if (by_other_names && !device.part_of_unknown_chip) device.anonymous = true;
    }
    for (DeviceReading& device : reading.devices) {
      if (!device.anonymous) Place(source, std::move(device));
    }
    for (DeviceReading& device : reading.devices) {
      if (device.anonymous) Guess(source, std::move(device));
    }
  }

 private:
  ChipKeys KnownKeys() const {
    ChipKeys keys;
    for (const DeviceSayings& known : host_.devices) {
      for (const Saying& saying : known.by) keys.Add(saying.device);
    }
    return keys;
  }

  void Place(const SourceReading& source, DeviceReading device) {
    for (DeviceSayings& known : host_.devices) {
      const bool same = std::any_of(known.by.begin(), known.by.end(), [&](const Saying& saying) {
        return !saying.device.anonymous && IsSame(saying.device, device);
      });
      if (!same) continue;
      if (!HasSayingOf(known, &source)) {
        known.by.push_back({&source, listing_, std::move(device)});
        return;
      }
      AddAgain(known, source, device);
      return;
    }
    host_.devices.emplace_back().by.push_back({&source, listing_, std::move(device)});
  }

  // What a source says of a chip of which it has spoken already.
  void AddAgain(DeviceSayings& known, const SourceReading& source, DeviceReading& device) {
    for (Saying& saying : known.by) {
      if (saying.source != &source) continue;
      if (!device.uuid.empty()) {
        AddPart(saying, device);
      } else {
        ++out_.counts.duplicate_devices;  // an index that came twice
        MergeInto(saying.device, device);
      }
    }
  }

  // A source that knows MIG instances by their own UUIDs only has a device for each.
  static void AddPart(Saying& saying, DeviceReading& device) {
    if (saying.device.parts.size() == 1 && saying.device.parts[0].id.empty()) {
      saying.device.parts[0].id = saying.device.uuid;
    }
    for (DevicePart& part : device.parts) {
      if (part.id.empty()) part.id = device.uuid;
      saying.device.parts.push_back(std::move(part));
    }
  }

  void Guess(const SourceReading& source, DeviceReading device) {
    const std::optional<bool> held = IsHeld(device);
    const auto fits = [&](const DeviceSayings& known, bool by_kind, bool by_use) {
      if (HasSayingOf(known, &source)) return false;
      const auto any = [&](auto holds) {
        return std::any_of(known.by.begin(), known.by.end(),
                           [&](const Saying& saying) { return holds(saying.device); });
      };
      const bool other_use =
          held && any([&](const DeviceReading& d) { return IsHeld(d).value_or(*held) != *held; });
      if (by_use && other_use) return false;
      return !by_kind || device.kind.empty() ||
             any([&](const DeviceReading& d) { return d.kind == device.kind; });
    };
    // A chip of its kind; of these rather one that is held, or free, by others too.
    for (const auto& [by_kind, by_use] :
         {std::pair(true, true), {true, false}, {false, true}, {false, false}}) {
      const auto place =
          std::find_if(host_.devices.begin(), host_.devices.end(),
                       [&](const auto& known) { return fits(known, by_kind, by_use); });
      if (place == host_.devices.end()) continue;
      ++out_.counts.guessed_devices;
      place->by.push_back({&source, listing_, std::move(device)});
      return;
    }
    host_.devices.emplace_back().by.push_back({&source, listing_, std::move(device)});
  }

  HostSayings& host_;
  JoinedHosts& out_;
  Listing listing_ = Listing::kAll;  // of the reading that is being added
};

// Whether the source lists parts of chips of the host that it cannot name.
bool ListsLooseParts(const HostSayings& host, const SourceReading* source) {
  return std::any_of(host.devices.begin(), host.devices.end(), [&](const auto& device) {
    return std::any_of(device.by.begin(), device.by.end(), [&](const Saying& saying) {
      return saying.source == source && IsLoose(saying);
    });
  });
}

// A source that lists what is held has said of the other chips that they are free. If it holds
// parts of chips that it cannot name, it has not said of which chip.
void AddFreeDevices(HostSayings& host) {
  std::set<const SourceReading*> vague;
  for (const auto& [source, listing] : host.sources) {
    if (ListsLooseParts(host, source)) vague.insert(source);
  }
  for (DeviceSayings& device : host.devices) {
    for (const auto& [source, listing] : host.sources) {
      if (listing != Listing::kHeld || HasSayingOf(device, source)) continue;
      DeviceReading free;
      free.part_of_unknown_chip = IsLoose(device.by.front());
      free.parts.front().knows_holders = Holders::kKnown;
      device.by.push_back({source, listing, std::move(free), vague.contains(source)});
    }
  }
}

// Chips that some source lists, and another one does not that lists all chips of the host.
void CompareLists(const std::string& name, const HostSayings& host, JoinedHosts& out) {
  for (const DeviceSayings& device : host.devices) {
    if (IsLoose(device.by.front())) continue;
    for (const auto& [source, listing] : host.sources) {
      if (listing != Listing::kAll || HasSayingOf(device, source)) continue;
      if (ListsLooseParts(host, source)) continue;  // it may list this chip by its parts
      ++out.counts.disagreements;
      if (out.remarks.size() >= kMostJoinRemarks) continue;
      out.remarks.push_back(fmt::format("{} device {} is listed by {} and not by {}", name,
                                        DeviceLabel(device.by.front().device),
                                        device.by.front().source->source, source->source));
    }
  }
}

HostReading MergeHost(const std::string& name, HostSayings& host, JoinedHosts& out) {
  CompareLists(name, host, out);
  AddFreeDevices(host);
  HostReading merged{.host = name, .devices = {}};
  for (const DeviceSayings& device : host.devices) {
    merged.devices.push_back(MergeDevice(name, device, out));
  }
  PlaceLooseParts(merged, host.sources.size() > 1, out.counts, out.remarks);
  return merged;
}

}  // namespace

int64_t JoinedHosts::DecidedBy(const std::string& host) const {
  const auto found = decided_by.find(host);
  return found == decided_by.end() ? kNobodyDecides : found->second;
}

void MergeDuplicates(HostReading& host, ObservationCounts& counts) {
  std::map<std::string, size_t> places;
  std::vector<DeviceReading> devices;
  for (DeviceReading& device : host.devices) {
    if (device.parts.empty()) device.parts.emplace_back();
    const std::string uuid = CanonicalUuid(device.uuid);
    const auto [found, is_new] = places.emplace(uuid, devices.size());
    if (uuid.empty() || is_new) {
      devices.push_back(std::move(device));
      continue;
    }
    ++counts.duplicate_devices;
    MergeInto(devices[found->second], device);
  }
  host.devices = std::move(devices);
}

JoinedHosts JoinHosts(const std::vector<SourceReading>& readings, const JoinOptions& options) {
  JoinedHosts out;
  std::map<std::string, HostSayings> hosts;
  for (int rank = 0; rank <= kLastRank; ++rank) {
    for (const SourceReading& source : readings) {
      for (const HostReading& host : source.hosts) {
        if (RankOf(host) != rank) continue;
        HostSayings& sayings = hosts[ReportedHostName(host.host, options)];
        HostJoin(sayings, out).Add(source, host);
      }
    }
  }
  for (auto& [name, host] : hosts) out.hosts.push_back(MergeHost(name, host, out));
  return out;
}

}  // namespace fleetmeter::collector
