#include "daemon/accounting/double_hosts.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"

namespace fleetmeter {
namespace {

std::string Lower(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) c = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower;
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

}  // namespace

Pairs DoubleHosts(const std::vector<std::string_view>& names, size_t most) {
  Pairs pairs;
  absl::flat_hash_map<std::string, std::string_view> by_lower;
  by_lower.reserve(names.size());
  for (const std::string_view name : names) {
    const auto [it, is_new] = by_lower.try_emplace(Lower(name), name);
    if (!is_new) pairs.emplace_back(it->second, name);
  }
  for (const auto& [lower, name] : by_lower) {
    for (size_t end = 1; end < lower.size(); ++end) {
      if (absl::ascii_isalnum(static_cast<unsigned char>(lower[end]))) continue;
      const auto shorter = by_lower.find(std::string(lower, 0, end));
      if (shorter != by_lower.end()) pairs.emplace_back(shorter->second, name);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  if (pairs.size() > most) pairs.resize(most);
  return pairs;
}

}  // namespace fleetmeter
