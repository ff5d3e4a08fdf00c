#include "collectors/live/slurm/slurm_gpu_type.h"

#include <algorithm>
#include <optional>
#include <set>

#include "collectors/attribution/glob.h"
#include "collectors/device/chip_kinds.h"
#include "collectors/live/dcgm/mig_slices.h"

namespace fleetmeter::collector {
namespace {

bool Matches(const SlurmGpuType& entry, const SlurmNode& node, const std::string& type) {
  if (!MatchesGlob(entry.node, node.name) || !MatchesGlob(entry.type, type)) return false;
  return entry.feature.empty() ||
         std::any_of(node.features.begin(), node.features.end(),
                     [&](const auto& feature) { return MatchesGlob(entry.feature, feature); });
}

// The features' own word for a kind, if it is the only one and the node has one type.
std::optional<std::string> ModelOfFeatures(const SlurmNode& node) {
  static const auto& kinds = *new ChipKinds();
  std::set<std::string> found;
  std::string model;
  for (const std::string& feature : node.features) {
    const auto kind = kinds.KindOf(feature);
    if (kind && found.insert(*kind).second) model = feature;
  }
  const bool one_type = SlurmTypesOf(node.gres, "gpu").size() == 1;
  return found.size() == 1 && one_type ? std::optional(model) : std::nullopt;
}

// "a100" by its memory. Slices of 1, 2, 3, 4 and 7 have 1, 2, 4, 4 and 8 eighths of it, and drivers
// round them ("3g.39gb"). "1g.10gb" is an eighth of 80 GB, or rarely two of 40 GB.
std::string ModelOfMig(const SlurmMigProfile& profile) {
  if (profile.model != "a100" && profile.model != "nvidia_a100") return profile.model;
  constexpr int64_t kBetweenGb = 60;
  const int64_t eighths = profile.slices <= 2 ? profile.slices : profile.slices <= 4 ? 4 : 8;
  return profile.memory_gb * 8 / eighths < kBetweenGb ? "a100 40gb" : "a100 80gb";
}

// A profile such as "1g.24gb" is of chips with four slices and of some with seven.
void DivideByModel(SlurmGpuMeaning& meaning) {
  if (meaning.slices == 0) return;
  const auto slices = dcgm::SlicesOfChip(meaning.model, {});
  if (slices && *slices >= meaning.slices) meaning.chip_slices = *slices;
}

}  // namespace

SlurmGpuMeaning MeaningOfSlurmGpu(const SlurmNode& node, const std::string& type,
                                  const std::vector<SlurmGpuType>& types) {
  static const auto& kinds = *new ChipKinds();
  SlurmGpuMeaning meaning;
  const auto mig = ParseSlurmMig(type);
  meaning.model = mig ? ModelOfMig(*mig) : type;
  if (mig) {
    meaning.slices = mig->slices;
    meaning.chip_slices = mig->chip_slices;
  }
  for (const SlurmGpuType& entry : types) {
    if (!Matches(entry, node, type)) continue;
    if (!entry.model.empty()) meaning.model = entry.model;
    if (entry.slices > 0) meaning.slices = entry.slices;
    if (entry.chip_slices > 0) {
      meaning.chip_slices = entry.chip_slices;
    } else {
      DivideByModel(meaning);
    }
    return meaning;
  }
  if (!kinds.KindOf(meaning.model)) {
    if (const auto model = ModelOfFeatures(node)) meaning.model = *model;
  }
  DivideByModel(meaning);
  return meaning;
}

}  // namespace fleetmeter::collector
