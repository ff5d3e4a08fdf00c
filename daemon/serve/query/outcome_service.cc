#include "daemon/serve/query/outcome_service.h"

#include <string>

#include "daemon/base/units.h"
#include "daemon/serve/query/booked_answers.h"
#include "daemon/serve/query/grpc_status.h"
#include "daemon/serve/query/outcome_answers.h"

namespace fleetmeter {
template <class Fill>
grpc::ServerUnaryReactor* OutcomeService::Answer(grpc::CallbackServerContext* context,
                                                 const Fill& fill) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (grpc::Status refused = access_.Admit(*context, Role::kQuery, &caller); !refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  if (board_ == nullptr) {
    reactor->Finish(
        {grpc::StatusCode::FAILED_PRECONDITION,
         "this daemon keeps its ledger in memory, where outcomes have no past; expected "
         "ledger.path in its configuration"});
    return reactor;
  }
  const auto answer = [this, reactor, fill](const absl::Status& status, Database* ledger) {
    if (!status.ok()) return reactor->Finish(ToGrpc(status));
    const OutcomeMoment now = {.reference = writer_.reference(), .unix_nanos = clock_.UnixNanos()};
    reactor->Finish(ToGrpc(fill(*ledger, now)));
  };
  if (!board_->Ask(answer, caller.identity)) {
    probe_.CallOverShare("question");
    reactor->Finish(
        {grpc::StatusCode::RESOURCE_EXHAUSTED,
         "too many questions about outcomes wait already, of all or of this identity, or "
         "the daemon is stopping; ask again later"});
  }
  return reactor;
}

AnswerCache::Basis OutcomeService::BasisOf(uint64_t commits, const OutcomeMoment& now) {
  return {
      .commits = commits, .quarter_hour = now.unix_nanos / (kHour / 4), .reference = now.reference};
}

grpc::ServerUnaryReactor* OutcomeService::GetMargin(grpc::CallbackServerContext* context,
                                                    const v1::GetMarginRequest* request,
                                                    v1::MarginReport* response) {
  // Read before the ledger is: an answer that was kept may be newer than that, and never older.
  const uint64_t commits = writer_.outcome_commits();
  return Answer(context, [=, this](Database& ledger, const OutcomeMoment& now) {
    return margins_.Answer(BasisOf(commits, now), *request, response,
                           [&] { return AnswerMargin(ledger, now, *request, response); });
  });
}

grpc::ServerUnaryReactor* OutcomeService::GetCapability(grpc::CallbackServerContext* context,
                                                        const v1::GetCapabilityRequest* request,
                                                        v1::CapabilityReport* response) {
  const uint64_t commits = writer_.outcome_commits();
  return Answer(context, [=, this](Database& ledger, const OutcomeMoment& now) {
    return capabilities_.Answer(BasisOf(commits, now), *request, response,
                                [&] { return AnswerCapability(ledger, now, *request, response); });
  });
}

grpc::ServerUnaryReactor* OutcomeService::GetBooked(grpc::CallbackServerContext* context,
                                                    const v1::GetBookedRequest* request,
                                                    v1::BookedOutcomes* response) {
  return Answer(context, [request, response](Database& ledger, const OutcomeMoment&) {
    return AnswerBooked(ledger, *request, response);
  });
}

grpc::ServerUnaryReactor* OutcomeService::GetPrices(grpc::CallbackServerContext* context,
                                                    const v1::GetPricesRequest* request,
                                                    v1::Prices* response) {
  return Answer(context, [request, response](Database&, const OutcomeMoment& now) {
    return AnswerPrices(now, *request, response);
  });
}

grpc::ServerUnaryReactor* OutcomeService::GetCorrections(grpc::CallbackServerContext* context,
                                                         const v1::GetCorrectionsRequest* request,
                                                         v1::Corrections* response) {
  return Answer(context, [request, response](Database& ledger, const OutcomeMoment& now) {
    return AnswerCorrections(ledger, now, *request, response);
  });
}

}  // namespace fleetmeter
