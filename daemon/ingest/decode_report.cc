#include "daemon/ingest/decode_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/ingest/decode_demand.h"
#include "daemon/ingest/decode_label.h"
#include "daemon/ingest/decode_per_chip.h"
#include "daemon/ingest/malformed.h"
#include "daemon/wire/chip_state.h"

namespace fleetmeter {
namespace {

// Far more than a host has, and few enough that what one source holds fits 64 bits.
constexpr int64_t kMaxChipsPerReport = 10'000'000;
// With it no sum over a report can overflow: 65,536 devices x 1e14 ns is below 2^63.
constexpr int64_t kMaxDurationNanos = 100'000'000'000'000;  // 27.8 h

MaybeRejection BadMeasure(std::string field, std::string detail) {
  return Rejection{RejectReason::kBadMeasure, std::move(field), std::move(detail)};
}

MaybeRejection ToState(v1::ChipState wire, ChipState* state) {
  const auto known = FromWire(wire);
  if (!known) {
    return Malformed("state",
                     "state is missing; expected ASSIGNED, UNASSIGNED, UNHEALTHY or RESERVED");
  }
  *state = *known;
  return std::nullopt;
}

// A group's labels, and which of them its state allows.
MaybeRejection DecodeLabels(const v1::UsageGroup& wire, UsageGroup& group) {
  const std::pair<const std::string*, const char*> labels[] = {
      {&wire.chip(), "chip"},
      {&wire.pool(), "pool"},
      {&wire.team(), "team"},
      {&wire.workload(), "workload"},
      {&wire.workload_type(), "workload_type"},
      {&wire.model(), "model"},
      {&wire.run(), "run"},
      {&wire.signal(), "signal"}};
  for (const auto& [value, name] : labels) {
    if (auto bad = CheckLabel(*value, name)) return bad;
  }
  if (wire.chip().empty()) return Malformed("chip", "chip kind is missing");
  const bool assigned = group.state == ChipState::kAssigned;
  for (const auto& [value, name] : labels) {
    const std::string_view label = name;
    const bool needed = label == "pool" || label == "team" || label == "signal";
    if (assigned && needed && value->empty()) {
      return Malformed(name, fmt::format("{} is missing; expected with state ASSIGNED", name));
    }
    if (!assigned && label != "chip" && label != "pool" && !value->empty()) {
      return Malformed(name, fmt::format("{} is given; expected only with state ASSIGNED", name));
    }
  }
  group.chip = wire.chip();
  group.pool = wire.pool();
  group.team = wire.team();
  group.workload = wire.workload();
  group.workload_type = wire.workload_type();
  group.model = wire.model();
  group.run = wire.run();
  group.signal = wire.signal();
  return std::nullopt;
}

MaybeRejection DecodeSums(const v1::ChipSums& sums, UsageGroup& group) {
  if (!sums.has_chip_nanos() || sums.chip_nanos() < 0) {
    return BadMeasure(
        "sums.chip_nanos",
        fmt::format("chip time is {}; expected 0 or more",
                    sums.has_chip_nanos() ? std::to_string(sums.chip_nanos()) : "missing"));
  }
  if (!group.IsMeasured() && sums.has_productive_chip_nanos()) {
    return Malformed("sums.productive_chip_nanos",
                     "productive time is given; expected none unless a signal measures it");
  }
  if (group.IsMeasured() != sums.has_busy_chip_nanos()) {
    return Malformed("sums.busy_chip_nanos",
                     group.IsMeasured()
                         ? "busy time is missing; expected with a measuring signal"
                         : "busy time is given; expected none unless a signal measures it");
  }
  const std::pair<int64_t, const char*> parts[] = {
      {sums.busy_chip_nanos(), "sums.busy_chip_nanos"},
      {sums.productive_chip_nanos(), "sums.productive_chip_nanos"}};
  for (const auto& [nanos, name] : parts) {
    if (nanos >= 0 && nanos <= sums.chip_nanos()) continue;
    return BadMeasure(name, fmt::format("{} of {} chip-nanoseconds; expected 0 to that", nanos,
                                        sums.chip_nanos()));
  }
  group.chip_nanos = sums.chip_nanos();
  if (sums.has_busy_chip_nanos()) group.busy_chip_nanos = sums.busy_chip_nanos();
  if (sums.has_productive_chip_nanos()) group.productive_chip_nanos = sums.productive_chip_nanos();
  return std::nullopt;
}

// Names fields as the group sees them.
MaybeRejection DecodeGroup(const v1::UsageGroup& wire, int64_t duration_nanos,
                           DeviceShares& devices, UsageGroup& group,
                           std::optional<UsageGroup>& unmeasured, OddReadings& odd) {
  if (auto bad = ToState(wire.state(), &group.state)) return bad;
  if (auto bad = DecodeLabels(wire, group)) return bad;
  switch (wire.measure_case()) {
    case v1::UsageGroup::kPerChip:
      return DecodePerChip(wire.per_chip(), duration_nanos, devices, group, unmeasured, odd);
    case v1::UsageGroup::kSums:
      return DecodeSums(wire.sums(), group);
    case v1::UsageGroup::MEASURE_NOT_SET:
      break;
  }
  return Malformed("measure", "no measure; expected per_chip or sums");
}

MaybeRejection DecodeWindow(const v1::UsageReport& wire, UsageReport& report) {
  if (!wire.has_window_start_unix_nanos()) {
    return Malformed("window_start_unix_nanos", "window start is missing");
  }
  if (!wire.has_window_length_nanos()) {
    return Malformed("window_length_nanos", "window length is missing");
  }
  const std::tuple<int64_t, int64_t, const char*> times[] = {
      {wire.window_start_unix_nanos(), kMaxStartNanos, "window_start_unix_nanos"},
      {wire.window_length_nanos(), kMaxDurationNanos, "window_length_nanos"},
      {wire.duration_nanos(), kMaxDurationNanos, "duration_nanos"}};
  for (const auto& [nanos, most, name] : times) {
    if (nanos >= 0 && nanos <= most) continue;
    return Rejection{RejectReason::kBadWindow, name,
                     fmt::format("time is {} ns; expected 0 to {}", nanos, most)};
  }
  if (wire.window_length_nanos() == 0) {
    return Rejection{RejectReason::kBadWindow, "window_length_nanos",
                     "window is 0 ns long; expected more than 0"};
  }
  report.window_start_unix_nanos = wire.window_start_unix_nanos();
  report.window_length_nanos = wire.window_length_nanos();
  report.duration_nanos =
      wire.duration_nanos() == 0 ? wire.window_length_nanos() : wire.duration_nanos();
  return std::nullopt;
}

MaybeRejection Decode(const v1::UsageReport& wire, UsageReport& report) {
  if (wire.source().empty()) return Malformed("source", "source is missing");
  if (auto bad = CheckLabel(wire.source(), "source")) return bad;
  report.source = wire.source();
  if (auto bad = DecodeWindow(wire, report)) return bad;
  if (wire.groups_size() > kMaxGroupsPerReport) {
    return Malformed("groups", fmt::format("{} groups; expected at most {}", wire.groups_size(),
                                           kMaxGroupsPerReport));
  }
  DeviceShares devices;
  const absl::int128 most = absl::int128(report.duration_nanos) * kMaxChipsPerReport;
  absl::int128 chip_nanos = 0;
  std::vector<UsageGroup> unmeasured;  // behind the others, whose places are those of the wire
  for (int i = 0; i < wire.groups_size(); ++i) {
    UsageGroup group;
    std::optional<UsageGroup> without_measure;
    if (auto bad = DecodeGroup(wire.groups(i), report.duration_nanos, devices, group,
                               without_measure, report.odd)) {
      bad->field = fmt::format("groups[{}].{}", i, bad->field);
      return bad;
    }
    chip_nanos += group.chip_nanos;
    if (without_measure) {
      chip_nanos += without_measure->chip_nanos;
      unmeasured.push_back(*std::move(without_measure));
    }
    if (chip_nanos > most) {
      return BadMeasure(
          fmt::format("groups[{}].sums.chip_nanos", i),
          fmt::format("the report's groups add up to more than {} chips; expected at most that",
                      kMaxChipsPerReport));
    }
    report.groups.push_back(std::move(group));
  }
  std::move(unmeasured.begin(), unmeasured.end(), std::back_inserter(report.groups));
  return DecodeDemand(wire, report.demand);
}

}  // namespace

uint64_t DigestOf(const v1::UsageReport& wire) {
  return DigestWithoutSequence(wire.SerializePartialAsString(), wire.has_sequence());
}

SequencedReport DecodeReport(const v1::UsageReport& wire) {
  SequencedReport decoded;
  decoded.sequence = wire.sequence();
  decoded.digest = DigestOf(wire);
  decoded.rejection = Decode(wire, decoded.report);
  return decoded;
}

}  // namespace fleetmeter
