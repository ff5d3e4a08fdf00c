// The reports that were rejected and are still kept. `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
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
  uint64_t sequence = 0;
  std::string source;
  std::string reason;  // a word, maybe of another version
  std::string field;
  std::string detail;
};

struct KeptRejections {
  std::vector<KeptRejection> rejections;  // the latest first
  uint64_t total = 0;                     // listed or not
};

absl::StatusOr<KeptRejections> ReadRejections(Database& ledger, const RejectionQuestion& question);

}  // namespace fleetmeter
