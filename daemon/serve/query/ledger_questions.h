// Questions to the ledger, of whoever asks: one after the other on the thread of the OutcomeBoard,
// so that no thread of gRPC's or HTTP's reads the ledger.
//
// Owned by the App. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "daemon/accounting/daemon_probe.h"
#include "daemon/accounting/writer.h"
#include "daemon/base/clock.h"
#include "daemon/serve/query/outcome_answers.h"
#include "daemon/view/outcome_board.h"
#include "grpcpp/support/status.h"

namespace fleetmeter {

class LedgerQuestions {
 public:
  // All outlive the object. `board` null: the ledger is in memory, and every question is refused.
  LedgerQuestions(OutcomeBoard* board, const Writer& writer, DaemonProbe& probe, const Clock& clock)
      : board_(board), writer_(writer), probe_(probe), clock_(clock) {}

  // False: the ledger is in memory.
  bool CanBeAsked() const { return board_ != nullptr; }

  using Work = std::function<absl::Status(Database& ledger, const OutcomeMoment& now)>;
  using Done = std::function<void(const grpc::Status& status)>;
  // Calls `work` on the board's thread, and then `done` with what it returned. FAILED_PRECONDITION
  // and RESOURCE_EXHAUSTED, at once, where it cannot be asked.
  void Ask(const std::string& identity, Work work, Done done);

 private:
  OutcomeBoard* const board_;
  const Writer& writer_;
  DaemonProbe& probe_;
  const Clock& clock_;
};

}  // namespace fleetmeter
