// Where committed usage is kept. The Writer is its only caller.
//
// A transaction holds all that a group of reports changes: what is counted, what is rejected, and
// how far each stream has come. After Commit returns OK all of it is kept; after an error, none.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/usage/stream_key.h"
#include "daemon/usage/usage_report.h"

namespace fleetmeter {

struct LedgerEntry {
  StreamKey stream;
  uint64_t sequence = 0;
  UsageReport report;
};

struct RejectedEntry {
  StreamKey stream;
  uint64_t sequence = 0;
  std::string source;
  Rejection rejection;
};

struct LedgerTransaction {
  std::vector<LedgerEntry> counted;
  std::vector<RejectedEntry> rejected;

  bool empty() const { return counted.empty() && rejected.empty(); }
};

struct StreamPosition {
  StreamKey stream;
  uint64_t sequence = 0;
};

class Ledger {
 public:
  virtual ~Ledger() = default;

  // Keeps the transaction, or says why not. Unavailable: may be tried again.
  virtual absl::Status Commit(const LedgerTransaction& transaction) = 0;

  // Where every stream stood after the last commit. Called once, before the first Commit.
  virtual absl::StatusOr<std::vector<StreamPosition>> RestoreStreams() = 0;

  // What the operator should know about how safe the books are, for the start of the log.
  virtual std::string Describe() const = 0;
};

}  // namespace fleetmeter
