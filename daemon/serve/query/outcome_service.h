// The Outcomes service: margin and capability from the ledger. Questions wait for the board's
// thread, one after the other (LedgerQuestions).
//
// Owned by the App; lives as long as its gRPC server. Thread-safe.
#pragma once

#include "daemon/accounting/writer.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/query/answer_cache.h"
#include "daemon/serve/query/ledger_questions.h"
#include "daemon/serve/query/outcome_answers.h"
#include "fleetmeter/v1/outcomes.grpc.pb.h"

namespace fleetmeter {

class OutcomeService final : public v1::Outcomes::CallbackService {
 public:
  // All outlive the service.
  OutcomeService(LedgerQuestions& questions, const Writer& writer, AccessControl& access)
      : questions_(questions), writer_(writer), access_(access) {}

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

  // The same answers, for callers who were admitted to the role query elsewhere. Request and
  // response live until `done` is called.
  using Done = LedgerQuestions::Done;
  void Ask(const Caller& caller, const v1::GetMarginRequest& request, v1::MarginReport* response,
           Done done);
  void Ask(const Caller& caller, const v1::GetCapabilityRequest& request,
           v1::CapabilityReport* response, Done done);
  void Ask(const Caller& caller, const v1::GetBookedRequest& request, v1::BookedOutcomes* response,
           Done done);
  void Ask(const Caller& caller, const v1::GetPricesRequest& request, v1::Prices* response,
           Done done);
  void Ask(const Caller& caller, const v1::GetCorrectionsRequest& request,
           v1::Corrections* response, Done done);

 private:
  // Asks if the caller has the role query.
  template <class Request, class Response>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const Request* request,
                                   Response* response);
  // Outcomes are of the whole fleet, so whoever sees some pools only is refused.
  void AskLedger(const Caller& caller, LedgerQuestions::Work work, Done done);
  static AnswerCache::Basis BasisOf(uint64_t commits, const OutcomeMoment& now);

  LedgerQuestions& questions_;
  const Writer& writer_;
  AccessControl& access_;
  AnswerCache margins_;
  AnswerCache capabilities_;
};

}  // namespace fleetmeter
