#include "daemon/query/plan_service.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "daemon/accounting/plan_comparison.h"
#include "daemon/config/load_framework.h"
#include "daemon/query/comparison_messages.h"
#include "daemon/query/framework_messages.h"
#include "daemon/query/snapshot_messages.h"

namespace fleetmeter {
namespace {

constexpr int kMaxOverrides = 64;

grpc::Status ToGrpc(const absl::Status& status) {
  return {static_cast<grpc::StatusCode>(status.code()), std::string(status.message())};
}

// The assumptions in force, with the request's overrides on top, and the baseline without them.
struct Basis {
  const FrameworkDocument* document = nullptr;  // in force, or `overridden`
  FrameworkDocument overridden;
  framework::Baseline baseline;
  std::vector<std::string> overrides;
};

using Texts = google::protobuf::RepeatedPtrField<std::string>;

absl::Status MakeBasis(const Snapshot& snapshot, const Texts& set, Basis* out) {
  if (!snapshot.model->framework) {
    return absl::FailedPreconditionError(
        "this daemon has no framework; expected the setting framework in its configuration");
  }
  if (set.size() > kMaxOverrides) {
    return absl::InvalidArgumentError(
        fmt::format("set: has {} entries; expected at most {}", set.size(), kMaxOverrides));
  }
  out->document = &*snapshot.model->framework;
  auto baseline = framework::MakeBaseline(out->document->assumptions);
  if (!baseline.ok()) return baseline.status();
  out->baseline = *std::move(baseline);
  out->overrides.assign(set.begin(), set.end());
  if (set.empty()) return absl::OkStatus();
  std::vector<YamlOverride> overrides;
  for (const std::string& text : set) {
    auto override = ParseYamlOverride(text);
    if (!override.ok()) return override.status();
    overrides.push_back(*std::move(override));
  }
  auto overridden = Override(*out->document, overrides);
  if (!overridden.ok()) return overridden.status();
  out->overridden = *std::move(overridden);
  out->document = &out->overridden;
  return absl::OkStatus();
}

absl::Status AnswerFramework(const Snapshot& snapshot, const v1::GetFrameworkRequest& request,
                             v1::GetFrameworkResponse* response) {
  Basis basis;
  if (absl::Status status = MakeBasis(snapshot, request.set(), &basis); !status.ok()) return status;
  auto message = FrameworkMessage(basis.document->assumptions, basis.document->sensitivity,
                                  basis.baseline, basis.overrides);
  if (!message.ok()) return message.status();
  *response = *std::move(message);
  return absl::OkStatus();
}

// Where the simulation starts: the fleet as it is, or a scenario.
absl::StatusOr<framework::Position> StartOf(const Snapshot& snapshot,
                                            const framework::Assumptions& assumptions,
                                            const v1::SimulateRequest& request,
                                            v1::SimulateResponse* response) {
  if (request.from_live()) {
    if (!request.scenario().empty()) {
      return absl::InvalidArgumentError(
          "from_live and scenario both say where to start; expected one of the two");
    }
    const auto live = LiveStart(ComparePlan(snapshot));
    if (!live.ok()) return live.status();
    FillBasis(snapshot, *response->mutable_live_basis());
    response->set_start("live");
    return framework::PositionOf(assumptions, *live);
  }
  const std::string& scenario =
      request.scenario().empty() ? assumptions.baseline : request.scenario();
  const auto allocation = framework::Allocate(assumptions, scenario);
  if (!allocation.ok()) return allocation.status();
  response->set_start("scenario " + scenario);
  return framework::PositionOf(*allocation, assumptions.revenue.utilization);
}

absl::Status AnswerSimulation(const Snapshot& snapshot, const v1::SimulateRequest& request,
                              v1::SimulateResponse* response) {
  const auto changes = ChangesOf(request);
  if (!changes.ok()) return changes.status();
  Texts set = request.set();
  if (!request.curve().empty()) *set.Add() = "revenue.curve=" + request.curve();
  Basis basis;
  if (absl::Status status = MakeBasis(snapshot, set, &basis); !status.ok()) return status;
  const framework::Assumptions& assumptions = basis.document->assumptions;
  const auto start = StartOf(snapshot, assumptions, request, response);
  if (!start.ok()) return start.status();
  const auto simulation = framework::Simulate(assumptions, *start, basis.baseline, *changes);
  if (!simulation.ok()) return simulation.status();
  response->MergeFrom(SimulationMessage(*simulation, basis.baseline));
  *response->mutable_basis() = BasisMessage(assumptions, basis.overrides);
  response->set_mode(request.mode().empty() ? "grow-revenue" : request.mode());
  return absl::OkStatus();
}

}  // namespace

template <class Fill>
grpc::ServerUnaryReactor* PlanService::Answer(grpc::CallbackServerContext* context,
                                              const Fill& fill) const {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  grpc::Status status = access_.Admit(*context, Role::kQuery, &caller);
  if (status.ok()) status = ToGrpc(fill(*writer_.TakeSnapshot()));
  reactor->Finish(status);
  return reactor;
}

grpc::ServerUnaryReactor* PlanService::GetFramework(grpc::CallbackServerContext* context,
                                                    const v1::GetFrameworkRequest* request,
                                                    v1::GetFrameworkResponse* response) {
  return Answer(context, [&](const Snapshot& snapshot) {
    return AnswerFramework(snapshot, *request, response);
  });
}

grpc::ServerUnaryReactor* PlanService::Simulate(grpc::CallbackServerContext* context,
                                                const v1::SimulateRequest* request,
                                                v1::SimulateResponse* response) {
  return Answer(context, [&](const Snapshot& snapshot) {
    return AnswerSimulation(snapshot, *request, response);
  });
}

grpc::ServerUnaryReactor* PlanService::Compare(grpc::CallbackServerContext* context,
                                               const v1::CompareRequest*,
                                               v1::CompareResponse* response) {
  return Answer(context, [&](const Snapshot& snapshot) {
    FillComparison(snapshot, ComparePlan(snapshot), *response);
    return absl::OkStatus();
  });
}

}  // namespace fleetmeter
