// Who last reported for a source that belongs to another identity, for those who look after the
// sources. Since the start only: the books keep every rejection. Belongs to LiveBooks; not
// thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"

namespace fleetmeter {

struct ForeignReports {
  std::string identity;  // of the latest
  uint64_t reports = 0;
  int64_t latest_unix_nanos = 0;
};

class ForeignReportsBySource {
 public:
  // Sources that are remembered. Only those that exist can be foreign, so a sender cannot fill the
  // list with names that it makes up.
  static constexpr size_t kMost = 10'000;

  void Add(const std::string& source, const std::string& identity, int64_t now_unix_nanos);
  std::optional<ForeignReports> Of(const std::string& source) const;
  // A person has decided whose it is.
  void Forget(const std::string& source) { by_source_.erase(source); }

 private:
  absl::flat_hash_map<std::string, ForeignReports> by_source_;
};

}  // namespace fleetmeter
