#include "daemon/ingest/decode_per_chip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/numeric/int128.h"
#include "daemon/ingest/decode_report.h"

namespace fleetmeter {
namespace {

using Column = google::protobuf::RepeatedField<double>;
using MaybeRejection = std::optional<Rejection>;

uint32_t ShareOf(const v1::PerChip& chips, int i) {
  return chips.share_ppm().empty() ? kMicroChipsPerChip : chips.share_ppm(i);
}

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

MaybeRejection CheckRatios(const Column& values, const v1::PerChip& chips, const char* column) {
  if (values.empty()) return std::nullopt;
  if (auto bad = CheckCount(values.size(), chips, column)) return bad;
  for (int i = 0; i < values.size(); ++i) {
    if (values[i] >= 0 && values[i] <= 1) continue;  // false for NaN
    return Rejection{RejectReason::kBadActivity, fmt::format("per_chip.{}[{}]", column, i),
                     fmt::format("value is {}; expected 0 to 1", values[i])};
  }
  return std::nullopt;
}

MaybeRejection AddShare(uint32_t device, uint32_t share, int i, DeviceShares& devices) {
  if (device > kMaxDeviceIndex) {
    return BadEntry("device", i,
                    fmt::format("device is {}; expected at most {}", device, kMaxDeviceIndex));
  }
  if (share == 0 || share > kMicroChipsPerChip) {
    return BadEntry("share_ppm", i, fmt::format("share is {}; expected 1 to 1000000", share));
  }
  if (devices.size() <= device) devices.resize(device + 1);
  const uint32_t used = devices[device] + share;
  if (used > kMicroChipsPerChip) {
    return BadEntry("device", i,
                    fmt::format("shares of device {} add up to {} ppm over the report; expected "
                                "at most 1000000",
                                device, used));
  }
  devices[device] = used;
  return std::nullopt;
}

MaybeRejection CheckDevices(const v1::PerChip& chips, DeviceShares& devices) {
  if (chips.device().empty()) {
    return Rejection{RejectReason::kBadMeasure, "per_chip.device",
                     "no devices; expected one or more"};
  }
  if (!chips.share_ppm().empty()) {
    if (auto bad = CheckCount(chips.share_ppm_size(), chips, "share_ppm")) return bad;
  }
  for (int i = 0; i < chips.device_size(); ++i) {
    if (auto bad = AddShare(chips.device(i), ShareOf(chips, i), i, devices)) return bad;
  }
  return std::nullopt;
}

MaybeRejection CheckColumns(const v1::PerChip& chips, const UsageGroup& group) {
  if (group.IsMeasured()) {
    if (auto bad = CheckCount(chips.activity_size(), chips, "activity")) return bad;
  } else if (!chips.activity().empty() || !chips.productive().empty()) {
    const std::string column = chips.activity().empty() ? "productive" : "activity";
    return Rejection{RejectReason::kMalformed, "per_chip." + column,
                     column + " is given; expected none unless a signal measures it"};
  }
  if (auto bad = CheckRatios(chips.activity(), chips, "activity")) return bad;
  if (auto bad = CheckRatios(chips.productive(), chips, "productive")) return bad;
  return CheckRatios(chips.memory(), chips, "memory");
}

int64_t ScaleByPpm(int64_t duration_nanos, uint64_t ppm) {
  if (ppm == kMicroChipsPerChip) return duration_nanos;
  const absl::int128 scaled = absl::int128(duration_nanos) * absl::int128(ppm);
  return static_cast<int64_t>((scaled + kMicroChipsPerChip / 2) / kMicroChipsPerChip);
}

// Chip-nanoseconds of a ratio over all chips; none without the column. Rounded chip by chip, so the
// sum is held to the chip time.
std::optional<int64_t> SumScaled(const Column& ratios, const v1::PerChip& chips,
                                 int64_t duration_nanos, int64_t chip_nanos) {
  if (ratios.empty()) return std::nullopt;
  int64_t sum = 0;
  for (int i = 0; i < ratios.size(); ++i) {
    sum += std::llround(static_cast<double>(ScaleByPpm(duration_nanos, ShareOf(chips, i))) *
                        ratios[i]);
  }
  return std::min(sum, chip_nanos);
}

}  // namespace

std::optional<Rejection> DecodePerChip(const v1::PerChip& chips, int64_t duration_nanos,
                                       DeviceShares& devices, UsageGroup& group) {
  if (auto bad = CheckDevices(chips, devices)) return bad;
  if (auto bad = CheckColumns(chips, group)) return bad;
  uint64_t total_ppm = 0;
  for (int i = 0; i < chips.device_size(); ++i) total_ppm += ShareOf(chips, i);
  group.chip_nanos = ScaleByPpm(duration_nanos, total_ppm);
  group.busy_chip_nanos = SumScaled(chips.activity(), chips, duration_nanos, group.chip_nanos);
  group.productive_chip_nanos =
      SumScaled(chips.productive(), chips, duration_nanos, group.chip_nanos);
  group.samples.reserve(static_cast<size_t>(chips.activity_size()));
  for (int i = 0; i < chips.activity_size(); ++i) {
    group.samples.push_back({ShareOf(chips, i), chips.activity(i)});
  }
  return std::nullopt;
}

}  // namespace fleetmeter
