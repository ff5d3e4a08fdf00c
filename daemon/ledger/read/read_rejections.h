// The reports that were rejected and are still kept. `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct RejectionQuestion {
  std::string source;  // empty: all
  std::string reason;  // empty: all
  uint32_t most = 1'000;
};

struct KeptRejection {
  int64_t rejected_unix_nanos = 0;
  std::string identity;
  std::string source;
  std::string reason;  // a word, maybe of another version
  std::string field;
  std::string detail;
};

struct KeptRejections {
  std::vector<KeptRejection> rejections;      // the latest first
  std::map<std::string, uint64_t> by_reason;  // how many ever were, of all sources, kept or not
};

absl::StatusOr<KeptRejections> ReadRejections(Database& ledger, const RejectionQuestion& question);

}  // namespace fleetmeter
