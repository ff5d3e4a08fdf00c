#include "daemon/accounting/source_names.h"

#include <algorithm>

namespace fleetmeter {

void SourceNames::Restore(const std::vector<SourceAlias>& aliases) {
  for (const SourceAlias& alias : aliases) sources_[alias.name] = alias.source;
}

std::string SourceNames::Of(const std::string& name) const {
  if (sources_.empty()) return name;  // as nearly always
  const auto it = sources_.find(name);
  return it == sources_.end() ? name : it->second;
}

void SourceNames::Rename(const std::string& name, const std::string& source) {
  for (auto& [other, known] : sources_) {
    if (known == name) known = source;
  }
  sources_[name] = source;
}

std::vector<std::string> SourceNames::OtherNamesOf(const std::string& source) const {
  std::vector<std::string> names;
  for (const auto& [name, known] : sources_) {
    if (known == source) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace fleetmeter
