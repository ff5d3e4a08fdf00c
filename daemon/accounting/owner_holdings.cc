#include "daemon/accounting/owner_holdings.h"

namespace fleetmeter {

void OwnerHoldings::AddSources(uint32_t owner, int64_t sources) {
  if (owner >= sources_.size()) sources_.resize(owner + 1);
  sources_[owner] += sources;
}

void OwnerHoldings::AddChips(uint32_t owner, uint32_t chip, int64_t micro_chips) {
  if (micro_chips == 0) return;
  const auto [it, is_new] = micro_chips_.try_emplace({owner, chip}, 0);
  it->second += micro_chips;
  if (it->second == 0) micro_chips_.erase(it);
}

int64_t OwnerHoldings::SourcesOf(const std::string& identity) const {
  const auto owner = identities_.Find(identity);
  return owner && *owner < sources_.size() ? sources_[*owner] : 0;
}

int64_t OwnerHoldings::MicroChipsOf(const std::string& identity, uint32_t chip) const {
  const auto owner = identities_.Find(identity);
  if (!owner) return 0;
  const auto found = micro_chips_.find({*owner, chip});
  return found == micro_chips_.end() ? 0 : found->second;
}

}  // namespace fleetmeter
