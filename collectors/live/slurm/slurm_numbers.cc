#include "collectors/live/slurm/slurm_numbers.h"

#include <cstdint>
#include <map>
#include <string>

#include "collectors/live/slurm/slurm_gres.h"

namespace fleetmeter::collector {
namespace {

// Calls `use` with each GRES of the node and of the claims that tells numbers of typed GPUs.
template <class Use>
void EachNumbered(SlurmNode& node, std::vector<SlurmClaim>& claims, Use use) {
  const auto offer = [&](SlurmGres& gres) {
    if (gres.name == "gpu" && !gres.type.empty() && !gres.indexes.empty()) use(gres);
  };
  for (SlurmGres& gres : node.gres_used) offer(gres);
  for (SlurmGres& gres : node.gres_drained) offer(gres);
  for (SlurmClaim& claim : claims) offer(claim.gres);
}

bool OneNumberHasTwoTypes(SlurmNode& node, std::vector<SlurmClaim>& claims) {
  std::map<uint32_t, std::string> types;
  bool two = false;
  EachNumbered(node, claims, [&](const SlurmGres& gres) {
    for (const uint32_t index : gres.indexes) {
      two = two || types.emplace(index, gres.type).first->second != gres.type;
    }
  });
  return two;
}

}  // namespace

void NumberAcrossTypes(SlurmNode& node, std::vector<SlurmClaim>& claims) {
  if (!OneNumberHasTwoTypes(node, claims)) return;
  std::map<std::string, SlurmGres> types;  // of which `indexes` has the first number alone
  uint32_t first = 0;
  for (SlurmGres gres : SlurmTypesOf(node.gres, "gpu")) {
    const int64_t count = gres.count;
    gres.indexes = {first};
    if (count > kMostSlurmDevices - static_cast<int64_t>(first)) return;
    first += static_cast<uint32_t>(count);
    types.emplace(gres.type, std::move(gres));
  }
  EachNumbered(node, claims, [&](SlurmGres& gres) {
    const auto type = types.find(gres.type);
    if (type == types.end()) return;
    for (uint32_t& index : gres.indexes) {
      // A number that its type does not have stays as it is.
      if (static_cast<int64_t>(index) < type->second.count) index += type->second.indexes.front();
    }
  });
}

}  // namespace fleetmeter::collector
