#include "daemon/domain/fleet/catalog_identity.h"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "daemon/base/digest.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

// Names may have any bytes, so each comes with its length.
std::string Sized(const std::string& text) { return fmt::format("{}:{};", text.size(), text); }

std::string Render(const Ratio& ratio) {
  return fmt::format("{}/{};", ratio.numerator, ratio.denominator);
}

std::string Render(const ChipKind& kind) {
  std::string text = Sized(kind.name) + Sized(kind.provider);
  text += kind.micro_usd_per_chip_hour ? fmt::format("{};", *kind.micro_usd_per_chip_hour) : "-;";
  for (const auto& [precision, flops] : kind.peak_flops) {
    text += Sized(precision) + fmt::format("{:016x};", std::bit_cast<uint64_t>(flops));
  }
  for (const Conversion& conversion : kind.conversions) {
    text += fmt::format("@{};", conversion.effective_from_unix_nanos);
    text += Render(conversion.chips_per_h100e);
    for (const auto& [type, ratio] : conversion.by_workload_type)
      text += Sized(type) + Render(ratio);
  }
  return text;
}

}  // namespace

uint64_t ContentDigest(const Catalog& catalog) {
  std::vector<std::string> kinds;
  for (const ChipKind& kind : catalog.kinds()) kinds.push_back(Render(kind));
  std::sort(kinds.begin(), kinds.end());
  std::string text;
  for (const std::string& kind : kinds) text += Sized(kind);
  return Digest64(text);
}

void KnownCatalogs::Learn(const CatalogContent& content) {
  digests_.try_emplace(content.version, content.digest);
}

void KnownCatalogs::Learn(const Catalog& catalog) {
  Learn({catalog.version(), ContentDigest(catalog)});
}

absl::Status KnownCatalogs::Check(const Catalog& catalog) const {
  const auto found = digests_.find(catalog.version());
  if (found == digests_.end() || found->second == ContentDigest(catalog)) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "catalog version {0} says something else than catalog version {0} that was taken before (its "
      "content is {1:016x}, and was {2:016x}); numbers that cite the version must mean one "
      "catalog: "
      "raise the version to {3} for a change, or bring the old content back",
      catalog.version(), ContentDigest(catalog), found->second, digests_.rbegin()->first + 1));
}

}  // namespace fleetmeter
