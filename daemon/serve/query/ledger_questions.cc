#include "daemon/serve/query/ledger_questions.h"

#include <memory>
#include <utility>

#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {

void LedgerQuestions::Ask(const std::string& identity, Work work, Done done) {
  if (board_ == nullptr) {
    return done({grpc::StatusCode::FAILED_PRECONDITION,
                 "this daemon keeps its ledger in memory, which has no past to ask about; expected "
                 "ledger.path in its configuration"});
  }
  // Shared: the board may refuse the question and drop it.
  const auto answered = std::make_shared<const Done>(std::move(done));
  const auto answer = [this, answered, work = std::move(work)](const absl::Status& status,
                                                               Database* ledger) {
    if (!status.ok()) return (*answered)(ToGrpc(status));
    const OutcomeMoment now = {.reference = writer_.reference(), .unix_nanos = clock_.UnixNanos()};
    (*answered)(ToGrpc(work(*ledger, now)));
  };
  if (board_->Ask(answer, identity)) return;
  probe_.CallOverShare("question");
  (*answered)({grpc::StatusCode::RESOURCE_EXHAUSTED,
               "too many questions to the ledger wait already, of all or of this identity, or the "
               "daemon is stopping; ask again later"});
}

}  // namespace fleetmeter
