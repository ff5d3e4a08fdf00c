// What a ledger that is a file tells about it. As DaemonProbe: cheap and thread-safe.
#pragma once

#include <cstdint>

namespace fleetmeter {

class LedgerProbe {
 public:
  virtual ~LedgerProbe() = default;
  // Whether the files that are open are still those at the ledger's path, as nobody else has
  // written them.
  virtual void FileInPlace(bool in_place) = 0;
  // The size of the write-ahead log, and how much of it is not yet in the ledger's file.
  virtual void LogSize(int64_t bytes, int64_t unmoved_bytes) = 0;
  // A try to move the log into the file; `all`: no reader held back a part of it.
  virtual void Checkpointed(bool all) = 0;
};

}  // namespace fleetmeter
