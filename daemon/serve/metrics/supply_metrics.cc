#include <optional>

#include "daemon/serve/metrics/fleet_metrics.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr double kMicroUsdOfUsd = 1e6;

void WriteByState(const Snapshot& snapshot, bool in_h100e, SeriesWriter& out) {
  for (const SupplyView& row : snapshot.supply) {
    const double per_chip = in_h100e ? 1 / row.chips_per_h100e : 1;
    const auto sample = [&](std::string_view state, absl::int128 micro_chips) {
      out.Sample({row.provider, row.chip, state},
                 static_cast<double>(micro_chips) / kMicroChipsPerChip * per_chip);
    };
    for (const ChipState state : kChipStates) {
      const bool assigned = state == ChipState::kAssigned;
      sample(Name(state), row.micro_chips[static_cast<size_t>(state)] -
                              (assigned ? row.orphaned_micro_chips : absl::int128(0)));
    }
    sample("orphaned", row.orphaned_micro_chips);
    sample("unheard", row.unheard_micro_chips);
    sample("unaccounted", row.unaccounted_micro_chips);
  }
}

void WriteDeclared(const Snapshot& snapshot, SeriesWriter& out) {
  for (const SupplyView& row : snapshot.supply) {
    out.Sample({row.provider, row.chip}, static_cast<double>(row.declared_chips));
  }
}

// A kind without a price has no series: what it costs is not known.
void WriteChipPrices(const Snapshot& snapshot, SeriesWriter& out) {
  for (const SupplyView& row : snapshot.supply) {
    const ChipKind* kind = snapshot.reference->catalog.Find(row.chip);
    if (kind == nullptr || !kind->micro_usd_per_chip_hour) continue;
    const double usd = static_cast<double>(*kind->micro_usd_per_chip_hour) / kMicroUsdOfUsd;
    out.Sample({row.provider, row.chip}, usd * row.chips_per_h100e);
  }
}

void WriteSources(const Snapshot& snapshot, SeriesWriter& out) {
  out.Sample({"live"}, static_cast<double>(snapshot.live_sources));
  out.Sample({"silent"}, static_cast<double>(snapshot.silent_sources));
  out.Sample({"unaccounted"}, static_cast<double>(snapshot.unaccounted_sources));
  out.Sample({"rejected"}, static_cast<double>(snapshot.rejected_sources));
}

void WriteSuspects(const Snapshot& snapshot, SeriesWriter& out) {
  for (const auto& [source, other] : snapshot.double_hosts) out.Sample({source, other}, 1);
}

constexpr Family<Snapshot> kSupplyFamilies[] = {
    {{"fleetmeter_supply_chips",
      kGauge,
      {"provider", "chip", "state"},
      "The fleet has this many chips in each state. Chips that live sources report are assigned, "
      "unassigned, unhealthy or reserved, or orphaned, which means assigned to a pool that the "
      "plan "
      "in force does not know. Chips whose source is silent are unheard. Chips are "
      "unaccounted when their source is silent for longer than live.forget_after, when its reports "
      "are rejected, or when it stopped listing them. They stay so until they are reported again, "
      "or a plan declares fewer chips of the kind. Each chip is in one "
      "state."},
     [](const Snapshot& snapshot, SeriesWriter& out) { WriteByState(snapshot, false, out); }},
    {{"fleetmeter_supply_h100e",
      kGauge,
      {"provider", "chip", "state"},
      "The chips of fleetmeter_supply_chips are worth this many H100e at the general ratio of "
      "their kind. A ratio for a single workload type is not used here."},
     [](const Snapshot& snapshot, SeriesWriter& out) { WriteByState(snapshot, true, out); }},
    {{"fleetmeter_supply_declared_chips",
      kGauge,
      {"provider", "chip"},
      "The plan in force declares this many chips of the kind. The value is 0 for a kind that "
      "sources report and the plan does not declare."},
     WriteDeclared},
    {{"fleetmeter_supply_usd_per_h100e_hour",
      kGauge,
      {"provider", "chip"},
      "An H100e of the kind of chip costs this many US dollars an hour: usd_per_chip_hour of the "
      "catalog x chips_per_h100e, at the general ratio of the kind. The series is absent for a "
      "kind without a price."},
     WriteChipPrices},
    {{"fleetmeter_supply_coverage_ratio",
      kGauge,
      {},
      "Coverage of the supply is heard H100e / expected H100e. Heard are the chips of live "
      "sources. Expected is, for each kind of chip, the larger of what the plan declares and what "
      "is heard, unheard or unaccounted. The series is absent while nothing is expected."},
     OneSeries<&Snapshot::supply_coverage>},
    {{"fleetmeter_sources",
      kGauge,
      {"state"},
      "This many sources are in each state. A source is live while its latest window ended no "
      "longer ago than live.silent_after. After that it is silent, and after live.forget_after it "
      "is unaccounted while anybody could expect its chips. It is rejected when it is not live and "
      "its latest report was rejected, or when none of its reports was ever accepted and one was "
      "rejected within live.silent_after."},
     WriteSources},
    {{"fleetmeter_suspect_source_info",
      kGauge,
      {"source", "other"},
      "The value is 1 for two live sources that may be one host under two names, since one name is "
      "the other with more behind it. The series are present only while at least one chip of a "
      "kind "
      "is heard beyond what the plan declares. At most 10 pairs are named."},
     WriteSuspects},
};

}  // namespace

constexpr MetricGroup<Snapshot> kSupplyMetrics = {
    "Supply",
    "These families show the chips that sources report, and beside them the chips that the plan "
    "declares.",
    kSupplyFamilies,
};

}  // namespace fleetmeter
