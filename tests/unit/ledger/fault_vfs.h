// A disk in memory that SQLite can use as its file system, and that can be made to fail.
//
// Every write and truncation stays "pending" until its file is synced. PowerCut() ends all service;
// Reboot() then keeps what was synced and, by chance, some of what was not: whole writes, first
// parts of writes, or nothing, in any combination. One connection at a time; not thread-safe.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace fleetmeter {

class FaultDisk {
 public:
  enum class Operation { kRead, kWrite, kSync };
  enum class Fault {
    kEio,
    kNoSpace,     // ENOSPC, nothing written
    kShortWrite,  // half is written, then ENOSPC
  };

  FaultDisk();
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  // For SqliteLedgerOptions::vfs and Database::Options::vfs.
  const char* name() const { return name_.c_str(); }

  // Lets the nth operation of that kind from now on (from 1) fail, and with `for_good` all after
  // it.
  void FailNth(Operation operation, uint64_t nth, Fault fault, bool for_good);
  // Lets everything work again.
  void Mend() { plan_ = {}; }
  bool fault_happened() const { return plan_.happened; }

  // Writes and syncs so far.
  uint64_t changes() const { return changes_; }
  // The power goes at that write or sync (from 1, counted from the beginning).
  void CutPowerAt(uint64_t change) { cut_at_ = change; }
  bool power_is_off() const { return off_; }
  void Reboot(std::mt19937_64& random);

  // A file's bytes, to be damaged; nullptr if there is none. Its name ends in `suffix`.
  std::string* Bytes(const std::string& suffix);

 private:
  struct Change {
    uint64_t offset = 0;
    std::string bytes;
    bool truncates = false;  // to `offset`
  };
  struct Content {
    std::string now;     // what readers see
    std::string synced;  // what is on the platter
    std::vector<Change> pending;
    std::vector<std::unique_ptr<char[]>> shared;  // the log's index
  };
  struct Open;
  struct Plan {
    bool armed = false;
    bool happened = false;
    bool for_good = false;
    Operation operation = Operation::kWrite;
    Fault fault = Fault::kEio;
    uint64_t left = 0;
  };
  struct Methods;
  friend struct Methods;

  static void Apply(const Change& change, std::string& bytes);
  // Whether this operation is to fail.
  bool Fails(Operation operation);
  // Counts a write or sync; true when the power is off, from this one on too.
  bool CountsAndIsOff();

  std::string name_;
  sqlite3_vfs vfs_{};
  std::map<std::string, std::shared_ptr<Content>> files_;
  Plan plan_;
  uint64_t changes_ = 0;
  uint64_t cut_at_ = 0;
  bool off_ = false;
  int last_errno_ = 0;
};

}  // namespace fleetmeter
