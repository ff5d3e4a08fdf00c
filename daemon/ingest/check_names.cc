#include "daemon/ingest/check_names.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "daemon/accounting/unknown_name.h"

namespace fleetmeter {
namespace {

std::optional<Rejection> WhatIsUnknown(const v1::NamesInUse& names,
                                       const ReferenceData& reference) {
  const Plan& plan = reference.PlanAt(names.window_start_unix_nanos());
  if (names.chip().empty()) {
    const bool known = names.pool().empty() || plan.FindPool(names.pool()) != nullptr;
    return known ? std::nullopt : std::optional(UnknownPool(names.pool(), "pool", plan));
  }
  UsageGroup group;
  group.chip = names.chip();
  group.pool = names.pool();
  group.team = names.team();
  group.state = names.team().empty() ? ChipState::kReserved : ChipState::kAssigned;
  return CheckNames(group, "", reference, plan);
}

}  // namespace

void FillUnknownNames(const google::protobuf::RepeatedPtrField<v1::NamesInUse>& names,
                      const ReferenceData& reference, v1::ReportResponse* response) {
  std::set<std::string> told;
  for (const v1::NamesInUse& each : names) {
    const auto unknown = WhatIsUnknown(each, reference);
    if (unknown && told.insert(unknown->detail).second)
      response->add_unknown_names(unknown->detail);
  }
}

void FillDeclaredChips(const google::protobuf::RepeatedPtrField<v1::NamesInUse>& names,
                       const ReferenceData& reference, v1::ReportResponse* response) {
  std::set<std::string> named;
  for (const v1::NamesInUse& each : names) named.insert(each.chip());
  std::map<std::string, int64_t> most;
  for (const Plan& plan : reference.plans) {
    for (const DeclaredSupply& supply : plan.supply) {
      int64_t& chips = most[supply.chip];
      chips = std::max(chips, supply.chips);
    }
  }
  for (const auto& [chip, chips] : most) {
    if (chips <= 0 || !named.contains(chip)) continue;
    v1::DeclaredChips& declared = *response->add_declared_chips();
    declared.set_chip(chip);
    declared.set_chips(static_cast<uint64_t>(chips));
  }
}

}  // namespace fleetmeter
