#include "collectors/join/join_hosts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "collectors/join/keys.h"
#include "collectors/join/loose_parts.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostRemarks = 20;

struct Saying {
  const SourceReading* source = nullptr;
  Listing listing = Listing::kAll;
  DeviceReading device;
};

struct DeviceSayings {
  std::vector<Saying> by;  // at most one a source
};

struct HostSayings {
  std::vector<std::pair<const SourceReading*, Listing>> sources;
  std::vector<DeviceSayings> devices;
};

bool HasSayingOf(const DeviceSayings& device, const SourceReading* source) {
  return std::any_of(device.by.begin(), device.by.end(),
                     [&](const Saying& saying) { return saying.source == source; });
}

bool IsLoose(const Saying& saying) { return saying.device.part_of_unknown_chip; }

// Sources call the same work by names of their own (a job's number, a pod's name), so that
// workloads and runs tell nothing.
bool IsOfSameTeam(const Holder& a, const Holder& b) {
  if (!a.assignment || !b.assignment) return !a.assignment && !b.assignment;
  return a.assignment->pool == b.assignment->pool && a.assignment->team == b.assignment->team;
}

// Merges what several sources say of one device.
class DeviceMerge {
 public:
  DeviceMerge(const std::string& host, const std::vector<Saying>& by, JoinedHosts& out)
      : host_(host), by_(by), out_(out) {}

  DeviceReading Merge() {
    merged_.part_of_unknown_chip = std::all_of(by_.begin(), by_.end(), IsLoose);
    Identify();
    TakeParts();
    TakeActivity();
    TakeHolders();
    TakeFitness();
    return std::move(merged_);
  }

 private:
  // The sayings with the lowest precedence first.
  std::vector<const Saying*> Ordered(int64_t SourceReading::* precedence) const {
    std::vector<const Saying*> ordered;
    for (const Saying& saying : by_) ordered.push_back(&saying);
    std::stable_sort(ordered.begin(), ordered.end(), [&](const Saying* a, const Saying* b) {
      return a->source->*precedence < b->source->*precedence;
    });
    return ordered;
  }

  void Identify() {
    for (const Saying* saying : Ordered(&SourceReading::precedence_of_activity)) {
      const DeviceReading& device = saying->device;
      if (merged_.uuid.empty() && !IsPartOfAnother(device.uuid)) merged_.uuid = device.uuid;
      if (!merged_.index && !device.anonymous) merged_.index = device.index;
      if (merged_.model.empty()) merged_.model = device.model;
      if (merged_.kind.empty()) {
        merged_.kind = device.kind;
      } else if (!device.kind.empty() && device.kind != merged_.kind) {
        Disagree(fmt::format("is {} by one source and {} by {}", merged_.kind, device.kind,
                             saying->source->source));
      }
    }
    if (!merged_.index && merged_.uuid.empty()) merged_.index = by_.front().device.index;
    merged_.parts.clear();
  }

  bool IsPartOfAnother(const std::string& uuid) const {
    return !uuid.empty() && std::any_of(by_.begin(), by_.end(), [&](const Saying& saying) {
      return HasPart(saying.device, uuid);
    });
  }

  // Their division of the chip, without what is measured and who holds it.
  void TakeParts() {
    const DeviceReading* whose = nullptr;
    for (const Saying* saying : Ordered(&SourceReading::precedence_of_activity)) {
      if (IsLoose(*saying) && !merged_.part_of_unknown_chip) continue;
      const auto& parts = saying->device.parts;
      const bool divides = parts.size() > 1 || (parts.size() == 1 && parts[0].share != kOne) ||
                           (parts.size() == 1 && !parts[0].id.empty());
      if (whose == nullptr || (divides && !divided_)) whose = &saying->device;
      divided_ = divided_ || divides;
    }
    for (const DevicePart& part : whose->parts) {
      DevicePart& own = merged_.parts.emplace_back();
      own.id = part.id;
      own.share = part.share;
    }
  }

  // What the source says of this part: of the part itself, or of the whole chip.
  const DevicePart* Find(const DeviceReading& device, const DevicePart& part) const {
    for (const DevicePart& other : device.parts) {
      if (SameUuid(other.id, part.id)) return &other;
    }
    if (!part.id.empty() && SameUuid(device.uuid, part.id)) return &device.parts.front();
    const bool whole =
        device.parts.size() == 1 && device.parts[0].id.empty() && !IsPartOfAnother(device.uuid);
    return whole ? &device.parts.front() : nullptr;
  }

  void TakeActivity() {
    for (DevicePart& part : merged_.parts) {
      for (const Saying* saying : Ordered(&SourceReading::precedence_of_activity)) {
        const DevicePart* said = Find(saying->device, part);
        if (said == nullptr) continue;
        // The activity of a whole chip is not that of its parts.
        const bool of_this_part = !divided_ || SameUuid(said->id, part.id);
        if (!part.memory && of_this_part) part.memory = said->memory;
        if (part.activity || !said->activity || !of_this_part) continue;
        part.activity = said->activity;
        part.signal = said->signal;
        part.productive = said->productive;
      }
    }
  }

  void TakeHolders() {
    for (DevicePart& part : merged_.parts) {
      const std::vector<Holder>* first = nullptr;
      for (const Saying* saying : Ordered(&SourceReading::precedence_of_holders)) {
        const std::vector<Holder>* known = KnownHolders(*saying, part);
        if (known == nullptr) continue;
        if (first == nullptr) {
          first = known;
          part.holders = *known;
          part.knows_holders = Holders::kKnown;
        } else {
          Compare(*first, *known, saying->source->source);
        }
      }
    }
  }

  // Null: the source does not know. A source that lists what is held says of the parts that it
  // leaves out that they are free.
  const std::vector<Holder>* KnownHolders(const Saying& saying, const DevicePart& part) const {
    static const std::vector<Holder> kNobody;
    const DevicePart* said = Find(saying.device, part);
    if (said == nullptr) return saying.listing == Listing::kHeld ? &kNobody : nullptr;
    const bool knows = said->knows_holders == Holders::kKnown || !said->holders.empty();
    return knows ? &said->holders : nullptr;
  }

  void Compare(const std::vector<Holder>& first, const std::vector<Holder>& other,
               const std::string& source) {
    if (first.empty() != other.empty()) {
      Disagree(fmt::format("is {} by one source and {} by {}", first.empty() ? "free" : "held",
                           other.empty() ? "free" : "held", source));
      return;
    }
    const bool differ = std::any_of(other.begin(), other.end(), [&](const Holder& holder) {
      return std::none_of(first.begin(), first.end(),
                          [&](const Holder& own) { return IsOfSameTeam(own, holder); });
    });
    if (differ) Disagree(fmt::format("is another pool's or team's by {}", source));
  }

  void TakeFitness() {
    for (const Saying& saying : by_) {
      if (saying.device.fitness <= merged_.fitness) continue;
      merged_.fitness = saying.device.fitness;
      merged_.fitness_reason = saying.device.fitness_reason;
    }
  }

  void Disagree(std::string what) {
    ++out_.counts.disagreements;
    if (out_.remarks.size() >= kMostRemarks) return;
    out_.remarks.push_back(fmt::format("{} device {} {}", host_, DeviceLabel(merged_), what));
  }

  const std::string& host_;
  const std::vector<Saying>& by_;
  JoinedHosts& out_;
  DeviceReading merged_;
  bool divided_ = false;
};

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
      if (device.uuid.empty()) {
        ++out_.counts.duplicate_devices;  // an index that came twice
      } else {
        AddPart(known, source, device);
      }
      return;
    }
    host_.devices.emplace_back().by.push_back({&source, listing_, std::move(device)});
  }

  // A source that knows MIG instances by their own UUIDs only has a device for each.
  static void AddPart(DeviceSayings& known, const SourceReading& source, DeviceReading& device) {
    for (Saying& saying : known.by) {
      if (saying.source != &source) continue;
      if (saying.device.parts.size() == 1 && saying.device.parts[0].id.empty()) {
        saying.device.parts[0].id = saying.device.uuid;
      }
      for (DevicePart& part : device.parts) {
        if (part.id.empty()) part.id = device.uuid;
        saying.device.parts.push_back(std::move(part));
      }
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

// A source that lists what is held has said of the other chips that they are free.
void AddFreeDevices(HostSayings& host) {
  for (DeviceSayings& device : host.devices) {
    for (const auto& [source, listing] : host.sources) {
      if (listing != Listing::kHeld || HasSayingOf(device, source)) continue;
      DeviceReading free;
      free.part_of_unknown_chip = IsLoose(device.by.front());
      free.parts.front().knows_holders = Holders::kKnown;
      device.by.push_back({source, listing, std::move(free)});
    }
  }
}

// Chips that some source lists, and another one does not that lists all chips of the host.
void CompareLists(const std::string& name, const HostSayings& host, JoinedHosts& out) {
  for (const DeviceSayings& device : host.devices) {
    if (IsLoose(device.by.front())) continue;
    for (const auto& [source, listing] : host.sources) {
      if (listing != Listing::kAll || HasSayingOf(device, source)) continue;
      ++out.counts.disagreements;
      if (out.remarks.size() >= kMostRemarks) continue;
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
    merged.devices.push_back(DeviceMerge(name, device.by, out).Merge());
  }
  PlaceLooseParts(merged, host.sources.size() > 1, out.counts, out.remarks);
  return merged;
}

// Takes what a second reading of a device says that the first does not.
void MergeInto(DeviceReading& first, DeviceReading& second) {
  DevicePart& own = first.parts.front();
  for (DevicePart& part : second.parts) {
    for (Holder& holder : part.holders) own.holders.push_back(std::move(holder));
    if (part.activity == own.activity) continue;
    own.activity.reset();
    own.productive.reset();
  }
}

}  // namespace

std::string ReportedHostName(const std::string& host, const JoinOptions& options) {
  const bool is_address = host.find_first_not_of("0123456789.:") == std::string::npos;
  if (!options.strip_domain || is_address) return host;
  return host.substr(0, host.find('.'));
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
