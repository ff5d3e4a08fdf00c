#include "daemon/ingest/decode_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/base/text.h"

namespace fleetmeter {
namespace {

// With these no sum over a report can overflow: 65,536 devices x 1e14 ns is below 2^63.
constexpr int64_t kMaxStartNanos = INT64_MAX / 4;
constexpr int64_t kMaxDurationNanos = 100'000'000'000'000;  // 27.8 h

using Devices = std::map<uint32_t, uint64_t>;  // ppm used so far, by device index
using MaybeRejection = std::optional<Rejection>;

MaybeRejection Malformed(std::string field, std::string detail) {
  return Rejection{RejectReason::kMalformed, std::move(field), std::move(detail)};
}

MaybeRejection BadMeasure(std::string field, std::string detail) {
  return Rejection{RejectReason::kBadMeasure, std::move(field), std::move(detail)};
}

MaybeRejection CheckLabel(const std::string& value, const std::string& field) {
  if (value.size() > kMaxLabelBytes) {
    return Rejection{
        RejectReason::kBadLabel, field,
        fmt::format("label is {} bytes long; expected at most {}", value.size(), kMaxLabelBytes)};
  }
  if (const auto offset = FindInvalidUtf8(value)) {
    return Rejection{RejectReason::kBadLabel, field,
                     fmt::format("label is not UTF-8 at byte {}; expected UTF-8", *offset)};
  }
  if (HasControlCharacter(value)) {
    return Rejection{RejectReason::kBadLabel, field,
                     "label has a control character; expected printable text"};
  }
  return std::nullopt;
}

MaybeRejection CheckRatios(const google::protobuf::RepeatedField<double>& values,
                           const std::string& field) {
  for (int i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] <= 1) continue;  // false for NaN
    return Rejection{RejectReason::kBadActivity, fmt::format("{}[{}]", field, i),
                     fmt::format("value is {}; expected 0 to 1", values[i])};
  }
  return std::nullopt;
}

MaybeRejection CheckCount(int size, int devices, const std::string& field) {
  if (size == devices) return std::nullopt;
  return BadMeasure(
      field, fmt::format("{} values for {} devices; expected one per device", size, devices));
}

MaybeRejection ToState(v1::ChipState wire, const std::string& path, ChipState* state) {
  switch (wire) {
    case v1::CHIP_STATE_ASSIGNED:
      *state = ChipState::kAssigned;
      return std::nullopt;
    case v1::CHIP_STATE_UNASSIGNED:
      *state = ChipState::kUnassigned;
      return std::nullopt;
    case v1::CHIP_STATE_UNHEALTHY:
      *state = ChipState::kUnhealthy;
      return std::nullopt;
    case v1::CHIP_STATE_RESERVED:
      *state = ChipState::kReserved;
      return std::nullopt;
    case v1::CHIP_STATE_UNSPECIFIED:
      break;
  }
  return Malformed(path + ".state",
                   "state is missing; expected ASSIGNED, UNASSIGNED, UNHEALTHY or RESERVED");
}

// A group's labels, and which of them its state allows.
MaybeRejection DecodeLabels(const v1::UsageGroup& wire, const std::string& path,
                            UsageGroup& group) {
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
    if (auto bad = CheckLabel(*value, fmt::format("{}.{}", path, name))) return bad;
  }
  if (wire.chip().empty()) return Malformed(path + ".chip", "chip kind is missing");
  const bool assigned = group.state == ChipState::kAssigned;
  for (const auto& [value, name] : labels) {
    const std::string_view label = name;
    const bool needed = label == "pool" || label == "team" || label == "signal";
    if (assigned && needed && value->empty()) {
      return Malformed(fmt::format("{}.{}", path, name),
                       fmt::format("{} is missing; expected with state ASSIGNED", name));
    }
    if (!assigned && label != "chip" && label != "pool" && !value->empty()) {
      return Malformed(fmt::format("{}.{}", path, name),
                       fmt::format("{} is given; expected only with state ASSIGNED", name));
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

bool IsMeasured(const UsageGroup& group) {
  return group.state == ChipState::kAssigned && group.signal != kAllocatedOnly;
}

MaybeRejection CheckDevices(const v1::PerChip& chips, const std::string& path, Devices& devices) {
  if (chips.device().empty())
    return BadMeasure(path + ".device", "no devices; expected one or more");
  if (!chips.share_ppm().empty()) {
    if (auto bad = CheckCount(chips.share_ppm_size(), chips.device_size(), path + ".share_ppm")) {
      return bad;
    }
  }
  for (int i = 0; i < chips.device_size(); ++i) {
    const uint32_t device = chips.device(i);
    const uint32_t share = chips.share_ppm().empty() ? kMicroChipsPerChip : chips.share_ppm(i);
    if (device > kMaxDeviceIndex) {
      return BadMeasure(fmt::format("{}.device[{}]", path, i),
                        fmt::format("device is {}; expected at most {}", device, kMaxDeviceIndex));
    }
    if (share == 0 || share > kMicroChipsPerChip) {
      return BadMeasure(fmt::format("{}.share_ppm[{}]", path, i),
                        fmt::format("share is {}; expected 1 to 1000000", share));
    }
    uint64_t& used = devices[device];
    used += share;
    if (used > kMicroChipsPerChip) {
      return BadMeasure(
          fmt::format("{}.device[{}]", path, i),
          fmt::format("shares of device {} add up to {} ppm over the report; expected at most "
                      "1000000",
                      device, used));
    }
  }
  return std::nullopt;
}

int64_t ScaleByPpm(int64_t duration_nanos, uint64_t ppm) {
  const absl::int128 scaled = absl::int128(duration_nanos) * absl::int128(ppm);
  return static_cast<int64_t>((scaled + kMicroChipsPerChip / 2) / kMicroChipsPerChip);
}

// Chip-nanoseconds of a ratio over all chips. Rounded chip by chip, so at most `most`, the chip
// time.
int64_t SumScaled(const google::protobuf::RepeatedField<double>& ratios, const v1::PerChip& chips,
                  int64_t duration_nanos, int64_t most) {
  int64_t sum = 0;
  for (int i = 0; i < ratios.size(); ++i) {
    const uint32_t share = chips.share_ppm().empty() ? kMicroChipsPerChip : chips.share_ppm(i);
    sum += std::llround(static_cast<double>(ScaleByPpm(duration_nanos, share)) * ratios[i]);
  }
  return std::min(sum, most);
}

MaybeRejection DecodePerChip(const v1::PerChip& chips, const std::string& path,
                             int64_t duration_nanos, Devices& devices, UsageGroup& group) {
  if (auto bad = CheckDevices(chips, path, devices)) return bad;
  const int count = chips.device_size();
  if (IsMeasured(group)) {
    if (auto bad = CheckCount(chips.activity_size(), count, path + ".activity")) return bad;
  } else if (!chips.activity().empty() || !chips.productive().empty()) {
    return Malformed(path + ".activity",
                     "activity is given; expected none unless a signal measures it");
  }
  const std::pair<const google::protobuf::RepeatedField<double>*, const char*> columns[] = {
      {&chips.activity(), "activity"},
      {&chips.productive(), "productive"},
      {&chips.memory(), "memory"}};
  for (const auto& [values, name] : columns) {
    const std::string field = fmt::format("{}.{}", path, name);
    if (!values->empty()) {
      if (auto bad = CheckCount(values->size(), count, field)) return bad;
    }
    if (auto bad = CheckRatios(*values, field)) return bad;
  }

  uint64_t total_ppm = 0;
  for (int i = 0; i < count; ++i) {
    const uint32_t share = chips.share_ppm().empty() ? kMicroChipsPerChip : chips.share_ppm(i);
    total_ppm += share;
    if (!chips.activity().empty()) group.samples.push_back({share, chips.activity(i)});
  }
  group.chip_nanos = ScaleByPpm(duration_nanos, total_ppm);
  if (!chips.activity().empty()) {
    group.busy_chip_nanos = SumScaled(chips.activity(), chips, duration_nanos, group.chip_nanos);
  }
  if (!chips.productive().empty()) {
    group.productive_chip_nanos =
        SumScaled(chips.productive(), chips, duration_nanos, group.chip_nanos);
  }
  return std::nullopt;
}

MaybeRejection DecodeSums(const v1::ChipSums& sums, const std::string& path, UsageGroup& group) {
  if (!sums.has_chip_nanos() || sums.chip_nanos() < 0) {
    return BadMeasure(
        path + ".chip_nanos",
        fmt::format("chip time is {}; expected 0 or more",
                    sums.has_chip_nanos() ? std::to_string(sums.chip_nanos()) : "missing"));
  }
  if (IsMeasured(group) != sums.has_busy_chip_nanos()) {
    return Malformed(path + ".busy_chip_nanos",
                     IsMeasured(group)
                         ? "busy time is missing; expected with a measuring signal"
                         : "busy time is given; expected none unless a signal measures it");
  }
  const std::pair<int64_t, const char*> parts[] = {
      {sums.busy_chip_nanos(), "busy_chip_nanos"},
      {sums.productive_chip_nanos(), "productive_chip_nanos"}};
  for (const auto& [nanos, name] : parts) {
    if (nanos >= 0 && nanos <= sums.chip_nanos()) continue;
    return BadMeasure(
        fmt::format("{}.{}", path, name),
        fmt::format("{} of {} chip-nanoseconds; expected 0 to that", nanos, sums.chip_nanos()));
  }
  group.chip_nanos = sums.chip_nanos();
  if (sums.has_busy_chip_nanos()) group.busy_chip_nanos = sums.busy_chip_nanos();
  if (sums.has_productive_chip_nanos()) group.productive_chip_nanos = sums.productive_chip_nanos();
  return std::nullopt;
}

MaybeRejection DecodeGroup(const v1::UsageGroup& wire, const std::string& path,
                           int64_t duration_nanos, Devices& devices, UsageGroup& group) {
  if (auto bad = ToState(wire.state(), path, &group.state)) return bad;
  if (auto bad = DecodeLabels(wire, path, group)) return bad;
  switch (wire.measure_case()) {
    case v1::UsageGroup::kPerChip:
      return DecodePerChip(wire.per_chip(), path + ".per_chip", duration_nanos, devices, group);
    case v1::UsageGroup::kSums:
      return DecodeSums(wire.sums(), path + ".sums", group);
    case v1::UsageGroup::MEASURE_NOT_SET:
      break;
  }
  return Malformed(path + ".measure", "no measure; expected per_chip or sums");
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
  Devices devices;
  for (int i = 0; i < wire.groups_size(); ++i) {
    UsageGroup group;
    if (auto bad = DecodeGroup(wire.groups(i), fmt::format("groups[{}]", i), report.duration_nanos,
                               devices, group)) {
      return bad;
    }
    report.groups.push_back(std::move(group));
  }
  return std::nullopt;
}

}  // namespace

SequencedReport DecodeReport(const v1::UsageReport& wire) {
  SequencedReport decoded;
  decoded.sequence = wire.sequence();
  decoded.rejection = Decode(wire, decoded.report);
  return decoded;
}

}  // namespace fleetmeter
