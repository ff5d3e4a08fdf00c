#include "collectors/spool/usage_sums.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "collectors/core/outbox.h"
#include "daemon/base/clock.h"
#include "daemon/base/duration_account.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

using Column = google::protobuf::RepeatedField<double>;

constexpr int64_t kWholeChipPpm = 1'000'000;
constexpr int64_t kHour = 3'600 * kNanosPerSecond;
// The daemon's own limits.
constexpr int kMostGroups = 4'096;
constexpr int64_t kMostChips = 10'000'000;
constexpr size_t kMostLabelBytes = 128;
constexpr uint32_t kLastDevice = 65'535;
constexpr int64_t kLatestStart = INT64_MAX / 4;
constexpr size_t kGroupEnvelopeBytes = 64;  // measures, tags and lengths
constexpr char kAllocatedOnly[] = "allocated_only";

bool GoodLabel(const std::string& label) {
  return label.size() <= kMostLabelBytes && !FindInvalidUtf8(label) && !HasControlCharacter(label);
}

bool GoodLabels(const v1::UsageGroup& group) {
  const std::string* const all[] = {&group.chip(),     &group.pool(),          &group.team(),
                                    &group.workload(), &group.workload_type(), &group.model(),
                                    &group.run(),      &group.signal()};
  if (!std::all_of(std::begin(all), std::end(all), [](auto* l) { return GoodLabel(*l); })) {
    return false;
  }
  if (group.chip().empty()) return false;
  if (group.state() == v1::CHIP_STATE_ASSIGNED) {
    return !group.pool().empty() && !group.team().empty() && !group.signal().empty();
  }
  return group.state() != v1::CHIP_STATE_UNSPECIFIED && group.team().empty() &&
         group.workload().empty() && group.workload_type().empty() && group.model().empty() &&
         group.run().empty() && group.signal().empty();
}

bool IsMeasured(const v1::UsageGroup& group) {
  return group.state() == v1::CHIP_STATE_ASSIGNED && group.signal() != kAllocatedOnly;
}

uint32_t ShareOf(const v1::PerChip& chips, int i) {
  return chips.share_ppm().empty() ? kWholeChipPpm : chips.share_ppm(i);
}

bool GoodRatios(const Column& ratios, int devices) {
  return (ratios.empty() || ratios.size() == devices) &&
         std::all_of(ratios.begin(), ratios.end(), [](double r) { return r >= 0 && r <= 1; });
}

bool TakeDevices(const v1::PerChip& chips, std::map<uint32_t, int64_t>& devices) {
  if (chips.device().empty()) return false;
  if (!chips.share_ppm().empty() && chips.share_ppm_size() != chips.device_size()) return false;
  for (int i = 0; i < chips.device_size(); ++i) {
    const uint32_t share = ShareOf(chips, i);
    if (chips.device(i) > kLastDevice || share == 0 || share > kWholeChipPpm) return false;
    int64_t& used = devices[chips.device(i)];
    used += share;
    if (used > kWholeChipPpm) return false;
  }
  return true;
}

int64_t ScaleByPpm(int64_t duration, int64_t ppm) {
  if (ppm == kWholeChipPpm) return duration;
  return static_cast<int64_t>((static_cast<__int128>(duration) * ppm + kWholeChipPpm / 2) /
                              kWholeChipPpm);
}

// Each chip is rounded by itself, so the sum is held to the chip time: as the daemon does it.
std::optional<int64_t> SumOf(const Column& ratios, const v1::PerChip& chips, int64_t duration,
                             int64_t most) {
  if (ratios.empty()) return std::nullopt;
  int64_t sum = 0;
  for (int i = 0; i < ratios.size(); ++i) {
    sum += std::llround(static_cast<double>(ScaleByPpm(duration, ShareOf(chips, i))) * ratios[i]);
  }
  return std::min(sum, most);
}

bool SumPerChip(const v1::PerChip& chips, int64_t duration, bool measured,
                std::map<uint32_t, int64_t>& devices, GroupSums& group) {
  if (!TakeDevices(chips, devices)) return false;
  if (measured != !chips.activity().empty()) return false;
  if (!measured && !chips.productive().empty()) return false;
  for (const Column* column : {&chips.activity(), &chips.productive(), &chips.memory()}) {
    if (!GoodRatios(*column, chips.device_size())) return false;
  }
  int64_t ppm = 0;
  for (int i = 0; i < chips.device_size(); ++i) ppm += ShareOf(chips, i);
  group.chip_nanos = ScaleByPpm(duration, ppm);
  group.busy_chip_nanos = SumOf(chips.activity(), chips, duration, group.chip_nanos);
  group.productive_chip_nanos = SumOf(chips.productive(), chips, duration, group.chip_nanos);
  return true;
}

bool TakeSums(const v1::ChipSums& sums, bool measured, GroupSums& group) {
  if (!sums.has_chip_nanos() || sums.chip_nanos() < 0) return false;
  if (measured != sums.has_busy_chip_nanos()) return false;
  if (!measured && sums.has_productive_chip_nanos()) return false;
  for (const int64_t part : {sums.busy_chip_nanos(), sums.productive_chip_nanos()}) {
    if (part < 0 || part > sums.chip_nanos()) return false;
  }
  group.chip_nanos = sums.chip_nanos();
  if (sums.has_busy_chip_nanos()) group.busy_chip_nanos = sums.busy_chip_nanos();
  if (sums.has_productive_chip_nanos()) group.productive_chip_nanos = sums.productive_chip_nanos();
  return true;
}

std::string KeyOf(const GroupSums& group) {
  return group.labels.SerializePartialAsString() + (group.busy_chip_nanos ? "b" : "-") +
         (group.productive_chip_nanos ? "p" : "-");
}

std::string JudgedOf(const v1::UsageGroup& labels) {
  v1::UsageGroup judged;
  judged.set_chip(labels.chip());
  judged.set_state(labels.state());
  judged.set_pool(labels.pool());
  judged.set_team(labels.team());
  judged.set_signal(labels.signal());
  return judged.SerializePartialAsString();
}

bool GoodWindow(int64_t start, int64_t length, int64_t duration, double speed) {
  if (start < 0 || start > kLatestStart || length <= 0 || length > kHour || duration <= 0) {
    return false;
  }
  // What the daemon takes whatever the source has sent before, and a nanosecond less where it
  // divides by the speed. Without it a window that it would refuse could take others with it.
  const auto most = static_cast<double>(DurationAccount::AllowanceOf(length));
  if (speed <= 1) return duration <= DurationAccount::AllowanceOf(length);
  return static_cast<double>(duration) <= most * speed - 1;
}

bool WithinAnHour(int64_t start, int64_t end) { return start / kHour == (end - 1) / kHour; }

void Merge(const GroupSums& from, GroupSums& to) {
  to.chip_nanos += from.chip_nanos;
  if (from.busy_chip_nanos) *to.busy_chip_nanos += *from.busy_chip_nanos;
  if (from.productive_chip_nanos) *to.productive_chip_nanos += *from.productive_chip_nanos;
}

void AddGroup(GroupSums group, std::vector<GroupSums>& groups) {
  const auto same = std::find_if(groups.begin(), groups.end(),
                                 [&](const GroupSums& other) { return other.key == group.key; });
  if (same == groups.end()) {
    groups.push_back(std::move(group));
  } else {
    Merge(group, *same);
  }
}

// The daemon adds up a report's chip time and takes what so many chips can have had.
bool PlausibleChips(const std::vector<GroupSums>& groups, int64_t duration) {
  __int128 sum = 0;
  for (const GroupSums& group : groups) sum += group.chip_nanos;
  return sum <= static_cast<__int128>(duration) * kMostChips;
}

bool Fits(const std::vector<GroupSums>& groups) {
  size_t bytes = 2 * kMostLabelBytes;
  for (const GroupSums& group : groups) bytes += group.key.size() + kGroupEnvelopeBytes;
  return groups.size() <= kMostGroups && bytes <= Outbox::kMaxReportBytes;
}

}  // namespace

std::optional<ReportSums> SumsOf(const v1::UsageReport& report, double speed) {
  ReportSums sums;
  sums.source = report.source();
  sums.window_start_unix_nanos = report.window_start_unix_nanos();
  sums.window_length_nanos = report.window_length_nanos();
  sums.duration_nanos =
      report.duration_nanos() == 0 ? report.window_length_nanos() : report.duration_nanos();
  if (sums.source.empty() || !GoodLabel(sums.source) || !report.has_window_start_unix_nanos() ||
      !GoodWindow(sums.window_start_unix_nanos, sums.window_length_nanos, sums.duration_nanos,
                  speed) ||
      report.groups_size() > kMostGroups ||
      !report.GetReflection()->GetUnknownFields(report).empty()) {
    return std::nullopt;
  }
  std::map<uint32_t, int64_t> devices;
  std::vector<GroupSums> all;
  for (const v1::UsageGroup& wire : report.groups()) {
    GroupSums group;
    const bool measured = IsMeasured(wire);
    const bool good = GoodLabels(wire) &&
                      ((wire.has_per_chip() && SumPerChip(wire.per_chip(), sums.duration_nanos,
                                                          measured, devices, group)) ||
                       (wire.has_sums() && TakeSums(wire.sums(), measured, group)));
    if (!good) return std::nullopt;
    group.labels = wire;
    group.labels.clear_measure();
    group.key = KeyOf(group);
    sums.judged.push_back(JudgedOf(group.labels));
    all.push_back(std::move(group));
  }
  if (!PlausibleChips(all, sums.duration_nanos)) return std::nullopt;
  for (GroupSums& group : all) AddGroup(std::move(group), sums.groups);
  std::sort(sums.judged.begin(), sums.judged.end());
  sums.judged.erase(std::unique(sums.judged.begin(), sums.judged.end()), sums.judged.end());
  return sums;
}

bool AddSums(const ReportSums& next, ReportSums& sums, double speed) {
  if (next.source != sums.source || next.window_start_unix_nanos != sums.WindowEnd() ||
      !WithinAnHour(sums.window_start_unix_nanos, next.WindowEnd()) || next.judged != sums.judged) {
    return false;
  }
  ReportSums merged = sums;
  merged.window_length_nanos += next.window_length_nanos;
  merged.duration_nanos += next.duration_nanos;
  for (const GroupSums& group : next.groups) AddGroup(group, merged.groups);
  if (!GoodWindow(merged.window_start_unix_nanos, merged.window_length_nanos, merged.duration_nanos,
                  speed) ||
      !PlausibleChips(merged.groups, merged.duration_nanos) || !Fits(merged.groups)) {
    return false;
  }
  sums = std::move(merged);
  return true;
}

v1::UsageReport ToReport(const ReportSums& sums) {
  v1::UsageReport report;
  report.set_source(sums.source);
  report.set_window_start_unix_nanos(sums.window_start_unix_nanos);
  report.set_window_length_nanos(sums.window_length_nanos);
  report.set_duration_nanos(sums.duration_nanos);
  for (const GroupSums& group : sums.groups) {
    v1::UsageGroup& wire = *report.add_groups() = group.labels;
    v1::ChipSums& measure = *wire.mutable_sums();
    measure.set_chip_nanos(group.chip_nanos);
    if (group.busy_chip_nanos) measure.set_busy_chip_nanos(*group.busy_chip_nanos);
    if (group.productive_chip_nanos) {
      measure.set_productive_chip_nanos(*group.productive_chip_nanos);
    }
  }
  return report;
}

}  // namespace fleetmeter::collector
