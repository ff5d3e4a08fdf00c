#include "daemon/ctl/report/fetch_answers.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "daemon/base/units.h"
#include "daemon/ctl/explain_unavailable.h"
#include "daemon/ctl/print/text_cells.h"
#include "fleetmeter/v1/admin.grpc.pb.h"
#include "fleetmeter/v1/capacity.grpc.pb.h"
#include "fleetmeter/v1/outcomes.grpc.pb.h"
#include "fleetmeter/v1/plan.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter::ctl::report {
namespace {

constexpr int kMostMessageBytes = 256 << 20;
constexpr uint32_t kRequestsOfPage = 10'000;
constexpr uint32_t kMostMarginRows = 50;

// Why a part of the report is not there, for whoever reads it.
absl::Status Refusal(const grpc::Status& status) {
  const std::string said = Printable(status.error_message());
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  switch (status.error_code()) {
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return absl::Status(code, "Who made this report may not ask for it: " + said);
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::Status(code, "This daemon does not serve it.");
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::INVALID_ARGUMENT:
      return absl::Status(code, "The daemon cannot tell: " + said);
    default:
      return absl::Status(code, "The daemon did not answer: " + said);
  }
}

// One listener of a daemon. Remembers whether it could be reached.
class Listener {
 public:
  static absl::StatusOr<Listener> Open(const std::string& address, const Connection& connection) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(kMostMessageBytes);
    const auto credentials = MakeChannelCredentials(connection.tls, &arguments);
    if (!credentials.ok()) return credentials.status();
    return Listener(address, connection,
                    grpc::CreateCustomChannel(address, *credentials, arguments));
  }

  template <class Stub, class Request, class Response>
  absl::StatusOr<Response> Ask(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + connection_->timeout);
    Response response;
    Stub stub(channel_);
    const grpc::Status status = (stub.*method)(&context, request, &response);
    if (status.ok()) return response;
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE) unreachable_ = Unreachable(status);
    return Refusal(status);
  }

  // OK, or why the daemon was not there at some time.
  const absl::Status& unreachable() const { return unreachable_; }

 private:
  Listener(std::string address, const Connection& connection,
           std::shared_ptr<grpc::Channel> channel)
      : address_(std::move(address)), connection_(&connection), channel_(std::move(channel)) {}

  absl::Status Unreachable(const grpc::Status& status) const {
    const std::string why = ExplainUnavailable(address_, connection_->tls, status);
    return absl::UnavailableError(
        why.empty() ? fmt::format("cannot reach fleetmeterd at {}: {}; is it running, and is that "
                                  "its listen.query? Set --address or FLEETMETER_ADDRESS",
                                  address_, CauseOf(Printable(status.error_message())))
                    : fmt::format("cannot reach fleetmeterd at {}: {}", address_, why));
  }

  std::string address_;
  const Connection* connection_;
  std::shared_ptr<grpc::Channel> channel_;
  absl::Status unreachable_;
};

// All pages of a list.
absl::StatusOr<v1::ListCapacityResponse> AskRequests(Listener& query,
                                                     v1::ListCapacityRequest request) {
  request.set_page_size(kRequestsOfPage);
  auto all = query.Ask(&v1::Capacity::Stub::List, request);
  while (all.ok() && !all->next_page_token().empty()) {
    request.set_page_token(all->next_page_token());
    const auto page = query.Ask(&v1::Capacity::Stub::List, request);
    if (!page.ok()) return page.status();
    all->mutable_requests()->MergeFrom(page->requests());
    all->set_next_page_token(page->next_page_token());
  }
  return all;
}

// All pages of a ranking. What changed between two of them is asked anew.
absl::StatusOr<v1::GetRankingResponse> AskRanking(Listener& query, const std::string& pool) {
  constexpr int kMostTries = 5;
  absl::StatusOr<v1::GetRankingResponse> all;
  for (int tries = 0; tries < kMostTries; ++tries) {
    v1::GetRankingRequest request;
    request.set_pool(pool);
    all = query.Ask(&v1::Capacity::Stub::GetRanking, request);
    while (all.ok() && !all->next_page_token().empty()) {
      request.set_page_token(all->next_page_token());
      const auto page = query.Ask(&v1::Capacity::Stub::GetRanking, request);
      if (!page.ok()) {
        all = page.status();
        break;
      }
      all->mutable_requests()->MergeFrom(page->requests());
      all->set_next_page_token(page->next_page_token());
    }
    if (!absl::IsAborted(all.status())) return all;
  }
  return all;
}

void FetchHistory(Listener& query, Answers* answers) {
  v1::GetPoolHistoryRequest history;
  history.set_from(std::to_string(answers->from_unix_seconds));
  history.set_until(std::to_string(answers->until_unix_seconds));
  history.set_step("1d");
  answers->history = query.Ask(&v1::Query::Stub::GetPoolHistory, history);
  v1::ListVersionsRequest versions;
  versions.set_since_unix_nanos(answers->from_unix_seconds * kNanosPerSecond);
  answers->versions = query.Ask(&v1::Query::Stub::ListVersions, versions);
}

void FetchFleet(Listener& query, Answers* answers) {
  answers->pools = query.Ask(&v1::Query::Stub::ListPools, v1::ListPoolsRequest());
  answers->plan = query.Ask(&v1::Query::Stub::GetPlan, v1::GetPlanRequest());
  answers->comparison = query.Ask(&v1::Plan::Stub::Compare, v1::CompareRequest());
  answers->framework = query.Ask(&v1::Plan::Stub::GetFramework, v1::GetFrameworkRequest());
}

void FetchOutcomes(Listener& query, Answers* answers) {
  v1::GetMarginRequest margin;
  margin.set_window("quarter");
  margin.set_limit(kMostMarginRows);
  answers->margin = query.Ask(&v1::Outcomes::Stub::GetMargin, margin);
  answers->capability = query.Ask(&v1::Outcomes::Stub::GetCapability, v1::GetCapabilityRequest());
  v1::GetCorrectionsRequest corrections;
  corrections.set_from_unix_nanos(answers->from_unix_seconds * kNanosPerSecond);
  corrections.set_to_unix_nanos(answers->until_unix_seconds * kNanosPerSecond);
  answers->corrections = query.Ask(&v1::Outcomes::Stub::GetCorrections, corrections);
  answers->results = query.Ask(&v1::Capacity::Stub::GetResults, v1::GetResultsRequest());
}

Answer<v1::CapacityFit> AskFit(Listener& query, const std::string& request_id) {
  v1::GetCapacityRequest request;
  request.set_request_id(request_id);
  const auto known = query.Ask(&v1::Capacity::Stub::Get, request);
  if (!known.ok()) return known.status();
  if (known->has_fit()) return known->fit();
  return absl::NotFoundError("It was decided while this report was made.");
}

// Whether the requests of a ranking fit: the daemon tells that of one request at a time.
void FetchFits(Listener& query, const Answer<v1::GetRankingResponse>& ranking, Answers* answers) {
  if (!ranking.ok()) return;
  for (const v1::RankedCapacity& ranked : ranking->requests()) {
    const std::string& id = ranked.request().form().request_id();
    answers->fits.insert_or_assign(id, AskFit(query, id));
    // The report is not made then.
    if (!query.unreachable().ok()) return;
  }
}

void FetchRankings(Listener& query, Answers* answers) {
  answers->between_pools = AskRanking(query, "");
  FetchFits(query, answers->between_pools, answers);
  if (!answers->open.ok()) return;
  std::set<std::string> pools;
  for (const v1::CapacityRequest& request : answers->open->requests()) {
    if (!request.form().beyond_allocation()) pools.insert(request.form().pool());
  }
  for (const std::string& pool : pools) {
    auto ranking = AskRanking(query, pool);
    FetchFits(query, ranking, answers);
    answers->rankings.emplace(pool, std::move(ranking));
  }
}

int64_t HoursBetween(int64_t start_unix_seconds, int64_t end_unix_seconds) {
  return (end_unix_seconds - start_unix_seconds) / kSecondsPerHour;
}

// For how many hours a request was granted. A release has moved the end of the grant itself, so
// that the event alone tells.
absl::StatusOr<int64_t> AskGrantedHours(Listener& query, const std::string& request_id) {
  v1::GetCapacityRequest question;
  question.set_request_id(request_id);
  const auto known = query.Ask(&v1::Capacity::Stub::Get, question);
  if (!known.ok()) return known.status();
  for (const v1::CapacityEvent& event : known->events()) {
    if (event.action() != "grant") continue;
    return HoursBetween(event.start_unix_seconds(), event.end_unix_seconds());
  }
  return absl::NotFoundError("The daemon does not tell when it was granted.");
}

// Of those that last less long than was asked, whether that was decided or they were released.
absl::Status FetchReleased(Listener& query, Answers* answers) {
  for (const v1::CapacityRequest& request : answers->changed->requests()) {
    const v1::CapacityGrant& grant = request.grant();
    const int64_t lasts = HoursBetween(grant.start_unix_seconds(), grant.end_unix_seconds());
    if (!request.has_grant() || lasts >= request.form().hours()) continue;
    const auto granted = AskGrantedHours(query, request.form().request_id());
    if (!granted.ok()) return granted.status();
    if (*granted > lasts) {
      answers->released_hours.insert_or_assign(request.form().request_id(), *granted);
    }
  }
  return absl::OkStatus();
}

void FetchDecisions(Listener& query, Answers* answers) {
  v1::ListCapacityRequest changed;
  changed.set_since_unix_nanos(answers->from_unix_seconds * kNanosPerSecond);
  answers->changed = AskRequests(query, changed);
  if (!answers->changed.ok()) return;
  if (absl::Status status = FetchReleased(query, answers); !status.ok()) answers->changed = status;
}

void FetchCapacity(Listener& query, Answers* answers) {
  v1::ListCapacityRequest open;
  open.set_state("open");
  answers->open = AskRequests(query, open);
  FetchRankings(query, answers);
  v1::ListGrantsRequest grants;
  grants.set_ended(true);
  answers->grants = query.Ask(&v1::Capacity::Stub::ListGrants, grants);
  answers->budgets = query.Ask(&v1::Capacity::Stub::ListBudgets, v1::ListBudgetsRequest());
  v1::GetLendingRequest lending;
  lending.set_from_unix_seconds(answers->from_unix_seconds);
  lending.set_to_unix_seconds(answers->until_unix_seconds);
  answers->lending = query.Ask(&v1::Capacity::Stub::GetLending, lending);
}

// The admin listener is off unless it is configured: then this part is not there.
void FetchEntries(const Connection& connection, Answers* answers) {
  auto admin = Listener::Open(connection.admin_address, connection);
  if (!admin.ok()) {
    answers->entries = admin.status();
    return;
  }
  answers->entries = admin->Ask(&v1::Admin::Stub::ListEntries, v1::ListEntriesRequest());
  if (!admin->unreachable().ok()) {
    answers->entries = absl::UnavailableError(
        fmt::format("No listen.admin of the daemon answers at {}; --admin-address names it.",
                    connection.admin_address));
  }
}

}  // namespace

absl::StatusOr<Answers> FetchAnswers(const Connection& connection, const Question& question) {
  auto query = Listener::Open(connection.address, connection);
  if (!query.ok()) return query.status();
  Answers answers;
  answers.from_unix_seconds = question.from_unix_seconds;
  answers.until_unix_seconds = question.until_unix_seconds;
  answers.asked_unix_seconds = question.asked_unix_seconds;
  FetchFleet(*query, &answers);
  if (!query->unreachable().ok()) return query->unreachable();
  if (question.history) FetchHistory(*query, &answers);
  FetchDecisions(*query, &answers);
  if (question.requests) FetchCapacity(*query, &answers);
  if (question.outcomes) FetchOutcomes(*query, &answers);
  if (question.administration) FetchEntries(connection, &answers);
  if (!query->unreachable().ok()) return query->unreachable();
  return answers;
}

}  // namespace fleetmeter::ctl::report
