#include "daemon/ctl/capacity/fetch_requests.h"

#include <string>

#include "absl/functional/function_ref.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMostTries = 5;

// All pages of an answer as one; `ask` gives the page of a question.
template <class Request, class Response>
absl::StatusOr<Response> FetchPages(absl::FunctionRef<absl::StatusOr<Response>(const Request&)> ask,
                                    Request question) {
  Response all;
  while (true) {
    auto page = ask(question);
    if (!page.ok()) return page.status();
    const std::string next = page->next_page_token();
    if (!next.empty() && next == question.page_token()) {
      return absl::InternalError("the daemon answers with the same page again; expected the next");
    }
    *all.mutable_basis() = page->basis();
    all.set_total(page->total());
    all.mutable_requests()->MergeFrom(page->requests());
    if (next.empty()) return all;
    question.set_page_token(next);
  }
}

}  // namespace

absl::StatusOr<v1::ListCapacityResponse> FetchRequests(QueryClient& client,
                                                       const v1::ListCapacityRequest& question) {
  return FetchPages<v1::ListCapacityRequest, v1::ListCapacityResponse>(
      [&](const v1::ListCapacityRequest& page) { return client.ListCapacity(page); }, question);
}

absl::StatusOr<v1::GetRankingResponse> FetchRanking(QueryClient& client,
                                                    const v1::GetRankingRequest& question) {
  absl::StatusOr<v1::GetRankingResponse> all;
  for (int tries = 0; tries < kMostTries; ++tries) {
    all = FetchPages<v1::GetRankingRequest, v1::GetRankingResponse>(
        [&](const v1::GetRankingRequest& page) { return client.GetRanking(page); }, question);
    if (!absl::IsAborted(all.status())) return all;
  }
  return all;
}

}  // namespace fleetmeter::ctl
