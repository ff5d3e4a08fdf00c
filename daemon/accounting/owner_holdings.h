// What the sources of each identity hold together, by chip kind. Belongs to FleetState, which
// changes it with its sources; not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/accounting/symbols.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

// Micro-chips, rounded up to whole chips: a source of a crumb of a chip counts as one of a chip, so
// that there are no more sources than chips.
constexpr int64_t WholeChipsUp(int64_t micro_chips) {
  return (micro_chips + kMicroChipsPerChip - 1) / kMicroChipsPerChip * kMicroChipsPerChip;
}

class OwnerHoldings {
 public:
  // The number of an identity; of the empty one, which stands for nobody, 0.
  uint32_t Number(const std::string& identity) { return identities_.Intern(identity); }
  const std::string& Identity(uint32_t owner) const { return identities_.names()[owner]; }

  void AddSources(uint32_t owner, int64_t sources);
  void AddChips(uint32_t owner, uint32_t chip, int64_t micro_chips);

  int64_t SourcesOf(const std::string& identity) const;
  // `chip`: the symbol of its kind.
  int64_t MicroChipsOf(const std::string& identity, uint32_t chip) const;

 private:
  SymbolTable identities_;
  std::vector<int64_t> sources_;                                             // by owner
  absl::flat_hash_map<std::pair<uint32_t, uint32_t>, int64_t> micro_chips_;  // by owner and chip
};

}  // namespace fleetmeter
