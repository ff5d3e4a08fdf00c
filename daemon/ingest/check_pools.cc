#include "daemon/ingest/check_pools.h"

#include <fmt/format.h>

namespace fleetmeter {
namespace {

using View = AccessControl::View;

bool MayTell(const View& view, const std::string& pool) {
  return pool.empty() ? view.MayReportForAll() : view.MayReportFor(pool);
}

// Calls `refuse(pool, field)` for the first pool that may not be told of.
template <class Refuse>
grpc::Status CheckOutcome(const View& view, const v1::OutcomeReport& outcome,
                          const Refuse& refuse) {
  switch (outcome.kind_case()) {
    case v1::OutcomeReport::kInference:
      for (int i = 0; i < outcome.inference().rows_size(); ++i) {
        const std::string& pool = outcome.inference().rows(i).pool();
        if (!MayTell(view, pool)) return refuse(pool, fmt::format("inference.rows[{}].pool", i));
      }
      return grpc::Status::OK;
    case v1::OutcomeReport::kTraining:
      if (MayTell(view, outcome.training().pool())) return grpc::Status::OK;
      return refuse(outcome.training().pool(), "training.pool");
    case v1::OutcomeReport::kBenchmarks:
    case v1::OutcomeReport::KIND_NOT_SET:
      break;
  }
  return view.MayReportForAll() ? grpc::Status::OK : refuse("", "benchmarks");
}

}  // namespace

grpc::Status CheckMayReport(AccessControl& access, const Caller& caller,
                            const google::protobuf::RepeatedPtrField<v1::UsageReport>& reports,
                            const google::protobuf::RepeatedPtrField<v1::OutcomeReport>& outcomes) {
  if (grpc::Status status = access.Recheck(caller, Role::kIngest); !status.ok()) return status;
  const View view = access.ViewOf(caller);
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
  for (int r = 0; r < outcomes.size(); ++r) {
    const auto refuse = [&](std::string_view pool, const std::string& field) {
      return access.DenyPool(caller, pool, fmt::format("outcomes[{}].{}", r, field));
    };
    if (grpc::Status status = CheckOutcome(view, outcomes[r], refuse); !status.ok()) return status;
  }
  return grpc::Status::OK;
}

}  // namespace fleetmeter
