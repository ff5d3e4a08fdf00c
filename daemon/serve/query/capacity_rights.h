// What a caller may know of requests for capacity, and may do about them.
//
// Each check returns OK or the refusal. Refusals are audited. Of a request that a caller may not
// know, it learns no more than of one that there is not, and the audit log learns what it tried.
#pragma once

#include <string>
#include <string_view>

#include "daemon/domain/capacity/capacity_book.h"
#include "daemon/domain/fleet/plan.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "fleetmeter/v1/capacity.pb.h"
#include "grpcpp/support/status.h"

namespace fleetmeter {

class CapacityRights {
 public:
  // By the policy in force now. `access` outlives the object.
  CapacityRights(AccessControl& access, const Caller& caller)
      : access_(access), caller_(caller), view_(access.ViewOf(caller)) {}

  // Of whoever has the role query. Lives as long as the object.
  PoolSight sight() const;
  // Whether the caller sees the request's pool, asks for its team, or is who decides about it.
  bool Knows(const capacity::CapacityRequest& request) const;
  // Likewise, the pool of a plan.
  bool KnowsPool(const Plan& plan, std::string_view pool) const;

  grpc::Status CheckSubmit(const capacity::CapacityBook& book,
                           const v1::SubmitCapacityRequest& request) const;
  grpc::Status CheckWithdraw(const capacity::CapacityBook& book,
                             const v1::WithdrawCapacityRequest& request) const;
  grpc::Status CheckRank(const v1::RankCapacityRequest& request) const;
  // Of each decision.
  grpc::Status CheckDecide(const capacity::CapacityBook& book,
                           const v1::DecideCapacityRequest& request) const;
  grpc::Status CheckRelease(const capacity::CapacityBook& book,
                            const v1::ReleaseCapacityRequest& request) const;

 private:
  grpc::Status DenyTeam(const std::string& team, const std::string& field) const;
  grpc::Status DenyPool(const std::string& pool, const std::string& field) const;
  // The request, null where the caller may not know it or there is none; `missing` says so then. It
  // is denied to `role`.
  const capacity::CapacityRequest* Find(const capacity::CapacityBook& book, Role role,
                                        const std::string& request_id, const std::string& field,
                                        grpc::Status* missing) const;
  grpc::Status CheckDecision(const capacity::CapacityBook& book, const std::string& request_id,
                             const std::string& field) const;

  AccessControl& access_;
  const Caller caller_;
  const AccessControl::View view_;
};

}  // namespace fleetmeter
