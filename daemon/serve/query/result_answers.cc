#include "daemon/serve/query/result_answers.h"

#include <algorithm>
#include <string>
#include <vector>

#include "daemon/base/text.h"
#include "daemon/serve/query/capacity_lists.h"
#include "daemon/serve/query/capacity_messages.h"
#include "daemon/view/result_review.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using capacity::CapacityRequest;

constexpr size_t kMostResults = 200;

using Granted = std::vector<const CapacityRequest*>;

bool HasResult(const CapacityRequest& request) {
  return request.grant && (!request.form.model.empty() || !request.form.run.empty());
}

absl::StatusOr<Granted> FindAsked(const capacity::CapacityBook& book, const std::string& id) {
  const auto request = FindInSight(book, PoolSight(), id);  // who asks sees all pools
  if (!request.ok()) return request.status();
  if (HasResult(**request)) return Granted{*request};
  return absl::FailedPreconditionError(
      fmt::format("request_id: request {} {}; results are told of grants that named a model or a "
                  "run",
                  Quoted(id), (*request)->grant ? "named neither" : "has no grant"));
}

// The one that began last first.
Granted FindAll(const capacity::CapacityBook& book) {
  Granted all;
  for (const auto& [id, request] : book.requests()) {
    if (HasResult(*request)) all.push_back(request.get());
  }
  std::stable_sort(all.begin(), all.end(), [](const CapacityRequest* a, const CapacityRequest* b) {
    return a->grant->start_unix_seconds > b->grant->start_unix_seconds;
  });
  return all;
}

void FillResult(const CapacityRequest& request, ResultReview review, int64_t now,
                v1::CapacityResult& to) {
  *to.mutable_request() = RequestMessage(request, now);
  if (review.revenue_micro_usd) to.set_revenue_micro_usd(*review.revenue_micro_usd);
  if (review.margin_per_request_usd) to.set_margin_per_request_usd(*review.margin_per_request_usd);
  if (review.capability_per_1000_h100e_hours) {
    to.set_capability_per_1000_h100_hours(*review.capability_per_1000_h100e_hours);
  }
  if (review.efficiency) {
    to.set_efficiency_gain_micro_usd(review.efficiency->micro_usd);
    to.set_unit(std::string(review.efficiency->unit));
    to.set_usd_per_unit_before(review.efficiency->usd_per_unit_before);
    to.set_usd_per_unit_since(review.efficiency->usd_per_unit_since);
  }
  to.set_standing(std::string(capacity::Name(review.standing)));
  for (std::string& why : review.why) to.add_why(std::move(why));
}

}  // namespace

absl::Status AnswerResults(Database& ledger, const CapacityMoment& moment,
                           const v1::GetResultsRequest& request, v1::GetResultsResponse* response) {
  auto asked = request.request_id().empty() ? FindAll(*moment.book)
                                            : FindAsked(*moment.book, request.request_id());
  if (!asked.ok()) return asked.status();
  FillBasis(moment, response->mutable_basis());
  if (asked->size() > kMostResults) {
    response->set_left_out(static_cast<uint32_t>(asked->size() - kMostResults));
    asked->resize(kMostResults);
  }
  if (asked->empty()) return absl::OkStatus();
  auto reviewer =
      ResultReviewer::Begin(ledger, moment.reference->outcomes, moment.now_unix_seconds());
  if (!reviewer.ok()) return reviewer.status();
  for (const CapacityRequest* each : *asked) {
    auto review = reviewer->Review(*each);
    if (!review.ok()) return review.status();
    FillResult(*each, *std::move(review), moment.now_unix_seconds(), *response->add_results());
  }
  return absl::OkStatus();
}

}  // namespace fleetmeter
