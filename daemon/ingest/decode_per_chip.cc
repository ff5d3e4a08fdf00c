#include "daemon/ingest/decode_per_chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "daemon/ingest/decode_report.h"

namespace fleetmeter {
namespace {

using Column = google::protobuf::RepeatedField<double>;
using MaybeRejection = std::optional<Rejection>;

MaybeRejection BadEntry(const char* column, int i, std::string detail) {
  return Rejection{RejectReason::kBadMeasure, fmt::format("per_chip.{}[{}]", column, i),
                   std::move(detail)};
}

// A column is empty or has one value for each device.
MaybeRejection CheckCount(int size, const v1::PerChip& chips, const char* column) {
  if (size == chips.device_size()) return std::nullopt;
  return Rejection{
      RejectReason::kBadMeasure, fmt::format("per_chip.{}", column),
      fmt::format("{} values for {} devices; expected one per device", size, chips.device_size())};
}

bool IsRatio(double value) {
  return value >= -kRatioTolerance && value <= 1 + kRatioTolerance;  // false for NaN
}

// Notes in `wrong` which entries have no ratio there.
MaybeRejection CheckRatios(const Column& values, const v1::PerChip& chips, const char* column,
                           std::vector<bool>& wrong, OddReadings& odd) {
  if (values.empty()) return std::nullopt;
  if (auto bad = CheckCount(values.size(), chips, column)) return bad;
  int ratios = 0;
  for (int i = 0; i < values.size(); ++i) {
    if (!IsRatio(values[i])) {
      wrong[static_cast<size_t>(i)] = true;
      continue;
    }
    ++ratios;
    if (values[i] < 0 || values[i] > 1) ++odd.clamped;
  }
  if (ratios > 0 || values.size() == 1) return std::nullopt;
  return Rejection{
      RejectReason::kBadActivity, fmt::format("per_chip.{}[0]", column),
      fmt::format("value is {}, and none of the group's is a share; expected 0 to 1", values[0])};
}

// Fills in what of the device is the entry's own.
MaybeRejection AddShare(uint32_t device, uint32_t& share, int i, DeviceShares& devices,
                        OddReadings& odd) {
  if (device > kMaxDeviceIndex) {
    return BadEntry("device", i,
                    fmt::format("device is {}; expected at most {}", device, kMaxDeviceIndex));
  }
  if (share == 0) {
    return BadEntry("share_ppm", i, fmt::format("share is {}; expected 1 to 1000000", share));
  }
  if (devices.size() <= device) devices.resize(device + 1);
  DeviceShare& used = devices[device];
  const uint32_t all = used.ppm + share;
  ++used.slices;
  if (all > kMicroChipsPerChip + used.slices) {
    return BadEntry("device", i,
                    fmt::format("shares of device {} add up to {} ppm over the report; expected "
                                "at most 1000000",
                                device, all));
  }
  if (all > kMicroChipsPerChip) {
    share = kMicroChipsPerChip - used.ppm;
    ++odd.clamped;
  }
  used.ppm += share;
  return std::nullopt;
}

// The shares of the entries, by which no device is used more than once.
MaybeRejection CheckDevices(const v1::PerChip& chips, DeviceShares& devices,
                            std::vector<uint32_t>& shares, std::vector<bool>& wrong,
                            OddReadings& odd) {
  if (chips.device().empty()) {
    return Rejection{RejectReason::kBadMeasure, "per_chip.device",
                     "no devices; expected one or more"};
  }
  if (!chips.share_ppm().empty()) {
    if (auto bad = CheckCount(chips.share_ppm_size(), chips, "share_ppm")) return bad;
  }
  for (int i = 0; i < chips.device_size(); ++i) {
    uint32_t share = chips.share_ppm().empty() ? kMicroChipsPerChip : chips.share_ppm(i);
    // More than a chip is no share of it; the chip is held all the same.
    wrong.push_back(share > kMicroChipsPerChip + 1);
    if (wrong.back()) share = kMicroChipsPerChip;
    if (auto bad = AddShare(chips.device(i), share, i, devices, odd)) return bad;
    shares.push_back(share);
  }
  return std::nullopt;
}

MaybeRejection CheckColumns(const v1::PerChip& chips, const UsageGroup& group,
                            std::vector<bool>& wrong, OddReadings& odd) {
  if (group.IsMeasured()) {
    if (auto bad = CheckCount(chips.activity_size(), chips, "activity")) return bad;
  } else if (!chips.activity().empty() || !chips.productive().empty()) {
    const std::string column = chips.activity().empty() ? "productive" : "activity";
    return Rejection{RejectReason::kMalformed, "per_chip." + column,
                     column + " is given; expected none unless a signal measures it"};
  }
  if (auto bad = CheckRatios(chips.activity(), chips, "activity", wrong, odd)) return bad;
  if (auto bad = CheckRatios(chips.productive(), chips, "productive", wrong, odd)) return bad;
  // Nothing is made of it, so that it makes no device unmeasured.
  std::vector<bool> wrong_memory(wrong.size());
  return CheckRatios(chips.memory(), chips, "memory", wrong_memory, odd);
}

int64_t ScaleByPpm(int64_t duration_nanos, uint64_t ppm) {
  if (ppm == kMicroChipsPerChip) return duration_nanos;
  const absl::int128 scaled = absl::int128(duration_nanos) * absl::int128(ppm);
  return static_cast<int64_t>((scaled + kMicroChipsPerChip / 2) / kMicroChipsPerChip);
}

// Chip-nanoseconds of a ratio over the devices that have one; none without the column. Rounded chip
// by chip, so the sum is held to the chip time.
std::optional<int64_t> SumScaled(const Column& ratios, const std::vector<uint32_t>& shares,
                                 const std::vector<bool>& wrong, int64_t duration_nanos,
                                 int64_t chip_nanos) {
  if (ratios.empty()) return std::nullopt;
  int64_t sum = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    if (wrong[i]) continue;
    sum += std::llround(static_cast<double>(ScaleByPpm(duration_nanos, shares[i])) *
                        std::clamp(ratios[static_cast<int>(i)], 0.0, 1.0));
  }
  return std::min(sum, chip_nanos);
}

// The same chips without what a signal says of them.
UsageGroup Unmeasured(const UsageGroup& group, int64_t chip_nanos) {
  UsageGroup out = group;
  out.signal = kAllocatedOnly;
  out.chip_nanos = chip_nanos;
  return out;
}

}  // namespace

std::optional<Rejection> DecodePerChip(const v1::PerChip& chips, int64_t duration_nanos,
                                       DeviceShares& devices, UsageGroup& group,
                                       std::optional<UsageGroup>& unmeasured, OddReadings& odd) {
  std::vector<uint32_t> shares;
  std::vector<bool> wrong;  // which are not measured, whatever is said of them
  if (auto bad = CheckDevices(chips, devices, shares, wrong, odd)) return bad;
  if (auto bad = CheckColumns(chips, group, wrong, odd)) return bad;
  uint64_t total_ppm = 0;
  uint64_t wrong_ppm = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    total_ppm += shares[i];
    if (!wrong[i]) continue;
    ++odd.unmeasured;
    wrong_ppm += shares[i];
  }
  const int64_t chip_nanos = ScaleByPpm(duration_nanos, total_ppm);
  if (!group.IsMeasured()) {
    group.chip_nanos = chip_nanos;
    return std::nullopt;
  }
  if (wrong_ppm > 0 && wrong_ppm == total_ppm) {
    group = Unmeasured(group, chip_nanos);
    return std::nullopt;
  }
  group.chip_nanos = ScaleByPpm(duration_nanos, total_ppm - wrong_ppm);
  if (wrong_ppm > 0) unmeasured = Unmeasured(group, chip_nanos - group.chip_nanos);
  group.busy_chip_nanos =
      SumScaled(chips.activity(), shares, wrong, duration_nanos, group.chip_nanos);
  group.productive_chip_nanos =
      SumScaled(chips.productive(), shares, wrong, duration_nanos, group.chip_nanos);
  group.samples.reserve(static_cast<size_t>(chips.activity_size()));
  for (int i = 0; i < chips.activity_size(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (wrong[at] || shares[at] == 0) continue;
    group.samples.push_back({shares[at], std::clamp(chips.activity(i), 0.0, 1.0)});
  }
  return std::nullopt;
}

}  // namespace fleetmeter
