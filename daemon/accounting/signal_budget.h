// How many different signals the books take: each is a label value of several metrics of every
// pool.
//
// A sender (SenderOf) may bring kMostNew signals that the books do not know, and another one for
// every hour that passes, so that it uses up its own budget and nobody else's. When the books know
// kMostKnown, the usage of further signals is counted under the signal "overflow". Signals that are
// known cost nothing. What a sender has brought is remembered since the start. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "daemon/base/transaction_part.h"
#include "daemon/domain/report/usage_report.h"

namespace fleetmeter {

class SignalBudget final : public TransactionPart {
 public:
  static constexpr int64_t kMostNew = 32;
  static constexpr size_t kMostKnown = 1'024;
  static constexpr char kOverflow[] = "overflow";

  // Whether some usage of the report is counted under kOverflow.
  static bool HasOverflow(const UsageReport& report);

  // Stages the signals of a report that are new, and renames those beyond kMostKnown. `known`:
  // those that were ever counted. A rejection changes nothing.
  std::optional<Rejection> Stage(const std::string& sender, int64_t now_unix_nanos,
                                 const absl::flat_hash_set<std::string>& known,
                                 UsageReport& report);
  void Commit() override;
  void Rollback() override { staged_.clear(); }

 private:
  struct Brought {
    int64_t signals = 0;
    int64_t as_of_unix_nanos = 0;
  };
  struct NewSignal {
    std::string sender;
    std::string signal;
    int64_t at_unix_nanos = 0;
  };
  int64_t RoomFor(const std::string& sender, int64_t now_unix_nanos) const;
  bool IsStaged(const std::string& signal) const;

  absl::flat_hash_map<std::string, Brought> senders_;
  std::vector<NewSignal> staged_;  // each once
};

}  // namespace fleetmeter
