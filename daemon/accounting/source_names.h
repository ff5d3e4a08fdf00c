// The other names of sources: what is reported under one counts as reported by the source. Plain
// value; not thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "daemon/ledger/admin_entry.h"

namespace fleetmeter {

class SourceNames {
 public:
  // At start, from the ledger.
  void Restore(const std::vector<SourceAlias>& aliases);

  // What the source of that name is called now: the name itself, unless it was renamed.
  std::string Of(const std::string& name) const;

  // `name`, and all other names that it had, are names of `source` from now on.
  void Rename(const std::string& name, const std::string& source);

  // Of a source; ascending.
  std::vector<std::string> OtherNamesOf(const std::string& source) const;

 private:
  absl::flat_hash_map<std::string, std::string> sources_;  // by their other names
};

}  // namespace fleetmeter
