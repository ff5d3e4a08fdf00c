#include "daemon/serve/query/plan_service.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/serve/query/comparison_messages.h"
#include "daemon/serve/query/framework_answers.h"
#include "daemon/serve/query/grpc_status.h"
#include "daemon/serve/query/snapshot_messages.h"
#include "daemon/view/plan_comparison.h"

namespace fleetmeter {
namespace {

constexpr size_t kMaxOverrides = 64;

absl::StatusOr<FrameworkWork> WorkOf(const Snapshot& snapshot,
                                     const std::vector<std::string>& set) {
  if (!snapshot.reference->framework) {
    return absl::FailedPreconditionError(
        "this daemon has no framework; expected the setting framework in its configuration");
  }
  if (set.size() > kMaxOverrides) {
    return absl::InvalidArgumentError(
        fmt::format("set: has {} entries; expected at most {}", set.size(), kMaxOverrides));
  }
  return WorkUnder(*snapshot.reference->framework, set);
}

absl::Status AnswerFramework(const Snapshot& snapshot, const v1::GetFrameworkRequest& request,
                             v1::GetFrameworkResponse* response) {
  const auto work = WorkOf(snapshot, {request.set().begin(), request.set().end()});
  if (!work.ok()) return work.status();
  auto answer = ShowFramework(*work);
  if (!answer.ok()) return answer.status();
  *response = *std::move(answer);
  return absl::OkStatus();
}

// What a fleet has and how it is shared out is measured: assumptions about that would change
// nothing.
absl::Status CheckSetFromLive(const v1::SimulateRequest& request) {
  for (const std::string& set : request.set()) {
    for (const std::string_view key : {"supply.", "scenarios."}) {
      if (!set.starts_with(key)) continue;
      return absl::InvalidArgumentError(
          fmt::format("set: {} says what is measured, from live; expected assumptions about "
                      "training, prices, throughput, revenue or tiers",
                      AsciiQuoted(set)));
    }
  }
  return absl::OkStatus();
}

absl::Status AnswerSimulation(const Snapshot& snapshot, const v1::SimulateRequest& request,
                              v1::SimulateResponse* response) {
  if (request.from_live() && !request.scenario().empty()) {
    return absl::InvalidArgumentError(
        "from_live and scenario both say where to start; expected one of the two");
  }
  if (request.from_live()) {
    if (absl::Status status = CheckSetFromLive(request); !status.ok()) return status;
  }
  const auto work = WorkOf(snapshot, SetOf(request));
  if (!work.ok()) return work.status();
  std::optional<framework::LiveShares> live;
  if (request.from_live()) {
    auto shares = LiveStart(ComparePlan(snapshot));
    if (!shares.ok()) return shares.status();
    live = *std::move(shares);
  }
  auto answer = SimulateIn(*work, request, live);
  if (!answer.ok()) return answer.status();
  *response = *std::move(answer);
  if (live) FillBasis(snapshot, *response->mutable_live_basis());
  return absl::OkStatus();
}

}  // namespace

template <class Request, class Response>
grpc::ServerUnaryReactor* PlanService::AnswerCall(grpc::CallbackServerContext* context,
                                                  const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  grpc::Status status = access_.Admit(*context, Role::kQuery, &caller);
  if (status.ok()) status = Answer(caller, *request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status PlanService::Answer(const Caller& caller, const v1::GetFrameworkRequest& request,
                                 v1::GetFrameworkResponse* response) {
  const grpc::Status refused = access_.RequireAllPools(caller);
  return refused.ok() ? ToGrpc(AnswerFramework(*snapshots_.Take(), request, response)) : refused;
}

grpc::Status PlanService::Answer(const Caller& caller, const v1::SimulateRequest& request,
                                 v1::SimulateResponse* response) {
  const grpc::Status refused = access_.RequireAllPools(caller);
  return refused.ok() ? ToGrpc(AnswerSimulation(*snapshots_.Take(), request, response)) : refused;
}

grpc::Status PlanService::Answer(const Caller& caller, const v1::CompareRequest&,
                                 v1::CompareResponse* response) {
  const grpc::Status refused = access_.RequireAllPools(caller);
  if (!refused.ok()) return refused;
  const auto snapshot = snapshots_.Take();
  FillComparison(*snapshot, ComparePlan(*snapshot), *response);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* PlanService::GetFramework(grpc::CallbackServerContext* context,
                                                    const v1::GetFrameworkRequest* request,
                                                    v1::GetFrameworkResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* PlanService::Simulate(grpc::CallbackServerContext* context,
                                                const v1::SimulateRequest* request,
                                                v1::SimulateResponse* response) {
  return AnswerCall(context, request, response);
}

grpc::ServerUnaryReactor* PlanService::Compare(grpc::CallbackServerContext* context,
                                               const v1::CompareRequest* request,
                                               v1::CompareResponse* response) {
  return AnswerCall(context, request, response);
}

}  // namespace fleetmeter
