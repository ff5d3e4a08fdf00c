#include <utility>

#include "daemon/serve/api/api_call.h"
#include "daemon/serve/query/admin_service.h"
#include "daemon/serve/query/capacity_service.h"
#include "daemon/serve/query/outcome_service.h"
#include "daemon/serve/query/plan_service.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {
namespace {

// What a call is asked with, and what it answers.
template <class Request, class Response>
ApiCall OfTypes(std::string_view path, std::string_view rpc, std::string_view summary) {
  ApiCall call;
  call.path = path;
  call.rpc = rpc;
  call.summary = summary;
  call.request = Request::descriptor();
  call.response = Response::descriptor();
  call.make_request = [] { return std::make_shared<Request>(); };
  return call;
}

// `answer(caller, request, response)` gives a status at once.
template <class Request, class Response, class Answer>
ApiCall AtOnce(std::string_view path, std::string_view rpc, std::string_view summary,
               Answer answer) {
  ApiCall call = OfTypes<Request, Response>(path, rpc, summary);
  call.ask = [answer](const Caller& caller, const std::shared_ptr<const ApiMessage>& request,
                      const ApiDone& done) {
    auto response = std::make_shared<Response>();
    const grpc::Status status =
        answer(caller, static_cast<const Request&>(*request), response.get());
    done(status, std::move(response));
  };
  return call;
}

// `ask(caller, request, response, done)` gives it later.
template <class Request, class Response, class Ask>
ApiCall Later(std::string_view path, std::string_view rpc, std::string_view summary, Ask ask) {
  ApiCall call = OfTypes<Request, Response>(path, rpc, summary);
  call.ask = [ask](const Caller& caller, const std::shared_ptr<const ApiMessage>& request,
                   const ApiDone& done) {
    auto response = std::make_shared<Response>();
    Response* const filled = response.get();
    ask(caller, static_cast<const Request&>(*request), filled,
        [request, response = std::move(response), done](const grpc::Status& status) {
          done(status, response);
        });
  };
  return call;
}

template <class Request, class Response, class Service>
ApiCall OfService(std::string_view path, std::string_view rpc, std::string_view summary,
                  Service& service) {
  return AtOnce<Request, Response>(
      path, rpc, summary,
      [&service](const Caller& caller, const Request& request, Response* response) {
        return service.Answer(caller, request, response);
      });
}

template <class Request, class Response, class Service>
ApiCall OfLedger(std::string_view path, std::string_view rpc, std::string_view summary,
                 Service& service) {
  return Later<Request, Response>(
      path, rpc, summary,
      [&service](const Caller& caller, const Request& request, Response* response,
                 const LedgerQuestions::Done& done) {
        service.Ask(caller, request, response, done);
      });
}

template <class Response>
ApiCall AsStream(ApiCall call) {
  call.kind = ApiCall::Kind::kStream;
  call.substance = [](const ApiMessage& answer) {
    return QueryService::Substance(static_cast<const Response&>(answer));
  };
  return call;
}

ApiCall ForAdmins(ApiCall call) {
  call.role = Role::kAdmin;
  return call;
}

void AddFleet(QueryService& query, std::vector<ApiCall>* calls) {
  using v1::GetPlanRequest, v1::GetPlanResponse, v1::GetPoolHistoryRequest,
      v1::GetPoolHistoryResponse, v1::GetSupplyRequest, v1::GetSupplyResponse, v1::HeadroomRequest,
      v1::HeadroomResponse, v1::ListHoldersRequest, v1::ListHoldersResponse, v1::ListPoolsRequest,
      v1::ListPoolsResponse, v1::ListVersionsRequest, v1::ListVersionsResponse;
  calls->push_back(OfService<ListPoolsRequest, ListPoolsResponse>(
      "pools", "fleetmeter.v1.Query.ListPools",
      "The pools of the plan in force, in the plan's order.", query));
  calls->push_back(OfService<HeadroomRequest, HeadroomResponse>(
      "headroom", "fleetmeter.v1.Query.GetHeadroom", "One pool, and what it can admit.", query));
  calls->push_back(OfService<GetSupplyRequest, GetSupplyResponse>(
      "supply", "fleetmeter.v1.Query.GetSupply",
      "What the organisation has, by provider and chip kind.", query));
  calls->push_back(OfService<GetPlanRequest, GetPlanResponse>("plan", "fleetmeter.v1.Query.GetPlan",
                                                              "The plan in force.", query));
  calls->push_back(OfLedger<GetPoolHistoryRequest, GetPoolHistoryResponse>(
      "history/pools", "fleetmeter.v1.Query.GetPoolHistory",
      "What pools held in the past, from the ledger.", query));
  calls->push_back(OfLedger<ListVersionsRequest, ListVersionsResponse>(
      "versions", "fleetmeter.v1.Query.ListVersions",
      "Which versions of plans, the catalog, the price book and benchmark suites were new.",
      query));
  calls->push_back(OfLedger<ListHoldersRequest, ListHoldersResponse>(
      "holders", "fleetmeter.v1.Query.ListHolders",
      "Who holds chips of a pool, and since when without a break.", query));
  calls->push_back(AsStream<ListPoolsResponse>(OfService<ListPoolsRequest, ListPoolsResponse>(
      "watch/pools", "fleetmeter.v1.Query.ListPools",
      "The pools, at once and whenever something has changed, at most once a second.", query)));
  calls->push_back(AsStream<HeadroomResponse>(OfService<HeadroomRequest, HeadroomResponse>(
      "watch/headroom", "fleetmeter.v1.Query.WatchHeadroom",
      "One pool, at once and whenever something has changed, at most once in the interval.",
      query)));
}

void AddPlans(PlanService& plan, std::vector<ApiCall>* calls) {
  calls->push_back(OfService<v1::CompareRequest, v1::CompareResponse>(
      "compare", "fleetmeter.v1.Plan.Compare", "The plan in force beside what is measured.", plan));
  calls->push_back(OfService<v1::GetFrameworkRequest, v1::GetFrameworkResponse>(
      "framework", "fleetmeter.v1.Plan.GetFramework",
      "The assumptions in force and every table they make.", plan));
  calls->push_back(OfService<v1::SimulateRequest, v1::SimulateResponse>(
      "simulate", "fleetmeter.v1.Plan.Simulate", "The answer to a what-if question.", plan));
}

void AddOutcomes(OutcomeService& outcomes, std::vector<ApiCall>* calls) {
  calls->push_back(OfLedger<v1::GetMarginRequest, v1::MarginReport>(
      "margin", "fleetmeter.v1.Outcomes.GetMargin",
      "Margin per inference request, and why it changed.", outcomes));
  calls->push_back(OfLedger<v1::GetCapabilityRequest, v1::CapabilityReport>(
      "capability", "fleetmeter.v1.Outcomes.GetCapability", "Capability per hour of training.",
      outcomes));
  calls->push_back(OfLedger<v1::GetBookedRequest, v1::BookedOutcomes>(
      "booked", "fleetmeter.v1.Outcomes.GetBooked", "What the books hold of one source.",
      outcomes));
  calls->push_back(OfLedger<v1::GetPricesRequest, v1::Prices>(
      "prices", "fleetmeter.v1.Outcomes.GetPrices",
      "What the price book in force makes of requests.", outcomes));
  calls->push_back(OfLedger<v1::GetCorrectionsRequest, v1::Corrections>(
      "corrections", "fleetmeter.v1.Outcomes.GetCorrections",
      "The corrections that the books have, the latest first.", outcomes));
}

// Requests for capacity are made, and decided, over gRPC only.
void AddCapacity(CapacityService& capacity, std::vector<ApiCall>* calls) {
  calls->push_back(OfLedger<v1::ListCapacityRequest, v1::ListCapacityResponse>(
      "requests", "fleetmeter.v1.Capacity.List",
      "Requests for capacity, in the order of their submission.", capacity));
  calls->push_back(OfLedger<v1::GetCapacityRequest, v1::GetCapacityResponse>(
      "request", "fleetmeter.v1.Capacity.Get",
      "One request, with everything that was decided about it.", capacity));
  calls->push_back(OfLedger<v1::CheckCapacityRequest, v1::CheckCapacityResponse>(
      "check", "fleetmeter.v1.Capacity.Check",
      "What is wrong with a request that is not submitted, and whether it fits.", capacity));
  calls->push_back(OfLedger<v1::GetRankingRequest, v1::GetRankingResponse>(
      "ranking", "fleetmeter.v1.Capacity.GetRanking",
      "The undecided requests, best first, and why each stands where it stands.", capacity));
  calls->push_back(OfLedger<v1::GetTimelineRequest, v1::GetTimelineResponse>(
      "timeline", "fleetmeter.v1.Capacity.GetTimeline",
      "What a pool has allocated and committed over time.", capacity));
  calls->push_back(OfLedger<v1::ListGrantsRequest, v1::ListGrantsResponse>(
      "grants", "fleetmeter.v1.Capacity.ListGrants", "Grants and how they were used.", capacity));
  calls->push_back(OfLedger<v1::GetResultsRequest, v1::GetResultsResponse>(
      "results", "fleetmeter.v1.Capacity.GetResults",
      "What came of grants, beside what was promised.", capacity));
  calls->push_back(OfLedger<v1::ListBudgetsRequest, v1::ListBudgetsResponse>(
      "budgets", "fleetmeter.v1.Capacity.ListBudgets",
      "Budgets of H100e-hours: used, pace and projected end.", capacity));
  calls->push_back(OfLedger<v1::GetLendingRequest, v1::GetLendingResponse>(
      "lending", "fleetmeter.v1.Capacity.GetLending", "Who borrowed from whom.", capacity));
}

void AddSources(AdminService& admin, std::vector<ApiCall>* calls) {
  calls->push_back(ForAdmins(AtOnce<v1::ListSourcesRequest, v1::ListSourcesResponse>(
      "sources", "fleetmeter.v1.Admin.ListSources",
      "Who reports, since when, and who has fallen silent.",
      [&admin](const Caller&, const v1::ListSourcesRequest& request,
               v1::ListSourcesResponse* response) { return admin.Answer(request, response); })));
  calls->push_back(ForAdmins(OfLedger<v1::ListRejectedRequest, v1::ListRejectedResponse>(
      "rejected", "fleetmeter.v1.Admin.ListRejected",
      "The latest reports that were rejected, and why.", admin)));
  calls->push_back(ForAdmins(AtOnce<v1::ListEntriesRequest, v1::ListEntriesResponse>(
      "entries", "fleetmeter.v1.Admin.ListEntries",
      "What people have decided about the books, oldest first.",
      [&admin](const Caller&, const v1::ListEntriesRequest& request,
               v1::ListEntriesResponse* response) { return admin.Answer(request, response); })));
}

}  // namespace

std::vector<ApiCall> MakeApiCalls(const ApiServices& services) {
  std::vector<ApiCall> calls;
  AddFleet(services.query, &calls);
  AddPlans(services.plan, &calls);
  AddOutcomes(services.outcomes, &calls);
  AddCapacity(services.capacity, &calls);
  AddSources(services.admin, &calls);
  return calls;
}

}  // namespace fleetmeter
