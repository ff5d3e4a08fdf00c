// What silent sources held when they were last heard, and since when pools are told of, for
// read/read_unheard.h. Not thread-safe; belongs to LedgerTables.
//
// A row of silences is made when a window leaves a gap before it, and when a person says that a
// source is gone. Late windows move the beginning of the silence, or divide it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "daemon/ledger/ledger.h"
#include "daemon/ledger/sqlite/ledger_table.h"
#include "daemon/ledger/sqlite/sqlite_database.h"
#include "daemon/ledger/sqlite/usage_tables.h"

namespace fleetmeter {

class SilenceTables final : public LedgerTable {
 public:
  // `database` and `usage` outlive it. It is staged before the table of sources, and so finds what
  // they held before the transaction.
  SilenceTables(Database& database, const UsageTables& usage)
      : database_(database), usage_(usage) {}

  absl::Status Prepare() override;
  absl::Status Restore(RestoredBooks* books) override;
  absl::Status Stage(const LedgerTransaction& transaction) override;
  void Commit() override;
  void Rollback() override { staged_.clear(); }

 private:
  // A counted report, and the cells of its groups.
  struct Counted {
    const LedgerEntry* entry = nullptr;
    const int64_t* cells = nullptr;
  };
  // The latest report of each source that was counted before in a transaction.
  using Latest = absl::flat_hash_map<std::string_view, Counted>;

  absl::Status TellPools(const LedgerEntry& entry);
  absl::Status TellPools(const HistoryWindow& window);
  absl::Status TellPool(const std::string& pool, int64_t from_unix_nanos);
  absl::Status Silence(const Counted& counted, const Latest& latest);
  // That the source held then what a report of it lists.
  absl::Status Write(const Counted& held, int64_t from_unix_nanos);
  absl::Status Decide(const AdminEntry& entry, int64_t now_unix_nanos);

  Database& database_;
  const UsageTables& usage_;
  absl::flat_hash_map<std::string, int64_t> pools_;  // since when, in Unix nanoseconds
  std::map<std::string, int64_t> staged_;

  Statement tell_pool_;
  Statement insert_;
  Statement insert_held_;
  Statement delete_;
  Statement insert_gone_;
  Statement delete_alike_;
  Statement rename_;
};

}  // namespace fleetmeter
