#include "daemon/accounting/source_admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>

#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

Rejection ForeignSource(const std::string& source, std::string detail) {
  return {RejectReason::kForeignSource, "source", std::move(detail),
          fmt::format("whose source '{}' is", source)};
}

int64_t SumOf(const std::vector<ChipsOfKind>& kinds) {
  int64_t sum = 0;
  for (const ChipsOfKind& kind : kinds) sum += kind.micro_chips;
  return sum;
}

// Of one chip kind among those that a source holds.
const ChipsOfKind* FindKind(const std::vector<ChipsOfKind>& kinds, std::string_view chip) {
  const auto found = std::find_if(kinds.begin(), kinds.end(),
                                  [&](const ChipsOfKind& kind) { return kind.chip == chip; });
  return found == kinds.end() ? nullptr : &*found;
}

int64_t DeclaredChips(const Plan& plan, std::string_view chip) {
  int64_t chips = 0;
  for (const DeclaredSupply& supply : plan.supply) {
    if (supply.chip == chip) chips += supply.chips;
  }
  return chips;
}

int64_t WholeChips(int64_t micro_chips) {
  return (micro_chips + kMicroChipsPerChip - 1) / kMicroChipsPerChip;
}

// In how many places a report lists chips: each kind, state, pool, team and signal is one.
size_t PlacesOf(const UsageReport& report) {
  std::set<
      std::tuple<std::string_view, ChipState, std::string_view, std::string_view, std::string_view>>
      places;
  for (const UsageGroup& group : report.groups) {
    places.emplace(group.chip, group.state, group.pool, group.team, group.signal);
  }
  return places.size();
}

// What a source holds is remembered by place, so that a crumb of a chip in each of thousands of
// places would cost more than the chip.
std::optional<Rejection> CheckPlaces(const UsageReport& report, int64_t micro_chips) {
  const auto most = static_cast<size_t>(std::max<int64_t>(1, WholeChips(micro_chips))) *
                    SourceAdmission::kPlacesPerChip;
  if (report.groups.size() <= most) return std::nullopt;
  const size_t places = PlacesOf(report);
  if (places <= most) return std::nullopt;
  return Rejection{
      RejectReason::kBadMeasure, "groups",
      fmt::format("lists chips in {} places (kind, state, pool, team and signal), which are "
                  "{} chips together; expected at most {} places for each chip",
                  places, WholeChips(micro_chips), SourceAdmission::kPlacesPerChip)};
}

Rejection MoreThanASourceHas(int64_t listed, int64_t held, int64_t most) {
  return {RejectReason::kTooManyChips, "groups",
          fmt::format("lists {} chips, and its source held {} before; expected at most {} "
                      "(ingest.max_chips_per_source), or what it held",
                      WholeChips(listed), WholeChips(held), most)};
}

}  // namespace

std::vector<ChipsOfKind> ListedBy(const UsageReport& report) {
  std::vector<ChipsOfKind> kinds;
  for (const UsageGroup& group : report.groups) {
    const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const ChipsOfKind& kind) {
      return kind.chip == group.chip;
    });
    ChipsOfKind& kind =
        found != kinds.end() ? *found : kinds.emplace_back(ChipsOfKind{group.chip, 0, true});
    kind.micro_chips += MeanMicroChips(group.chip_nanos, report.duration_nanos);
  }
  return kinds;
}

const std::string& SourceAdmission::OwnerOf(const std::string& source,
                                            const FleetState& fleet) const {
  const auto staged = owners_.find(source);
  return staged != owners_.end() ? staged->second : fleet.OwnerOf(source);
}

std::optional<Rejection> SourceAdmission::CheckOwner(const Speaker& speaker,
                                                     const std::string& source,
                                                     const FleetState& fleet) const {
  return CheckOwnedBy(OwnerOf(source, fleet), speaker, source);
}

std::optional<Rejection> SourceAdmission::CheckOwnedBy(const std::string& owner,
                                                       const Speaker& speaker,
                                                       const std::string& source) {
  switch (speaker.claim) {
    case SourceClaim::kUnchecked:
    case SourceClaim::kByRule:
      return std::nullopt;
    case SourceClaim::kForbidden:
      return ForeignSource(
          source,
          fmt::format(
              "the rules do not let {} report for source {}; expected a source that a rule gives "
              "it",
              speaker.identity, Quoted(source)));
    case SourceClaim::kFirstUse:
      break;
  }
  if (owner.empty() || owner == speaker.identity) return std::nullopt;
  return ForeignSource(
      source, fmt::format("source {} belongs to another identity than {}, which reported it first; "
                          "expected a source of its own, or an administrator who moves this one "
                          "(fleetmeterctl source move)",
                          Quoted(source), speaker.identity));
}

std::optional<Rejection> SourceAdmission::CheckSources(const Speaker& speaker,
                                                       const std::string& source,
                                                       const FleetState& fleet) const {
  if (limits_.max_sources_per_identity == 0 || OwnerOf(source, fleet) == speaker.identity) {
    return std::nullopt;
  }
  const auto staged = new_sources_.find(speaker.identity);
  const int64_t sources = fleet.owners().SourcesOf(speaker.identity) +
                          (staged == new_sources_.end() ? 0 : staged->second);
  if (sources < limits_.max_sources_per_identity) return std::nullopt;
  return Rejection{RejectReason::kTooManySources, "source",
                   fmt::format("{} sources belong to {}; expected at most {} "
                               "(ingest.max_sources_per_identity)",
                               sources, speaker.identity, limits_.max_sources_per_identity)};
}

int64_t SourceAdmission::Growth(const std::string& source, const ChipsOfKind& listed,
                                const FleetState& fleet) const {
  int64_t before = 0;
  const std::vector<ChipsOfKind> held = fleet.HeldBy(source);
  if (const ChipsOfKind* kind = FindKind(held, listed.chip); kind != nullptr && kind->expected) {
    before = kind->micro_chips;
  }
  const auto staged = listed_.find(KindKey(source, listed.chip));
  if (staged != listed_.end()) before = std::max(before, staged->second);
  return std::max<int64_t>(0, WholeChipsUp(listed.micro_chips) - WholeChipsUp(before));
}

std::optional<Rejection> SourceAdmission::CheckHoldings(const Speaker& speaker,
                                                        const UsageReport& report, const Plan& plan,
                                                        const FleetState& fleet) const {
  const std::vector<ChipsOfKind> listed = ListedBy(report);
  const int64_t all = SumOf(listed);
  if (limits_.max_chips_per_source > 0 && all > limits_.max_chips_per_source * kMicroChipsPerChip) {
    const int64_t held = SumOf(fleet.HeldBy(report.source));
    if (all > held) return MoreThanASourceHas(all, held, limits_.max_chips_per_source);
  }
  if (auto rejection = CheckPlaces(report, all)) return rejection;
  if (speaker.claim == SourceClaim::kUnchecked) return std::nullopt;
  if (auto rejection = CheckSources(speaker, report.source, fleet)) return rejection;
  if (limits_.supply_factor == 0) return std::nullopt;
  return CheckSupply(speaker, report.source, listed, plan, fleet);
}

std::optional<Rejection> SourceAdmission::CheckSupply(const Speaker& speaker,
                                                      const std::string& source,
                                                      const std::vector<ChipsOfKind>& listed,
                                                      const Plan& plan,
                                                      const FleetState& fleet) const {
  const std::vector<ChipsOfKind> held = fleet.HeldBy(source);
  for (const ChipsOfKind& kind : listed) {
    const ChipsOfKind* before = FindKind(held, kind.chip);
    if (before != nullptr && kind.micro_chips <= before->micro_chips) continue;
    const auto staged = growth_.find(KindKey(speaker.identity, kind.chip));
    const int64_t all = fleet.MicroChipsOf(speaker.identity, kind.chip) +
                        (staged == growth_.end() ? 0 : staged->second) +
                        Growth(source, kind, fleet);
    const int64_t declared = DeclaredChips(plan, kind.chip);
    const int64_t limit = std::max(kUndeclaredChips, declared * limits_.supply_factor);
    if (all <= limit * kMicroChipsPerChip) continue;
    return Rejection{
        RejectReason::kTooManyChips, "groups",
        fmt::format("with it the sources of {} would hold {} chips of kind {}, and the plan "
                    "declares {}; expected at most {} (ingest.supply_factor)",
                    speaker.identity, WholeChips(all), Quoted(kind.chip), declared, limit)};
  }
  return std::nullopt;
}

std::string SourceAdmission::Count(const Speaker& speaker, const UsageReport& report,
                                   const FleetState& fleet) {
  if (speaker.claim == SourceClaim::kUnchecked) return {};
  for (const ChipsOfKind& kind : ListedBy(report)) {
    const int64_t growth = Growth(report.source, kind, fleet);
    if (growth == 0) continue;
    growth_[KindKey(speaker.identity, kind.chip)] += growth;
    listed_[KindKey(report.source, kind.chip)] = kind.micro_chips;
  }
  if (OwnerOf(report.source, fleet) == speaker.identity) return {};
  owners_[report.source] = speaker.identity;
  ++new_sources_[speaker.identity];
  return speaker.identity;
}

}  // namespace fleetmeter
