#include "collectors/live/slurm/slurm_devices.h"

#include <algorithm>
#include <utility>

#include "collectors/live/slurm/slurm_amounts.h"
#include "collectors/live/slurm/slurm_holder.h"
#include "collectors/live/slurm/slurm_numbers.h"
#include "collectors/live/slurm/slurm_state.h"

namespace fleetmeter::collector {
namespace {

struct ShareClaim {
  const SlurmClaim* claim = nullptr;
  int64_t count = 0;
};

// What Slurm counts as one GPU: a chip, or a MIG instance.
struct Unit {
  std::string type;
  std::vector<const SlurmClaim*> holders;
  std::vector<ShareClaim> shares;
  bool told = false;  // by an IDX that it is held
  bool drained = false;

  bool IsFree() const { return holders.empty() && shares.empty(); }
};

int64_t SharesIn(const Unit& unit) {
  int64_t sum = 0;
  for (const ShareClaim& share : unit.shares) sum += share.count;
  return sum;
}

class Units {
 public:
  Units(const SlurmNode& node, bool listed, const std::vector<SlurmClaim>& claims)
      : node_(node), claims_(claims) {
    if (listed) Lay();
    open_ = units_.empty();
  }

  void Place() {
    for (const SlurmClaim& claim : claims_) {
      if (claim.gres.name == "gpu" && !claim.gres.indexes.empty()) PlaceTold(claim);
    }
    for (const SlurmClaim& claim : claims_) {
      if (IsSlurmShare(claim.gres.name)) PlaceShares(claim);
    }
    for (const SlurmClaim& claim : claims_) {
      if (claim.gres.name == "gpu" && claim.gres.indexes.empty()) {
        PlaceCounted(claim, claim.gres.count);
      }
    }
    Explain();
    Drain();
  }

  const std::map<uint32_t, Unit>& units() const { return units_; }
  int64_t shares_of_each(const std::string& type) const { return SharesOfEach(type); }
  int64_t guessed() const { return guessed_; }
  int64_t surplus() const { return surplus_; }
  int64_t unexplained() const { return unexplained_; }

 private:
  // One unit for each GPU, with the types where an IDX tells them, and else in the listed order.
  void Lay() {
    std::vector<SlurmGres> types = SlurmTypesOf(node_.gres, "gpu");
    int64_t all = 0;
    for (const SlurmGres& gres : types) all += gres.count;
    all = std::min(all, kMostSlurmDevices);
    for (int64_t i = 0; i < all; ++i) units_[static_cast<uint32_t>(i)];
    const auto tell = [&](const SlurmGres& gres) {
      for (const uint32_t index : gres.indexes) TellType(gres, index, types);
    };
    for (const SlurmGres& gres : node_.gres_used) tell(gres);
    for (const SlurmClaim& claim : claims_) tell(claim.gres);
    for (auto& [index, unit] : units_) {
      if (!unit.type.empty()) continue;
      const auto left =
          std::find_if(types.begin(), types.end(), [](const auto& gres) { return gres.count > 0; });
      if (left == types.end()) break;
      unit.type = left->type;
      --left->count;
    }
  }

  void TellType(const SlurmGres& gres, uint32_t index, std::vector<SlurmGres>& types) {
    const auto unit = units_.find(index);
    if (gres.name != "gpu" || gres.type.empty() || unit == units_.end()) return;
    const auto type = std::find_if(types.begin(), types.end(), [&](const SlurmGres& known) {
      return known.type == gres.type && known.count > 0;
    });
    if (!unit->second.type.empty() || type == types.end()) return;
    unit->second.type = gres.type;
    --type->count;
  }

  // The unit of an index; of a node that is not listed, a new one. Null: there is none.
  Unit* At(uint32_t index, const std::string& type) {
    const auto found = units_.find(index);
    if (found != units_.end()) return &found->second;
    if (!open_ || index >= kMostSlurmDevices) return nullptr;
    Unit& unit = units_[index];
    unit.type = type;
    return &unit;
  }

  void PlaceTold(const SlurmClaim& claim) {
    for (const uint32_t index : claim.gres.indexes) {
      Unit* unit = At(index, claim.gres.type);
      if (unit == nullptr) {
        ++surplus_;
        continue;
      }
      if (IsOfAnother(*unit, claim)) ++surplus_;
      unit->holders.push_back(&claim);
      unit->told = true;
    }
    const auto told = static_cast<int64_t>(claim.gres.indexes.size());
    if (claim.gres.count > told) PlaceCounted(claim, claim.gres.count - told);
  }

  // Slurm gives a whole GPU to one job.
  static bool IsOfAnother(const Unit& unit, const SlurmClaim& claim) {
    return !unit.holders.empty() && unit.holders.front()->job != claim.job;
  }

  // A free unit of the type, one that is in use by Slurm's own account before others.
  Unit* FindFree(const std::string& type) {
    Unit* found = nullptr;
    for (auto& [index, unit] : units_) {
      if (!unit.IsFree() || (!type.empty() && unit.type != type)) continue;
      if (IsUsed(index)) return &unit;
      if (found == nullptr) found = &unit;
    }
    if (found != nullptr || !open_ || units_.size() >= size_t{kMostSlurmDevices}) return found;
    uint32_t index = 0;
    while (units_.contains(index)) ++index;
    return At(index, type);
  }

  bool IsUsed(uint32_t index) const {
    return std::any_of(node_.gres_used.begin(), node_.gres_used.end(), [&](const SlurmGres& gres) {
      return gres.name == "gpu" &&
             std::find(gres.indexes.begin(), gres.indexes.end(), index) != gres.indexes.end();
    });
  }

  void PlaceCounted(const SlurmClaim& claim, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      Unit* unit = FindFree(claim.gres.type);
      if (unit == nullptr) {
        surplus_ += count - i;
        return;
      }
      unit->holders.push_back(&claim);
      ++guessed_;
    }
  }

  // How many shares one unit of the type has; 0: none.
  int64_t SharesOfEach(const std::string& type) const {
    for (const SlurmGres& gres : node_.gres) {
      if (!IsSlurmShare(gres.name) || (!gres.type.empty() && gres.type != type)) continue;
      int64_t units = 0;
      for (const auto& [index, unit] : units_) {
        units += gres.type.empty() || unit.type == gres.type ? 1 : 0;
      }
      if (units > 0) return gres.count / units;
    }
    return 0;
  }

  void PlaceShares(const SlurmClaim& claim) {
    if (!claim.gres.of_each.empty()) {
      for (size_t i = 0; i < claim.gres.of_each.size(); ++i) {
        AddShares(claim, static_cast<uint32_t>(i), claim.gres.of_each[i]);
      }
      return;
    }
    int64_t left = claim.gres.count;
    const auto& told = claim.gres.indexes;  // all of its shares are of these devices
    for (auto& [index, unit] : units_) {
      if (!unit.holders.empty() || left == 0) continue;
      if (!claim.gres.type.empty() && unit.type != claim.gres.type) continue;
      if (!told.empty() && std::find(told.begin(), told.end(), index) == told.end()) continue;
      const int64_t room = SharesOfEach(unit.type) - SharesIn(unit);
      const int64_t taken = std::clamp<int64_t>(left, 0, std::max<int64_t>(room, 0));
      if (taken == 0) continue;
      unit.shares.push_back({&claim, taken});
      unit.told = !told.empty();
      left -= taken;
      if (told.empty()) ++guessed_;
    }
    if (left > 0) ++surplus_;
  }

  void AddShares(const SlurmClaim& claim, uint32_t index, int64_t count) {
    if (count <= 0) return;
    const auto unit = units_.find(index);
    if (unit == units_.end()) {
      ++surplus_;
      return;
    }
    unit->second.shares.push_back({&claim, count});
    unit->second.told = true;
  }

  // What is in use by Slurm's account, and no job claims, is held by somebody.
  void Explain() {
    for (const SlurmGres& used : node_.gres_used) {
      if (used.name != "gpu") continue;
      for (const uint32_t index : used.indexes) {
        const auto unit = units_.find(index);
        if (unit == units_.end() || !unit->second.IsFree()) continue;
        if (HeldOf(used.type) >= used.count) break;
        unit->second.holders.push_back(&nobody_);
        unit->second.told = true;
        ++unexplained_;
      }
      for (int64_t held = HeldOf(used.type); held < used.count; ++held) {
        Unit* unit = FindFree(used.type);
        if (unit == nullptr) break;
        unit->holders.push_back(&nobody_);
        ++unexplained_;
        ++guessed_;
      }
    }
  }

  int64_t HeldOf(const std::string& type) const {
    int64_t held = 0;
    for (const auto& [index, unit] : units_) {
      held += (type.empty() || unit.type == type) && !unit.IsFree() ? 1 : 0;
    }
    return held;
  }

  void Drain() {
    for (const SlurmGres& gres : node_.gres_drained) {
      if (gres.name != "gpu") continue;
      for (const uint32_t index : gres.indexes) {
        if (const auto unit = units_.find(index); unit != units_.end()) unit->second.drained = true;
      }
      int64_t left = gres.count - static_cast<int64_t>(gres.indexes.size());
      for (auto unit = units_.rbegin(); unit != units_.rend() && left > 0; ++unit) {
        if (!unit->second.IsFree() || unit->second.drained) continue;
        if (!gres.type.empty() && unit->second.type != gres.type) continue;
        unit->second.drained = true;
        --left;
      }
    }
  }

  const SlurmNode& node_;
  const std::vector<SlurmClaim>& claims_;
  const SlurmClaim nobody_;
  std::map<uint32_t, Unit> units_;
  bool open_ = false;  // units come with the claims on them
  int64_t guessed_ = 0;
  int64_t surplus_ = 0;
  int64_t unexplained_ = 0;
};

// Devices out of units.
class Chips {
 public:
  Chips(const SlurmNode& node, const Units& units, const SlurmViewOptions& options)
      : node_(node), units_(units), options_(options) {
    fitness_ = FitnessOfSlurmNode(node.states, options.planned_is_free);
  }

  std::vector<DeviceReading> Make() {
    for (const auto& [index, unit] : units_.units()) {
      const SlurmGpuMeaning meaning = MeaningOfSlurmGpu(node_, unit.type, options_.gpu_types);
      if (meaning.slices > 0) {
        AddInstance(index, unit, meaning);
      } else {
        AddWhole(index, unit, meaning);
      }
    }
    return std::move(devices_);
  }

 private:
  DeviceReading Begin(const Unit& unit, const SlurmGpuMeaning& meaning) const {
    DeviceReading device;
    device.model = meaning.model;
    device.fitness = fitness_.fitness;
    if (fitness_.fitness != Fitness::kFit) {
      device.fitness_reason = fitness_.states.empty() ? "no state" : fitness_.states;
      if (!node_.reason.empty()) device.fitness_reason += ": " + node_.reason;
    }
    if (unit.drained && device.fitness < Fitness::kDrained) {
      device.fitness = Fitness::kDrained;
      device.fitness_reason = "Slurm lists the device as drained";
    }
    device.parts.clear();
    return device;
  }

  static DevicePart PartOf(const std::vector<const SlurmClaim*>& holders, Micro share) {
    DevicePart part;
    part.share = share;
    part.knows_holders = Holders::kKnown;
    for (const SlurmClaim* claim : holders) {
      part.holders.push_back(SlurmHolder(claim->job, claim->gpus));
    }
    return part;
  }

  void AddWhole(uint32_t index, const Unit& unit, const SlurmGpuMeaning& meaning) {
    DeviceReading device = Begin(unit, meaning);
    device.index = index;
    device.anonymous = units_.guessed() > 0 && !unit.told;
    const int64_t shares = units_.shares_of_each(unit.type);
    if (unit.shares.empty() || !unit.holders.empty() || shares == 0) {
      device.parts.push_back(PartOf(unit.holders, kOne));
    } else {
      AddShared(unit, std::max(shares, SharesIn(unit)), device);
    }
    devices_.push_back(std::move(device));
  }

  // A part for each share claim, and one for what is free of the chip.
  static void AddShared(const Unit& unit, int64_t shares, DeviceReading& device) {
    int64_t before = 0;
    const auto upto = [&](int64_t count) { return kOne * count / shares; };
    for (const ShareClaim& claim : unit.shares) {
      const int64_t after = before + claim.count;
      DevicePart part = PartOf({claim.claim}, upto(after) - upto(before));
      part.id = "share-" + std::to_string(device.parts.size());
      part.of_time = true;
      device.parts.push_back(std::move(part));
      before = after;
    }
    if (before == shares) return;
    DevicePart rest = PartOf({}, kOne - upto(before));
    rest.id = "free";
    rest.of_time = true;
    device.parts.push_back(std::move(rest));
  }

  // On the first chip of its kind that has room.
  void AddInstance(uint32_t index, const Unit& unit, const SlurmGpuMeaning& meaning) {
    const auto room = std::find_if(open_.begin(), open_.end(), [&](const OpenChip& chip) {
      return chip.model == meaning.model && chip.slices == meaning.chip_slices &&
             chip.left >= meaning.slices;
    });
    const bool is_new = room == open_.end();
    if (is_new) {
      open_.push_back({meaning.model, meaning.chip_slices, meaning.chip_slices, devices_.size()});
      devices_.push_back(Begin(unit, meaning));
      devices_.back().anonymous = true;
    }
    OpenChip& chip = is_new ? open_.back() : *room;
    const int64_t before = chip.slices - chip.left;
    const auto upto = [&](int64_t slices) { return kOne * slices / chip.slices; };
    DevicePart part = PartOf(unit.holders, upto(before + meaning.slices) - upto(before));
    part.id = unit.type + "#" + std::to_string(index);
    chip.left -= meaning.slices;
    devices_[chip.device].parts.push_back(std::move(part));
  }

  struct OpenChip {
    std::string model;
    int64_t slices;
    int64_t left;
    size_t device;
  };

  const SlurmNode& node_;
  const Units& units_;
  const SlurmViewOptions& options_;
  SlurmFitness fitness_;
  std::vector<DeviceReading> devices_;
  std::vector<OpenChip> open_;
};

}  // namespace

SlurmDevices PlaceSlurmClaims(const SlurmNode& node, bool listed,
                              const std::vector<SlurmClaim>& claims,
                              const SlurmViewOptions& options) {
  SlurmNode numbered = node;
  std::vector<SlurmClaim> placed = claims;
  NumberAcrossTypes(numbered, placed);
  Units units(numbered, listed, placed);
  units.Place();
  SlurmDevices out;
  out.devices = Chips(numbered, units, options).Make();
  out.guessed = units.guessed();
  out.surplus = units.surplus();
  out.unexplained = units.unexplained();
  return out;
}

}  // namespace fleetmeter::collector
