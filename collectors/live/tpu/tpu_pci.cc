#include "collectors/live/tpu/tpu_pci.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string_view>
#include <system_error>

namespace fleetmeter::collector {
namespace {

constexpr std::string_view kGoogle = "0x1ae0";
constexpr int kMostPciDevices = 65'536;

struct PciTpuId {
  std::string_view device;
  std::string_view subsystem;  // empty: any
  const char* generation;
};

constexpr auto kPciTpuIds = std::to_array<PciTpuId>({
    {"0x0027", "0x004e", "v2"},
    {"0x0027", "0x004f", "v3"},
    {"0x005e", "", "v4"},
    {"0x0062", "", "v5p"},
    {"0x0063", "", "v5e"},
    {"0x006f", "", "v6e"},
    {"0x0076", "", "v7x"},
});

std::string FirstWordOf(const std::filesystem::path& path) {
  std::string word;
  std::ifstream file(path);
  file.width(64);
  file >> word;
  return word;
}

const char* PciGenerationOf(const std::filesystem::path& folder) {
  if (FirstWordOf(folder / "vendor") != kGoogle) return nullptr;
  const std::string device = FirstWordOf(folder / "device");
  const std::string subsystem = FirstWordOf(folder / "subsystem_device");
  const auto* found = std::find_if(kPciTpuIds.begin(), kPciTpuIds.end(), [&](const PciTpuId& id) {
    return id.device == device && (id.subsystem.empty() || id.subsystem == subsystem);
  });
  return found == kPciTpuIds.end() ? nullptr : found->generation;
}

}  // namespace

std::optional<PciTpus> FindPciTpus(const std::string& sysfs) {
  std::map<std::string, std::set<std::string>> chips;  // addresses by generation
  std::error_code error;
  std::filesystem::directory_iterator entry(std::filesystem::path(sysfs) / "bus/pci/devices",
                                            error);
  const std::filesystem::directory_iterator end;
  for (int i = 0; !error && entry != end && i < kMostPciDevices; entry.increment(error), ++i) {
    const char* generation = PciGenerationOf(entry->path());
    if (generation == nullptr) continue;
    // "0000:00:05.1": functions of one address are one chip.
    const std::string address = entry->path().filename().string();
    chips[generation].insert(address.substr(0, address.rfind('.')));
  }
  if (chips.empty()) return std::nullopt;
  const auto most = std::max_element(chips.begin(), chips.end(), [](const auto& a, const auto& b) {
    return a.second.size() < b.second.size();
  });
  return PciTpus{.generation = most->first, .chips = static_cast<int64_t>(most->second.size())};
}

}  // namespace fleetmeter::collector
