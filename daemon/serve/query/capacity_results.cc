// The part of the Capacity service that tells what came of grants, of budgets and of lending.
#include <memory>
#include <utility>

#include "daemon/serve/query/budget_answers.h"
#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/serve/query/capacity_rights.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/grpc_status.h"
#include "daemon/serve/query/lending_answers.h"
#include "daemon/serve/query/result_answers.h"

namespace fleetmeter {

void CapacityService::Ask(const Caller& caller, const v1::GetResultsRequest& request,
                          v1::GetResultsResponse* response, const Done& done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  ledger_.Ask(
      caller.identity,
      [moment = Now(), &request, response](Database& ledger, const OutcomeMoment&) {
        return Shortened(AnswerResults(ledger, moment, request, response));
      },
      done);
}

void CapacityService::Ask(const Caller& caller, const v1::ListBudgetsRequest& request,
                          v1::ListBudgetsResponse* response, const Done& done) {
  const CapacityMoment moment = Now();
  const auto rights = std::make_shared<const CapacityRights>(access_, caller);
  const absl::Status wrong = CheckPoolFilter(moment, rights->sight(), request.pool());
  if (!wrong.ok()) return done(ToGrpc(Shortened(wrong)));
  ledger_.Ask(
      caller.identity,
      [moment, rights, &request, response](Database& ledger, const OutcomeMoment&) {
        return AnswerBudgets(ledger, moment, request, rights->sight(), response);
      },
      done);
}

void CapacityService::Ask(const Caller& caller, const v1::GetLendingRequest& request,
                          v1::GetLendingResponse* response, const Done& done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  FillStarved(*snapshots_.Take(), response);
  ledger_.Ask(
      caller.identity,
      [moment = Now(), &request, response](Database& ledger, const OutcomeMoment&) {
        return Shortened(AnswerLending(ledger, moment, request, response));
      },
      done);
}

}  // namespace fleetmeter
