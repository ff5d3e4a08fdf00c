// What a process that writes a ledger leaves for the next one, beside the ledger: books that are
// gone or older than they were are told, and not begun anew in silence.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "daemon/ledger/sqlite/sqlite_database.h"

namespace fleetmeter {

// Which books were last written here, and how many reports they had settled. It is written after
// each commit and never synced, so it may lag behind the books and is never ahead of them.
struct LedgerMemory {
  std::string ledger_id = {};  // hexadecimal; empty: there is none
  uint64_t settled = 0;
};

// Of the books whose identity has these bytes.
LedgerMemory MemoryOf(std::string_view id, uint64_t settled);

// FailedPrecondition: there is no file where there were books.
absl::Status CheckStillThere(const std::string& path, const LedgerMemory& memory);

// FailedPrecondition: the file has no tables, and held books.
absl::Status CheckNotEmptied(Database& database, const std::string& path,
                             const LedgerMemory& memory);

// DataLoss: the books that were restored have settled less than the same books had before.
absl::Status CheckNotOlder(const std::string& path, const LedgerMemory& before,
                           const LedgerMemory& restored);

}  // namespace fleetmeter
