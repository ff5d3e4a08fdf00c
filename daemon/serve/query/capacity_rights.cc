#include "daemon/serve/query/capacity_rights.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/base/text.h"
#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {

using capacity::CapacityBook;
using capacity::CapacityRequest;

PoolSight CapacityRights::sight() const {
  return {.all = view_.SeesAll(),
          .may = [this](std::string_view pool) { return view_.MaySee(pool); }};
}

bool CapacityRights::Knows(const CapacityRequest& request) const {
  const capacity::CapacityForm& form = request.form;
  return view_.MaySee(form.pool) || view_.MayAskFor(form.team) || view_.MayDecideIn(form.pool) ||
         (form.beyond_allocation && view_.Has(Role::kAllocate));
}

bool CapacityRights::KnowsPool(const Plan& plan, std::string_view name) const {
  const Pool* pool = plan.FindPool(name);
  if (pool == nullptr) return false;
  return view_.MaySee(name) || view_.MayDecideIn(name) || view_.Has(Role::kAllocate) ||
         std::any_of(pool->teams.begin(), pool->teams.end(),
                     [this](const std::string& team) { return view_.MayAskFor(team); });
}

grpc::Status CapacityRights::DenyTeam(const std::string& team, const std::string& field) const {
  return access_.Deny(caller_,
                      {.role = Role::kAsk,
                       .reason = "team",
                       .pool = "",
                       .team = team,
                       .field = field,
                       .what = fmt::format("ask for team {} ({})", AsciiQuoted(team, 128), field)});
}

grpc::Status CapacityRights::DenyPool(const std::string& pool, const std::string& field) const {
  return access_.Deny(
      caller_, {.role = Role::kDecide,
                .reason = "pool",
                .pool = pool,
                .team = "",
                .field = field,
                .what = fmt::format("decide in pool {} ({})", AsciiQuoted(pool, 128), field)});
}

const CapacityRequest* CapacityRights::Find(const CapacityBook& book, Role role,
                                            const std::string& request_id, const std::string& field,
                                            grpc::Status* missing) const {
  const CapacityRequest* found = book.Find(request_id);
  if (found != nullptr && Knows(*found)) return found;
  if (found != nullptr) {
    // For the audit log: the caller is told less.
    const grpc::Status denied =
        role == Role::kAsk ? DenyTeam(found->form.team, field) : DenyPool(found->form.pool, field);
  }
  *missing = ToGrpc(NoSuchRequest(
      book, request_id, [this](const CapacityRequest& request) { return Knows(request); }));
  return nullptr;
}

grpc::Status CapacityRights::CheckSubmit(const CapacityBook& book,
                                         const v1::SubmitCapacityRequest& request) const {
  if (!view_.MayAskFor(request.form().team())) return DenyTeam(request.form().team(), "form.team");
  if (!request.has_revision()) return grpc::Status::OK;
  grpc::Status missing;
  const CapacityRequest* amended =
      Find(book, Role::kAsk, request.form().request_id(), "form.request_id", &missing);
  if (amended == nullptr) return missing;
  if (view_.MayAskFor(amended->form.team)) return grpc::Status::OK;
  return DenyTeam(amended->form.team, "form.request_id");
}

grpc::Status CapacityRights::CheckWithdraw(const CapacityBook& book,
                                           const v1::WithdrawCapacityRequest& request) const {
  grpc::Status missing;
  const CapacityRequest* found =
      Find(book, Role::kAsk, request.request_id(), "request_id", &missing);
  if (found == nullptr) return missing;
  if (view_.MayAskFor(found->form.team)) return grpc::Status::OK;
  return DenyTeam(found->form.team, "request_id");
}

grpc::Status CapacityRights::CheckRank(const v1::RankCapacityRequest& request) const {
  if (view_.MayDecideIn(request.pool())) return grpc::Status::OK;
  return DenyPool(request.pool(), "pool");
}

grpc::Status CapacityRights::CheckDecision(const CapacityBook& book, const std::string& request_id,
                                           const std::string& field) const {
  grpc::Status missing;
  const CapacityRequest* found = Find(book, Role::kDecide, request_id, field, &missing);
  if (found == nullptr) return missing;
  if (!found->form.beyond_allocation) {
    if (view_.MayDecideIn(found->form.pool)) return grpc::Status::OK;
    return DenyPool(found->form.pool, field);
  }
  if (view_.Has(Role::kAllocate)) return grpc::Status::OK;
  return access_.Deny(
      caller_,
      {.role = Role::kAllocate,
       .reason = "role",
       .pool = found->form.pool,
       .team = "",
       .field = field,
       .what = fmt::format("decide request {} ({}), which is beyond its pool's allocation; that "
                           "needs the role allocate",
                           AsciiQuoted(request_id, 128), field)});
}

grpc::Status CapacityRights::CheckDecide(const CapacityBook& book,
                                         const v1::DecideCapacityRequest& request) const {
  for (int i = 0; i < request.decisions_size(); ++i) {
    const grpc::Status refused =
        CheckDecision(book, request.decisions(i).request_id(), fmt::format("decisions[{}]", i));
    if (!refused.ok()) return refused;
  }
  return grpc::Status::OK;
}

grpc::Status CapacityRights::CheckRelease(const CapacityBook& book,
                                          const v1::ReleaseCapacityRequest& request) const {
  const Role role = view_.Has(Role::kAsk) ? Role::kAsk : Role::kDecide;
  grpc::Status missing;
  const CapacityRequest* found = Find(book, role, request.request_id(), "request_id", &missing);
  if (found == nullptr) return missing;
  if (view_.MayAskFor(found->form.team) || view_.MayDecideIn(found->form.pool)) {
    return grpc::Status::OK;
  }
  return role == Role::kAsk ? DenyTeam(found->form.team, "request_id")
                            : DenyPool(found->form.pool, "request_id");
}

}  // namespace fleetmeter
