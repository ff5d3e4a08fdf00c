#include "daemon/app/metrics_pages.h"

#include <memory>
#include <string>
#include <utility>

#include "daemon/serve/api/api_error.h"

namespace fleetmeter {
namespace {

// One makes a page, and the other says meanwhile who may have it.
constexpr size_t kWorkers = 2;

GrantFacts FactsOf(const GrantBoard* board) {
  if (board == nullptr) return {};
  return {.view = board->view(), .refresh_failures = board->failures()};
}

}  // namespace

MetricsPages::MetricsPages(const Parts& parts)
    : parts_(parts),
      workers_(kWorkers),
      pages_([this](ExpositionForm form) { return Make(form); }, workers_) {}

void MetricsPages::Answer(HttpRequest request, HttpReply reply) {
  if (!parts_.tls) return pages_.Answer(request, std::move(reply));
  workers_.Add([this, request = std::move(request), reply = std::move(reply)] {
    AnswerIfAllowed(request, reply);
  });
}

void MetricsPages::AnswerIfAllowed(const HttpRequest& request, const HttpReply& reply) {
  Caller caller;
  grpc::Status status =
      parts_.access.Admit(HttpProof{.peer = request.peer,
                                    .certificate = request.client_certificate,
                                    .authorization = std::string(request.Header("authorization"))},
                          Role::kQuery, &caller);
  if (status.ok()) status = parts_.access.RequireAllPools(caller);
  if (!status.ok()) return reply(ErrorResponse(status));
  pages_.Answer(request, reply);
}

MetricsSources MetricsPages::Sources() const {
  return {.writer = parts_.writer,
          .metrics = parts_.metrics,
          .segments = parts_.outcomes.segments(),
          .outcomes = parts_.outcomes.Facts(),
          .grants = FactsOf(parts_.grants),
          .spending = parts_.outcomes.Spending(),
          .healthy = parts_.health.Get().ok(),
          .clock = clock_};
}

void MetricsPages::Write(SeriesWriter& out) const { WriteMetrics(Sources(), out); }

HttpResponse MetricsPages::Make(ExpositionForm form) const {
  Scrapes& scrapes = parts_.scrapes;
  const bool final = scrapes.final();  // before the snapshot is taken
  return {.status = 200, .body = RenderMetrics(Sources(), form), .on_sent = [&scrapes, final] {
            scrapes.Sent(final);
          }};
}

}  // namespace fleetmeter
