#include "daemon/ctl/capacity/fetch_requests.h"

namespace fleetmeter::ctl {

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

}  // namespace fleetmeter::ctl
