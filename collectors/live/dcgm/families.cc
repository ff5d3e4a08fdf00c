#include "collectors/live/dcgm/families.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace fleetmeter::collector::dcgm {
namespace {

// dcgm_fields.h, its names since DCGM 4.6, and those of exporter 1.x.
constexpr auto kFamilyNames = std::to_array<std::pair<std::string_view, Family>>({
    {"dcgm_fi_prof_gr_engine_active", Family::kGrEngine},
    {"dcgm_fi_prof_gr_engine_util_ratio", Family::kGrEngine},
    {"dcgm_fi_prof_pipe_tensor_active", Family::kTensor},
    {"dcgm_fi_prof_tensor_util_ratio", Family::kTensor},
    {"dcgm_fi_dev_gpu_util", Family::kGpuUtil},
    {"dcgm_gpu_utilization", Family::kGpuUtil},
    {"dcgm_fi_dev_gpu_util_ratio", Family::kGpuUtilRatio},
    {"dcgm_fi_dev_fb_used", Family::kMemoryUsed},
    {"dcgm_fb_used", Family::kMemoryUsed},
    {"dcgm_fi_dev_fb_free", Family::kMemoryFree},
    {"dcgm_fb_free", Family::kMemoryFree},
    {"dcgm_fi_dev_fb_used_percent", Family::kMemoryRatio},
    {"dcgm_fi_dev_fb_used_ratio", Family::kMemoryRatio},
    {"dcgm_fi_dev_xid_errors", Family::kLastXid},
    {"dcgm_fi_dev_xid_error", Family::kLastXid},
    {"dcgm_xid_errors", Family::kLastXid},
    {"dcgm_exp_xid_errors_count", Family::kRecentXids},
    {"dcgm_exp_gpu_health_status", Family::kHealth},
    {"dcgm_fi_dev_row_remap_failure", Family::kRowRemapFailed},
    {"dcgm_fi_dev_row_remap_failed", Family::kRowRemapFailed},
});

constexpr size_t kLongestName = 64;

std::string Lower(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Blank, not found, not supported, not permitted.
constexpr double kBlanks = 4;

bool IsOneOfFour(double value, double first) { return value >= first && value < first + kBlanks; }

}  // namespace

std::optional<Family> FamilyOf(std::string_view name) {
  if (name.size() > kLongestName || !IsDcgmName(name)) return std::nullopt;
  const std::string lower = Lower(name);
  const auto found = std::find_if(kFamilyNames.begin(), kFamilyNames.end(),
                                  [&](const auto& known) { return known.first == lower; });
  return found == kFamilyNames.end() ? std::nullopt : std::optional(found->second);
}

bool IsDcgmName(std::string_view name) {
  const std::string_view prefix = name.substr(0, 5);
  return prefix == "DCGM_" || prefix == "dcgm_";
}

bool IsBlankValue(double value) {
  constexpr double kOfInt32 = 0x7ffffff0;
  constexpr double kOfDouble = 140'737'488'355'328.0;  // 2^47
  // 0x7ffffffffffffff0 and the three behind it are 2^63 as doubles.
  constexpr double kOfInt64 = 9'223'372'036'854'775'808.0;
  return IsOneOfFour(value, kOfInt32) || IsOneOfFour(value, kOfDouble) || value == kOfInt64;
}

}  // namespace fleetmeter::collector::dcgm
