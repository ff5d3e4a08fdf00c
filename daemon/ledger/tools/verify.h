// Does a ledger hold together? Everything in it that follows from something else in it is worked
// out again and compared, to the last chip-nanosecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

struct LedgerReport {
  // What is wrong, as sentences; none: all is well. At most some dozens.
  std::vector<std::string> findings;

  int64_t reports = 0;  // accepted
  int64_t streams = 0;
  int64_t sources = 0;
  int64_t hour_rows = 0;
  int64_t day_rows = 0;
  int64_t quarter_rows = 0;
  int64_t inference_rows = 0;
  int64_t training_rows = 0;
  int64_t benchmark_rows = 0;
  int64_t corrections = 0;      // of outcomes
  int64_t entries = 0;          // of what people decided about the books
  int64_t capacity_events = 0;  // of requests for capacity

  // When what is booked was used, and when it was booked: from the start of the first hour, day or
  // quarter to the end of the last. Seconds since 1970; nothing: there is no usage.
  struct Span {
    int64_t from = 0;
    int64_t to = 0;
  };
  std::optional<Span> used;
  std::optional<Span> booked;
};

// Reads all of the file, beside a daemon or without one. An error: it could not be read so far as
// to say what is wrong.
absl::StatusOr<LedgerReport> VerifyLedger(const std::string& path);

// The same of an open database.
absl::StatusOr<LedgerReport> VerifyDatabase(Database& database);

}  // namespace fleetmeter
