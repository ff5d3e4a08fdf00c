// Names as small numbers that stay valid for the life of the process, across reloads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace fleetmeter {

class SymbolTable {
 public:
  SymbolTable() { Intern(""); }

  // The id of "" is 0.
  uint32_t Intern(const std::string& name) {
    const auto [it, is_new] = ids_.try_emplace(name, static_cast<uint32_t>(names_.size()));
    if (is_new) names_.push_back(name);
    return it->second;
  }
  // Nothing for a name that was never interned.
  std::optional<uint32_t> Find(const std::string& name) const {
    const auto it = ids_.find(name);
    if (it == ids_.end()) return std::nullopt;
    return it->second;
  }
  const std::vector<std::string>& names() const { return names_; }

 private:
  absl::flat_hash_map<std::string, uint32_t> ids_;
  std::vector<std::string> names_;
};

}  // namespace fleetmeter
