// Reports that were rejected, and why. `ledger` may be a connection that only reads.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct RejectedQuestion {
  std::string source = {};  // empty: all
  std::string reason = {};  // empty: all
  // Rows are numbered in the order in which they were rejected. The default is all.
  int64_t before_row = INT64_MAX;
  uint32_t most = 1'000;
};

struct RejectedRow {
  int64_t row = 0;
  std::string source;
  std::string identity;
  std::string reason;
  std::string field;
  std::string detail;
  int64_t at_unix_nanos = 0;
};

struct RejectedPage {
  std::vector<RejectedRow> rows;  // the latest first
  bool more = false;              // there are rows before those
  // How many were ever rejected, by reason, whatever the question.
  std::vector<std::pair<std::string, uint64_t>> counts;
};

absl::StatusOr<RejectedPage> ReadRejected(Database& ledger, const RejectedQuestion& question);

}  // namespace fleetmeter
