// Ledgers in folders of their own, and transactions to put into them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "daemon/ledger/postings.h"
#include "daemon/ledger/sqlite/sqlite_ledger.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/ledger/capacity_maker.h"
#include "tests/unit/ledger/outcome_maker.h"

namespace fleetmeter {

// 2026-03-30 22:30:00 UTC: one and a half hours before a day and, two days on, a quarter ends.
inline constexpr int64_t kLedgerStart = 1'774'909'800 * kNanosPerSecond;

SqliteLedgerOptions LedgerOptions(const std::string& path);

// Opens and restores; the test fails if that does.
std::unique_ptr<SqliteLedger> OpenLedger(const SqliteLedgerOptions& options,
                                         RestoredBooks* books = nullptr);

// What the first column of the first row holds, read by a connection of its own.
int64_t ReadInteger(const std::string& path, const std::string& sql);
std::string ReadText(const std::string& path, const std::string& sql);
// Edits a ledger behind its back, without checksums of rows, so that what else would find it is
// tried.
void Tamper(const std::string& path, const std::string& sql);

UsageGroup MakeGroup(const std::string& pool, const std::string& team, int64_t chip_nanos);
inline BookConversion HalfChip() {
  return {.chip = "half", .chips_per_h100e = {2, 1}, .catalog_version = 7};
}

// Makes plausible, random transactions, and keeps books of its own about them in plain maps: what a
// ledger has to hold once they are committed. Same seed, same transactions.
class TransactionMaker {
 public:
  explicit TransactionMaker(uint64_t seed) : random_(seed), capacity_(seed) {}

  // `now` runs on by some seconds each time, or as `advance_nanos` says.
  LedgerTransaction Next(int64_t advance_nanos = 10 * kNanosPerSecond);
  // That the latest from Next was committed.
  void Committed(const LedgerTransaction& transaction);

  // The books as a Restore must give them, and the sums of all hours.
  const std::map<std::string, UsageAmounts>& totals() const { return totals_; }
  std::string Expected() const;

  int64_t now() const { return now_; }
  uint64_t reports() const { return accepted_; }

 private:
  struct SourceState {
    WindowSet windows;
    std::map<std::string, int64_t> holdings;  // by cell, micro-chips
    bool history = false;
  };

  int64_t Pick(int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random_);
  }
  // Takes the next place of a stream's sequence.
  StreamPosition& Advance(int stream);
  LedgerEntry MakeEntry(int stream);
  void AddGroup(LedgerEntry* entry);
  OutcomeEntry MakeOutcome(int stream);

  std::mt19937_64 random_;
  OutcomeMaker outcomes_;
  CapacityMaker capacity_;
  int64_t now_ = kLedgerStart;
  std::map<int, StreamPosition> next_streams_;
  std::map<std::string, WindowSet> next_windows_;

  std::map<int, StreamPosition> streams_;
  std::map<std::string, SourceState> sources_;
  std::map<std::string, UsageAmounts> totals_;  // by cell
  std::map<std::string, UsageAmounts> live_;    // the same without history
  std::map<std::string, ActivityHistogram> activity_;
  std::vector<AllocationTerm> terms_;
  uint64_t accepted_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t conflicts_ = 0;
  std::map<std::string, uint64_t> rejected_;
};

// Restored books as text, in one order, for comparing integer for integer.
std::string TextOf(const RestoredBooks& books);

// A transaction that counts one report, the first of a stream of its own.
LedgerTransaction OneReport(const std::string& source, int64_t start, int64_t length,
                            const UsageGroup& group, int64_t now);

}  // namespace fleetmeter
