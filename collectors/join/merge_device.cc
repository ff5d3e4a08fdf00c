#include "collectors/join/merge_device.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "collectors/join/keys.h"

namespace fleetmeter::collector {
namespace {

// What one source says of who holds a part of a chip.
struct Statement {
  const Saying* by = nullptr;
  const std::vector<Holder>* holders = nullptr;  // none: free

  bool free() const { return holders->empty(); }
  // A rule took the chip by its place. Nobody was seen to hold it.
  bool by_place() const {
    return std::all_of(holders->begin(), holders->end(),
                       [](const Holder& holder) { return holder.by_place; }) &&
           !free();
  }
};

// The first by precedence; but what anybody holds is not free, whoever says so.
const Statement& Taken(const std::vector<Statement>& said) {
  const auto held = std::find_if(said.begin(), said.end(), [&](const Statement& statement) {
    return !statement.free() && (&statement == &said.front() || !statement.by_place());
  });
  return held == said.end() ? said.front() : *held;
}

// Sources call the same work by names of their own (a job's number, a pod's name), so that
// workloads and runs tell nothing.
bool IsOfSameTeam(const Holder& a, const Holder& b) {
  // A source whose rules do not take a holder says nothing of its pool.
  if (!a.assignment || !b.assignment) return true;
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
    ShareActivity();
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
      TakeKind(*saying);
    }
    if (!merged_.index && merged_.uuid.empty()) merged_.index = by_.front().device.index;
    merged_.parts.clear();
  }

  void TakeKind(const Saying& saying) {
    const std::string& kind = saying.device.kind;
    if (kind.empty()) return;
    if (merged_.kind.empty()) {
      merged_.kind = kind;
      kind_by_ = &saying.source->source;
    } else if (kind != merged_.kind) {
      Disagree(fmt::format("is {} by {} and {} by {}", merged_.kind, *kind_by_, kind,
                           saying.source->source));
    }
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
      own.of_time = part.of_time;
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
      const std::vector<Statement> said = StatementsOn(part);
      NoteDecider(said);
      if (said.empty()) continue;
      const Statement& taken = Taken(said);
      part.holders = *taken.holders;
      part.knows_holders = Holders::kKnown;
      for (size_t i = 1; i < said.size(); ++i) Compare(said.front(), said[i]);
    }
  }

  // Of a chip that is divided by time: what it does, its holders do. Who of them does how much
  // nobody measures, so that each is as active as the others, and all together as active as the
  // chip, but at most fully.
  void ShareActivity() {
    Micro held = 0;
    for (const DevicePart& part : merged_.parts) {
      if (!part.of_time || part.activity) return;
      held += part.holders.empty() ? 0 : part.share;
    }
    const DevicePart* whole = MeasuredWhole();
    if (held <= 0 || whole == nullptr) return;
    const auto of_held = [&](Micro micro) { return std::min(kOne, micro * kOne / held); };
    for (DevicePart& part : merged_.parts) {
      if (part.holders.empty()) continue;
      part.activity = of_held(*whole->activity);
      part.signal = whole->signal;
      if (whole->productive) part.productive = of_held(*whole->productive);
    }
  }

  // Of the first source, by precedence, that measures the chip as a whole.
  const DevicePart* MeasuredWhole() const {
    for (const Saying* saying : Ordered(&SourceReading::precedence_of_activity)) {
      const auto& parts = saying->device.parts;
      const bool whole = parts.size() == 1 && parts[0].id.empty() && parts[0].share == kOne;
      if (whole && parts[0].activity) return &parts[0];
    }
    return nullptr;
  }

  // In the order of precedence; a source that does not know makes no statement.
  std::vector<Statement> StatementsOn(const DevicePart& part) const {
    std::vector<Statement> said;
    for (const Saying* saying : Ordered(&SourceReading::precedence_of_holders)) {
      const std::vector<Holder>* holders = KnownHolders(*saying, part);
      if (holders != nullptr) said.push_back({saying, holders});
    }
    return said;
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

  void NoteDecider(const std::vector<Statement>& said) {
    const int64_t precedence =
        said.empty() ? kNobodyDecides : said.front().by->source->precedence_of_holders;
    int64_t& last = out_.decided_by.try_emplace(host_, precedence).first->second;
    last = std::max(last, precedence);
  }

  void Compare(const Statement& first, const Statement& other) {
    if (first.by->vague || other.by->vague || first.by_place() || other.by_place()) return;
    const std::string& first_name = first.by->source->source;
    const std::string& other_name = other.by->source->source;
    if (first.free() != other.free()) {
      const auto& [held, free] =
          first.free() ? std::pair(other_name, first_name) : std::pair(first_name, other_name);
      Disagree(fmt::format("is held by {} and free by {}; it is counted as held", held, free));
      return;
    }
    const auto differs = [&](const Holder& holder) {
      return std::none_of(first.holders->begin(), first.holders->end(),
                          [&](const Holder& own) { return IsOfSameTeam(own, holder); });
    };
    if (std::none_of(other.holders->begin(), other.holders->end(), differs)) return;
    Disagree(fmt::format("is another pool's or team's by {} than by {}", other_name, first_name));
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
    if (out_.remarks.size() >= kMostJoinRemarks) return;
    out_.remarks.push_back(fmt::format("{} device {} {}", host_, DeviceLabel(merged_), what));
  }

  const std::string& host_;
  const std::vector<Saying>& by_;
  JoinedHosts& out_;
  DeviceReading merged_;
  const std::string* kind_by_ = nullptr;  // who named the kind
  bool divided_ = false;
};

}  // namespace

DeviceReading MergeDevice(const std::string& host, const DeviceSayings& device, JoinedHosts& out) {
  return DeviceMerge(host, device.by, out).Merge();
}

}  // namespace fleetmeter::collector
