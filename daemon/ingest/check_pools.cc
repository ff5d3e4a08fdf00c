#include "daemon/ingest/check_pools.h"

#include <fmt/format.h>

namespace fleetmeter {

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
  }
  if ((history || !outcomes.empty()) && !view.MayReportForAll()) {
    return access.DenyPool(caller, "", history ? "history" : "outcomes[0]");
  }
  return grpc::Status::OK;
}

}  // namespace fleetmeter
