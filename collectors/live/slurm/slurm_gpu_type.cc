#include "collectors/live/slurm/slurm_gpu_type.h"

#include <algorithm>
#include <optional>
#include <set>

#include "collectors/attribution/glob.h"
#include "collectors/device/chip_kinds.h"

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

// "a100" of 5 GB a slice has 40 GB.
std::string ModelOfMig(const SlurmMigProfile& profile) {
  if (profile.model == "a100" && profile.memory_gb == profile.slices * 5) return "a100 40gb";
  if (profile.model == "a100" && profile.memory_gb == profile.slices * 10) return "a100 80gb";
  return profile.model;
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
    if (entry.chip_slices > 0) meaning.chip_slices = entry.chip_slices;
    return meaning;
  }
  if (kinds.KindOf(meaning.model)) return meaning;
  if (const auto model = ModelOfFeatures(node)) meaning.model = *model;
  return meaning;
}

}  // namespace fleetmeter::collector
