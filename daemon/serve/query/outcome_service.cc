#include "daemon/serve/query/outcome_service.h"

#include <utility>

#include "daemon/base/units.h"
#include "daemon/serve/query/booked_answers.h"
#include "daemon/serve/query/outcome_answers.h"

namespace fleetmeter {

template <class Request, class Response>
grpc::ServerUnaryReactor* OutcomeService::Answer(grpc::CallbackServerContext* context,
                                                 const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const Done done = [reactor](const grpc::Status& status) { reactor->Finish(status); };
  Caller caller;
  if (grpc::Status refused = access_.Admit(*context, Role::kQuery, &caller); !refused.ok()) {
    done(refused);
  } else {
    Ask(caller, *request, response, done);
  }
  return reactor;
}

void OutcomeService::AskLedger(const Caller& caller, LedgerQuestions::Work work, Done done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  questions_.Ask(caller.identity, std::move(work), std::move(done));
}

AnswerCache::Basis OutcomeService::BasisOf(uint64_t commits, const OutcomeMoment& now) {
  return {
      .commits = commits, .quarter_hour = now.unix_nanos / (kHour / 4), .reference = now.reference};
}

void OutcomeService::Ask(const Caller& caller, const v1::GetMarginRequest& request,
                         v1::MarginReport* response, Done done) {
  // Read before the ledger is: an answer that was kept may be newer than that, and never older.
  const uint64_t commits = writer_.outcome_commits();
  AskLedger(
      caller,
      [this, commits, &request, response](Database& ledger, const OutcomeMoment& now) {
        return margins_.Answer(BasisOf(commits, now), request, response,
                               [&] { return AnswerMargin(ledger, now, request, response); });
      },
      std::move(done));
}

void OutcomeService::Ask(const Caller& caller, const v1::GetCapabilityRequest& request,
                         v1::CapabilityReport* response, Done done) {
  const uint64_t commits = writer_.outcome_commits();
  AskLedger(
      caller,
      [this, commits, &request, response](Database& ledger, const OutcomeMoment& now) {
        return capabilities_.Answer(BasisOf(commits, now), request, response, [&] {
          return AnswerCapability(ledger, now, request, response);
        });
      },
      std::move(done));
}

void OutcomeService::Ask(const Caller& caller, const v1::GetBookedRequest& request,
                         v1::BookedOutcomes* response, Done done) {
  AskLedger(
      caller,
      [&request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerBooked(ledger, request, response);
      },
      std::move(done));
}

void OutcomeService::Ask(const Caller& caller, const v1::GetPricesRequest& request,
                         v1::Prices* response, Done done) {
  AskLedger(
      caller,
      [&request, response](Database&, const OutcomeMoment& now) {
        return AnswerPrices(now, request, response);
      },
      std::move(done));
}

void OutcomeService::Ask(const Caller& caller, const v1::GetCorrectionsRequest& request,
                         v1::Corrections* response, Done done) {
  AskLedger(
      caller,
      [&request, response](Database& ledger, const OutcomeMoment& now) {
        return AnswerCorrections(ledger, now, request, response);
      },
      std::move(done));
}

grpc::ServerUnaryReactor* OutcomeService::GetMargin(grpc::CallbackServerContext* context,
                                                    const v1::GetMarginRequest* request,
                                                    v1::MarginReport* response) {
  return Answer(context, request, response);
}

grpc::ServerUnaryReactor* OutcomeService::GetCapability(grpc::CallbackServerContext* context,
                                                        const v1::GetCapabilityRequest* request,
                                                        v1::CapabilityReport* response) {
  return Answer(context, request, response);
}

grpc::ServerUnaryReactor* OutcomeService::GetBooked(grpc::CallbackServerContext* context,
                                                    const v1::GetBookedRequest* request,
                                                    v1::BookedOutcomes* response) {
  return Answer(context, request, response);
}

grpc::ServerUnaryReactor* OutcomeService::GetPrices(grpc::CallbackServerContext* context,
                                                    const v1::GetPricesRequest* request,
                                                    v1::Prices* response) {
  return Answer(context, request, response);
}

grpc::ServerUnaryReactor* OutcomeService::GetCorrections(grpc::CallbackServerContext* context,
                                                         const v1::GetCorrectionsRequest* request,
                                                         v1::Corrections* response) {
  return Answer(context, request, response);
}

}  // namespace fleetmeter
