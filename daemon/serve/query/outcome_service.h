// The Outcomes service: margin and capability from the ledger. Questions wait for the board's
// thread, one after the other; no thread of gRPC's reads the ledger.
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include "daemon/accounting/daemon_probe.h"
#include "daemon/accounting/writer.h"
#include "daemon/base/clock.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/query/answer_cache.h"
#include "daemon/serve/query/outcome_answers.h"
#include "daemon/view/outcome_board.h"
#include "fleetmeter/v1/outcomes.grpc.pb.h"

namespace fleetmeter {

class OutcomeService final : public v1::Outcomes::CallbackService {
 public:
  // All outlive the service. `board` null: the ledger is in memory, and every call is refused.
  OutcomeService(OutcomeBoard* board, const Writer& writer, AccessControl& access,
                 DaemonProbe& probe, const Clock& clock)
      : board_(board), writer_(writer), access_(access), probe_(probe), clock_(clock) {}

  grpc::ServerUnaryReactor* GetMargin(grpc::CallbackServerContext* context,
                                      const v1::GetMarginRequest* request,
                                      v1::MarginReport* response) override;
  grpc::ServerUnaryReactor* GetCapability(grpc::CallbackServerContext* context,
                                          const v1::GetCapabilityRequest* request,
                                          v1::CapabilityReport* response) override;
  grpc::ServerUnaryReactor* GetBooked(grpc::CallbackServerContext* context,
                                      const v1::GetBookedRequest* request,
                                      v1::BookedOutcomes* response) override;
  grpc::ServerUnaryReactor* GetPrices(grpc::CallbackServerContext* context,
                                      const v1::GetPricesRequest* request,
                                      v1::Prices* response) override;
  grpc::ServerUnaryReactor* GetCorrections(grpc::CallbackServerContext* context,
                                           const v1::GetCorrectionsRequest* request,
                                           v1::Corrections* response) override;

 private:
  // Fills the response on the board's thread if the caller has the role query.
  template <class Fill>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Fill& fill);
  static AnswerCache::Basis BasisOf(uint64_t commits, const OutcomeMoment& now);

  OutcomeBoard* const board_;
  const Writer& writer_;
  AccessControl& access_;
  DaemonProbe& probe_;
  const Clock& clock_;
  AnswerCache margins_;
  AnswerCache capabilities_;
};

}  // namespace fleetmeter
