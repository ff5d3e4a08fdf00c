#include "daemon/ingest/check_pools.h"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace fleetmeter {
namespace {

struct ForbiddenPool {
  std::string pool;
  std::string field;
};

// That nothing waits needs no right: it adds nothing to a pool.
std::optional<ForbiddenPool> FindForbiddenDemand(const AccessControl::View& view,
                                                 const v1::UsageReport& report) {
  for (int d = 0; d < report.demand_size(); ++d) {
    const v1::Demand& demand = report.demand(d);
    for (int w = 0; w < demand.waiting_size(); ++w) {
      const std::string& pool = demand.waiting(w).pool();
      if (view.MayReportFor(pool)) continue;
      return ForbiddenPool{pool, fmt::format("demand[{}].waiting[{}].pool", d, w)};
    }
  }
  return std::nullopt;
}

}  // namespace

grpc::Status CheckMayReport(AccessControl& access, const Caller& caller,
                            const google::protobuf::RepeatedPtrField<v1::UsageReport>& reports,
                            const google::protobuf::RepeatedPtrField<v1::OutcomeReport>& outcomes,
                            bool history) {
  if (grpc::Status status = access.Recheck(caller, Role::kIngest); !status.ok()) return status;
  const AccessControl::View view = access.ViewOf(caller);
  const std::string* allowed = nullptr;  // most groups name the pool of the one before
  for (int r = 0; r < reports.size(); ++r) {
    for (int g = 0; g < reports[r].groups_size(); ++g) {
      const std::string& pool = reports[r].groups(g).pool();
      if (allowed != nullptr && *allowed == pool) continue;
      if (!view.MayReportFor(pool)) {
        return access.DenyPool(caller, pool, fmt::format("reports[{}].groups[{}].pool", r, g));
      }
      allowed = &pool;
    }
    if (auto denied = FindForbiddenDemand(view, reports[r])) {
      return access.DenyPool(caller, denied->pool, fmt::format("reports[{}].{}", r, denied->field));
    }
  }
  if ((history || !outcomes.empty()) && !view.MayReportForAll()) {
    return access.DenyPool(caller, "", history ? "history" : "outcomes[0]");
  }
  return grpc::Status::OK;
}

}  // namespace fleetmeter
