#include "collectors/live/dcgm/mig_slices.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace fleetmeter::collector::dcgm {
namespace {

constexpr int kMostSlices = 7;

// Parts of names, as words of lower-case letters and digits; NVIDIA's MIG User Guide, "Supported
// GPUs", column "Max Number of Instances".
constexpr auto kSlicesByModel = std::to_array<std::pair<std::string_view, int>>({
    {" a30 ", 4},
    {" rtx pro 6000 ", 4},
    {" rtx pro 5000 ", 2},
    {" rtx pro 4500 ", 2},
    {" a100 ", 7},
    {" a800 ", 7},
    {" h20 ", 7},
    {" h100 ", 7},
    {" h200 ", 7},
    {" h800 ", 7},
    {" gh200 ", 7},
    {" b100 ", 7},
    {" b200 ", 7},
    {" b300 ", 7},
    {" gb200 ", 7},
    {" gb300 ", 7},
});

// Profiles that chips with another number of slices do not have.
constexpr auto kSlicesByProfile = std::to_array<std::pair<std::string_view, int>>({
    {"1g.6gb", 4},
    {"2g.12gb", 4},
    {"4g.24gb", 4},
    {"1g.5gb", 7},
    {"1g.10gb", 7},
    {"2g.10gb", 7},
    {"2g.20gb", 7},
    {"4g.20gb", 7},
    {"4g.40gb", 7},
});

std::string Words(std::string_view model) {
  std::string words = " ";
  for (const char c : model) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    words += upper ? static_cast<char>(c - 'A' + 'a') : word ? c : ' ';
  }
  return words + " ";
}

// "1c.3g.20gb+me" is a piece of "3g.20gb".
std::string_view WithoutExtras(std::string_view profile) {
  if (profile.size() > 3 && profile.substr(1, 2) == "c.") profile.remove_prefix(3);
  return profile.substr(0, profile.find_first_of("+-"));
}

std::optional<int> SlicesByProfile(std::string_view profile) {
  const std::string_view plain = WithoutExtras(profile);
  // Only chips with seven slices have pieces of three and seven.
  if (plain.starts_with("3g.") || plain.starts_with("7g.")) return kMostSlices;
  const auto found = std::find_if(kSlicesByProfile.begin(), kSlicesByProfile.end(),
                                  [&](const auto& known) { return known.first == plain; });
  return found == kSlicesByProfile.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<int> SlicesOfProfile(std::string_view profile) {
  const std::string_view plain = WithoutExtras(profile);
  if (plain.size() < 3 || plain.substr(1, 2) != "g.") return std::nullopt;
  const int slices = plain[0] - '0';
  return slices >= 1 && slices <= kMostSlices ? std::optional(slices) : std::nullopt;
}

std::optional<int> SlicesOfChip(std::string_view model,
                                const std::vector<std::string_view>& profiles) {
  const std::string words = Words(model);
  for (const auto& [name, slices] : kSlicesByModel) {
    if (words.find(name) != std::string::npos) return slices;
  }
  for (const std::string_view profile : profiles) {
    if (const auto slices = SlicesByProfile(profile)) return slices;
  }
  return std::nullopt;
}

}  // namespace fleetmeter::collector::dcgm
