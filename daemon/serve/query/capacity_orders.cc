// The part of the Capacity service that changes something.
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "daemon/serve/query/capacity_messages.h"
#include "daemon/serve/query/capacity_rights.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {
namespace {

constexpr int kMostDecisions = 10'000;

// What an order counts for in the writer's queue, beside reports.
size_t QueueWeight(const capacity::CapacityOrder& order) {
  const auto* decide = std::get_if<capacity::DecideOrder>(&order.what);
  return decide == nullptr ? 1 : std::max<size_t>(1, decide->decisions.size());
}

absl::Status CheckDecisions(const v1::DecideCapacityRequest& request) {
  if (request.decisions_size() > 0 && request.decisions_size() <= kMostDecisions) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(
      fmt::format("decisions: has {}; expected 1 to {}", request.decisions_size(), kMostDecisions));
}

// The revision that the caller's right was checked with is the one that is decided: what the
// request became since may be another pool's.
capacity::Decision DecisionOf(const v1::CapacityDecision& message,
                              const capacity::CapacityBook& book) {
  capacity::Decision decision;
  decision.request_id = message.request_id();
  decision.revision =
      message.has_revision() ? message.revision() : book.Find(message.request_id())->revision;
  decision.chips = message.chips();
  if (message.has_start_unix_seconds()) decision.start_unix_seconds = message.start_unix_seconds();
  if (message.has_hours()) decision.hours = message.hours();
  decision.reason = message.reason();
  return decision;
}

// Whether it is what somebody has asked for already.
bool IsSameAgain(const capacity::CapacityBook& book, const capacity::CapacityForm& form) {
  const capacity::CapacityRequest* found = book.Find(form.request_id);
  return found != nullptr && found->form == form;
}

// A request that the caller may not know may have come in between. The message would tell of it.
absl::Status WithoutSecrets(const absl::Status& status, const Concerned& concerned,
                            const CapacityRights& rights, const capacity::CapacityBook& book) {
  for (const std::string& id : concerned.request_ids) {
    const capacity::CapacityRequest* found = book.Find(id);
    if (found == nullptr || rights.Knows(*found)) continue;
    if (absl::IsAlreadyExists(status)) {
      return absl::AlreadyExistsError(
          fmt::format("request_id: {} is another request's; expected one that is free", id));
    }
    return absl::Status(status.code(), fmt::format("request {} has changed meanwhile", id));
  }
  return status;
}

}  // namespace

grpc::ServerUnaryReactor* CapacityService::Submit(grpc::CallbackServerContext* context,
                                                  const v1::SubmitCapacityRequest* request,
                                                  v1::ChangeCapacityResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kAsk}, reactor, &caller)) return reactor;
  const CapacityMoment moment = Now();
  const CapacityRights rights(access_, caller);
  if (grpc::Status refused = rights.CheckSubmit(*moment.book, *request); !refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  std::vector<Violation> wrong;
  capacity::SubmitOrder submit{.form = FormOf(request->form(), &wrong),
                               .revision = std::nullopt,
                               .knows_supply = rights.sight().all};
  if (request->has_revision()) submit.revision = request->revision();
  const bool known =
      rights.KnowsPool(moment.plan(), submit.form.pool) || IsSameAgain(*moment.book, submit.form);
  if (!wrong.empty() || !known) {
    const ReadForm read = CheckFormMessage(moment, request->form(),
                                           {.all = submit.knows_supply, .may = [&](auto pool) {
                                              return rights.KnowsPool(moment.plan(), pool);
                                            }});
    reactor->Finish(ToGrpc(Shortened(InvalidForm(read.violations))));
    return reactor;
  }
  Order({.identity = caller.identity, .reason = request->reason(), .what = std::move(submit)},
        caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* CapacityService::Withdraw(grpc::CallbackServerContext* context,
                                                    const v1::WithdrawCapacityRequest* request,
                                                    v1::ChangeCapacityResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kAsk}, reactor, &caller)) return reactor;
  const CapacityRights rights(access_, caller);
  if (grpc::Status refused = rights.CheckWithdraw(*writer_.capacity(), *request); !refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  Order({.identity = caller.identity,
         .reason = request->reason(),
         .what = capacity::WithdrawOrder{.request_id = request->request_id()}},
        caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* CapacityService::Rank(grpc::CallbackServerContext* context,
                                                const v1::RankCapacityRequest* request,
                                                v1::ChangeCapacityResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kDecide}, reactor, &caller)) return reactor;
  const CapacityRights rights(access_, caller);
  if (grpc::Status refused = rights.CheckRank(*request); !refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  const auto nature = ReadNature(request->nature());
  if (!nature.ok()) {
    reactor->Finish(ToGrpc(Shortened(nature.status())));
    return reactor;
  }
  Order({.identity = caller.identity,
         .reason = request->reason(),
         .what = capacity::RankOrder{.pool = request->pool(),
                                     .nature = *nature,
                                     .workloads = {request->workloads().begin(),
                                                   request->workloads().end()}}},
        caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* CapacityService::Decide(grpc::CallbackServerContext* context,
                                                  const v1::DecideCapacityRequest* request,
                                                  v1::ChangeCapacityResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kDecide, Role::kAllocate}, reactor, &caller)) return reactor;
  const std::shared_ptr<const capacity::CapacityBook> book = writer_.capacity();
  const CapacityRights rights(access_, caller);
  grpc::Status refused = ToGrpc(CheckDecisions(*request));
  if (refused.ok()) refused = rights.CheckDecide(*book, *request);
  if (!refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  capacity::DecideOrder decide;
  for (const v1::CapacityDecision& decision : request->decisions()) {
    decide.decisions.push_back(DecisionOf(decision, *book));
  }
  Order({.identity = caller.identity, .reason = request->reason(), .what = std::move(decide)},
        caller, reactor, response);
  return reactor;
}

grpc::ServerUnaryReactor* CapacityService::Release(grpc::CallbackServerContext* context,
                                                   const v1::ReleaseCapacityRequest* request,
                                                   v1::ChangeCapacityResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  Caller caller;
  if (!Admit(context, {Role::kAsk, Role::kDecide}, reactor, &caller)) return reactor;
  const CapacityRights rights(access_, caller);
  if (grpc::Status refused = rights.CheckRelease(*writer_.capacity(), *request); !refused.ok()) {
    reactor->Finish(refused);
    return reactor;
  }
  Order({.identity = caller.identity,
         .reason = request->reason(),
         .what = capacity::ReleaseOrder{.request_id = request->request_id(),
                                        .end_unix_seconds = request->end_unix_seconds()}},
        caller, reactor, response);
  return reactor;
}

void CapacityService::Order(capacity::CapacityOrder order, const Caller& caller,
                            grpc::ServerUnaryReactor* reactor,
                            v1::ChangeCapacityResponse* response) {
  Submission submission;
  submission.stream.identity = caller.identity;
  submission.weight = QueueWeight(order);
  submission.capacity_done = [this, concerned = ConcernedBy(order), caller, reactor,
                              response](const capacity::CapacityAnswer& answer) {
    reactor->Finish(AnswerChange(concerned, answer, caller, response));
  };
  submission.capacity_order = std::move(order);
  switch (writer_.TrySubmit(submission)) {
    case Writer::Submitted::kYes:
      return;
    case Writer::Submitted::kFull:
      reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED, "the queue is full; try again"});
      return;
    case Writer::Submitted::kStopping:
      reactor->Finish({grpc::StatusCode::UNAVAILABLE, "the daemon is stopping"});
  }
}

grpc::Status CapacityService::AnswerChange(const Concerned& concerned,
                                           const capacity::CapacityAnswer& answer,
                                           const Caller& caller,
                                           v1::ChangeCapacityResponse* response) {
  const CapacityMoment moment = Now();
  if (!answer.status.ok()) {
    const CapacityRights rights(access_, caller);
    return ToGrpc(Shortened(WithoutSecrets(answer.status, concerned, rights, *moment.book)));
  }
  for (const capacity::CapacityEvent& event : answer.events) Audit(*moment.book, event, caller);
  response->set_nothing_to_do(answer.nothing_to_do);
  FillChange(moment, answer.events, concerned, response);
  return grpc::Status::OK;
}

void CapacityService::Audit(const capacity::CapacityBook& book,
                            const capacity::CapacityEvent& event, const Caller& caller) {
  const std::string chips = event.granted_chips == 0 ? "" : std::to_string(event.granted_chips);
  const capacity::CapacityRequest* request = book.Find(event.request_id);
  access_.audit().Done({{"event", "capacity_" + std::string(capacity::Name(event.action))},
                        {"identity", caller.identity},
                        {"peer", caller.peer},
                        {"number", std::to_string(event.number)},
                        {"request", event.request_id},
                        {"pool", request == nullptr ? event.pool : request->form.pool},
                        {"team", request == nullptr ? "" : request->form.team},
                        {"chips", chips},
                        {"reason", event.reason}});
}

}  // namespace fleetmeter
