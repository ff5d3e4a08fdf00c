// The part of the Capacity service that tells what came of grants, of budgets and of lending.
#include <utility>

#include "daemon/serve/query/capacity_rights.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {
namespace {

grpc::Status NotServed(const char* what) {
  return {grpc::StatusCode::UNIMPLEMENTED,
          std::string("this daemon does not tell of ") + what + " yet"};
}

}  // namespace

void CapacityService::Ask(const Caller& caller, const v1::GetResultsRequest&,
                          v1::GetResultsResponse*, const Done& done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  done(NotServed("what came of grants"));
}

void CapacityService::Ask(const Caller&, const v1::ListBudgetsRequest&, v1::ListBudgetsResponse*,
                          const Done& done) {
  done(NotServed("budgets"));
}

void CapacityService::Ask(const Caller& caller, const v1::GetLendingRequest&,
                          v1::GetLendingResponse*, const Done& done) {
  if (grpc::Status refused = access_.RequireAllPools(caller); !refused.ok()) return done(refused);
  done(NotServed("lending"));
}

}  // namespace fleetmeter
