#include "daemon/ctl/capacity/fetch_requests.h"

namespace fleetmeter::ctl {
namespace {

constexpr int kMostTries = 5;

absl::StatusOr<v1::GetRankingResponse> FetchRankingOnce(QueryClient& client,
                                                        v1::GetRankingRequest question) {
  v1::GetRankingResponse all;
  while (true) {
    auto page = client.GetRanking(question);
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
                                                       v1::ListCapacityRequest question) {
  v1::ListCapacityResponse all;
  while (true) {
    auto page = client.ListCapacity(question);
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

absl::StatusOr<v1::GetRankingResponse> FetchRanking(QueryClient& client,
                                                    const v1::GetRankingRequest& question) {
  absl::StatusOr<v1::GetRankingResponse> all;
  for (int tries = 0; tries < kMostTries; ++tries) {
    all = FetchRankingOnce(client, question);
    if (!absl::IsAborted(all.status())) return all;
  }
  return all;
}

}  // namespace fleetmeter::ctl
