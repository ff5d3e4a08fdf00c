#include "collectors/device/chip_kinds.h"

#include <array>

#include "collectors/attribution/glob.h"

namespace fleetmeter::collector {
namespace {

// Of lower-case text without the vendor's name, its words apart by single blanks. Variants that are
// worth something else and have no kind (RTX PRO 6000 Server Edition, MI300A) are left out on
// purpose, and so are names that stand for two kinds (a100). The name of a kind stands for itself.
constexpr auto kKnownModels = std::to_array<std::pair<const char*, const char*>>({
    {"h100", "h100"},
    {"h100 80gb hbm3*", "h100"},
    {"h100 sxm*", "h100"},
    {"h100 80gb", "h100"},
    {"h100 pcie*", "h100_pcie"},
    {"h100 nvl*", "h100_nvl"},
    {"gh200 480gb", "gh200"},
    {"gh200 144g*", "gh200"},
    {"gh200 120gb", "gh200"},
    {"gh200 96gb*", "gh200"},
    {"gh200", "gh200"},
    {"h200", "h200"},
    {"h200 141gb*", "h200"},
    {"h200 sxm*", "h200"},
    {"h200 nvl*", "h200_nvl"},
    {"h800", "h800"},
    {"h800 sxm*", "h800"},
    {"b200", "b200"},
    {"b200 sxm*", "b200"},
    {"b200 180gb*", "b200"},
    {"b300", "b300"},
    {"b300 sxm*", "b300"},
    {"gb300", "gb300"},
    {"gb200", "gb200"},
    {"gb200 186gb*", "gb200"},
    {"a100 sxm? 80gb", "a100_80g"},
    {"a100 sxm 80gb", "a100_80g"},
    {"a100 80gb*", "a100_80g"},
    {"a100 80", "a100_80g"},
    {"a100 pcie 80gb", "a100_80g"},
    {"a100 pg509 200", "a100_40g"},
    {"a100 sxm? 40gb", "a100_40g"},
    {"a100 40gb*", "a100_40g"},
    {"a100 40", "a100_40g"},
    {"a100 pcie 40gb", "a100_40g"},
    {"a800 sxm? 80gb", "a800"},
    {"a800 80gb*", "a800"},
    {"a800", "a800"},
    {"a30", "a30"},
    {"l4", "l4"},
    {"l40", "l40"},
    {"l40s", "l40s"},
    {"a10", "a10"},
    {"a10g", "a10g"},
    {"rtx pro 6000 blackwell workstation edition", "rtx_pro_6000_ws"},
    {"rtx pro 6000 blackwell max q workstation edition", "rtx_pro_6000_max_q"},
    {"t4", "t4"},
    {"v100 sxm? 32gb*", "v100_32g"},
    {"v100 pcie 32gb", "v100_32g"},
    {"v100 32gb*", "v100_32g"},
    {"v100 sxm? 16gb", "v100_16g"},
    {"v100 pcie 16gb", "v100_16g"},
    {"v100 16gb*", "v100_16g"},
    {"p100 sxm? 16gb", "p100"},
    {"p100 pcie 16gb", "p100"},
    {"p100", "p100"},
    {"trn1*", "trainium1"},
    {"trn2*", "trainium2"},
    {"inf2*", "inferentia2"},
    {"trainium", "trainium1"},
    {"trainium1", "trainium1"},
    {"trainium2", "trainium2"},
    {"trainium3", "trainium3"},
    {"inferentia2", "inferentia2"},
    {"tpu v4*", "tpu_v4"},
    {"tpu v5p*", "tpu_v5p"},
    {"tpu v5e*", "tpu_v5e"},
    {"tpu v5 lite*", "tpu_v5e"},
    {"tpu v6e*", "tpu_v6e"},
    {"tpu v7*", "tpu_v7"},
    {"tpu7x*", "tpu_v7"},
    {"mi300x*", "mi300x"},
    {"mi325x*", "mi325x"},
    {"mi355x*", "mi355x"},
    {"gaudi3*", "gaudi3"},
    {"hl 325l*", "gaudi3"},
    {"hl 338*", "gaudi3"},
});

constexpr std::array<std::string_view, 5> kVendorWords = {"nvidia ", "tesla ", "amd ", "instinct ",
                                                          "intel "};

// Lower case, with one blank for each run of blanks, underscores and hyphens.
std::string Normalised(std::string_view model) {
  std::string words;
  for (const char c : model) {
    const bool between = c == ' ' || c == '_' || c == '-' || c == '\t';
    if (!between) {
      words += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!words.empty() && words.back() != ' ') {
      words += ' ';
    }
  }
  if (words.ends_with(' ')) words.pop_back();
  return words;
}

std::string_view WithoutVendor(std::string_view words) {
  for (const std::string_view vendor : kVendorWords) {
    if (words.starts_with(vendor)) words.remove_prefix(vendor.size());
  }
  return words;
}

}  // namespace

ChipKinds::ChipKinds(std::vector<Pattern> own) : patterns_(std::move(own)) {
  for (auto& [pattern, kind] : patterns_) pattern = Normalised(pattern);
}

std::optional<std::string> ChipKinds::KindOf(std::string_view model) const {
  const std::string words = Normalised(model);
  if (words.empty()) return std::nullopt;
  const std::string_view bare = WithoutVendor(words);
  for (const auto& [pattern, kind] : patterns_) {
    if (MatchesGlob(pattern, words) || MatchesGlob(pattern, bare)) return kind;
  }
  for (const auto& [pattern, kind] : kKnownModels) {
    if (MatchesGlob(pattern, bare)) return kind;
  }
  return KindNamed(words);
}

// A type of GRES, or a label, that is the kind's own name: "a100_80g".
std::optional<std::string> ChipKinds::KindNamed(std::string_view words) const {
  for (const auto& [pattern, kind] : patterns_) {
    if (Normalised(kind) == words) return kind;
  }
  for (const auto& [pattern, kind] : kKnownModels) {
    if (Normalised(kind) == words) return kind;
  }
  return std::nullopt;
}

void ChipKinds::Name(HostReading& host) const {
  for (DeviceReading& device : host.devices) {
    if (device.kind.empty()) device.kind = KindOf(device.model).value_or("");
  }
}

}  // namespace fleetmeter::collector
