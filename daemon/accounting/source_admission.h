// May this sender speak for this source, and may the source hold so much?
//
// A source belongs to the identity that registered it first, unless a rule of access says whose it
// is. Made for one transaction, whose reports it takes into account; the rest it asks of the live
// fleet. Not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/accounting/fleet_state.h"
#include "daemon/accounting/source_claim.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

// 0: no limit.
struct SourceLimits {
  int64_t max_chips_per_source = 0;
  // What all sources of an identity may hold of a chip kind: so many times what the plan declares,
  // and SourceAdmission::kUndeclaredChips in any case.
  int64_t supply_factor = 0;
  int64_t max_sources_per_identity = 0;
};

class SourceAdmission {
 public:
  static constexpr int64_t kUndeclaredChips = 256;
  static constexpr size_t kPlacesPerChip = 64;

  struct Speaker {
    const std::string& identity;
    SourceClaim claim = SourceClaim::kUnchecked;
  };

  explicit SourceAdmission(SourceLimits limits) : limits_(limits) {}

  // Whether it may speak for the source at all. To be asked before anything else of a report: what
  // another identity sends must not count against the source.
  std::optional<Rejection> CheckOwner(const Speaker& speaker, const std::string& source,
                                      const FleetState& fleet) const;
  // The same of a source that belongs to `owner`; empty: to nobody.
  static std::optional<Rejection> CheckOwnedBy(const std::string& owner, const Speaker& speaker,
                                               const std::string& source);

  // Whether the source, and all sources of the speaker together, may hold what the report lists.
  // The catalog knows its chip kinds.
  std::optional<Rejection> CheckHoldings(const Speaker& speaker, const UsageReport& report,
                                         const Plan& plan, const FleetState& fleet) const;

  // The report is counted. Returns whom its source belongs to from now on; empty: as before.
  std::string Count(const Speaker& speaker, const UsageReport& report, const FleetState& fleet);

 private:
  using KindKey = std::pair<std::string, std::string>;  // an identity or a source, and a chip kind

  const std::string& OwnerOf(const std::string& source, const FleetState& fleet) const;
  std::optional<Rejection> CheckSources(const Speaker& speaker, const std::string& source,
                                        const FleetState& fleet) const;
  std::optional<Rejection> CheckSupply(const Speaker& speaker, const std::string& source,
                                       const std::vector<ChipsOfKind>& listed, const Plan& plan,
                                       const FleetState& fleet) const;
  // How much more of a kind the speaker's sources would hold with the report than before it.
  int64_t Growth(const std::string& source, const ChipsOfKind& listed,
                 const FleetState& fleet) const;

  const SourceLimits limits_;
  // Of this transaction: whose its sources are, what they list, and how much more the identities
  // hold by it.
  absl::flat_hash_map<std::string, std::string> owners_;
  absl::flat_hash_map<std::string, int64_t> new_sources_;  // by identity
  absl::flat_hash_map<KindKey, int64_t> listed_;           // by source, in micro-chips
  absl::flat_hash_map<KindKey, int64_t> growth_;           // by identity, likewise
};

// What a report lists, by chip kind: mean micro-chips over its duration. The names are the
// report's.
std::vector<ChipsOfKind> ListedBy(const UsageReport& report);

}  // namespace fleetmeter
