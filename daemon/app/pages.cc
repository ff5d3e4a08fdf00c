#include "daemon/app/pages.h"

#include <fmt/format.h>

#include "daemon/base/clock.h"
#include "daemon/base/version.h"
#include "daemon/serve/metrics/metrics_page.h"

namespace fleetmeter {
namespace {

constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";
// A queue that stays full this long means that we cannot keep up.
constexpr int64_t kFullTooLong = 10 * kNanosPerSecond;

HttpResponse Metrics(const PageSources& from) {
  Scrapes& scrapes = from.scrapes;
  const bool final = scrapes.final();  // before the snapshot is taken
  const SystemClock clock;
  std::string body = RenderMetrics({.writer = from.writer,
                                    .metrics = from.metrics,
                                    .segments = from.outcomes.segments(),
                                    .outcomes = from.outcomes.Facts(),
                                    .healthy = from.health.Get().ok(),
                                    .clock = clock});
  return {200, kMetricsType, std::move(body), [&scrapes, final] { scrapes.Sent(final); }};
}

HttpResponse Text(int status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body), nullptr};
}

// What people should know although nothing is refused for it.
std::string Remarks(const Writer& writer) {
  const std::string trouble = writer.clock_state().Trouble();
  return trouble.empty() ? "" : trouble + "\n";
}

HttpResponse Healthy(const Writer& writer, const Health& health) {
  const absl::Status status = health.Get();
  if (!status.ok()) return Text(503, std::string(status.message()) + "\n");
  return Text(200, "ok\n" + Remarks(writer));
}

HttpResponse Ready(const Writer& writer, const Readiness& readiness) {
  if (!readiness.Get()) return Text(503, "starting or stopping\n");
  if (const int64_t full = writer.FullForNanos(); full > kFullTooLong) {
    return Text(503, fmt::format("the queue of {} reports has been full for {} s\n",
                                 writer.queue_limit_reports(), full / kNanosPerSecond));
  }
  if (const std::string trouble = writer.LedgerTrouble(); !trouble.empty()) {
    return Text(503, fmt::format("the ledger takes no commits: {}\n", trouble));
  }
  return Text(200, "ready\n" + Remarks(writer));
}

HttpResponse Index() {
  return {200, "text/html; charset=utf-8",
          fmt::format("<!doctype html><title>Fleetmeter</title><h1>Fleetmeter {}</h1><ul>"
                      "<li><a href=\"/metrics\">/metrics</a> for Prometheus"
                      "<li><a href=\"/readyz\">/readyz</a> says whether the daemon takes reports"
                      "<li><a href=\"/healthz\">/healthz</a> says whether the daemon works</ul>\n",
                      kVersion),
          nullptr};
}

}  // namespace

std::map<std::string, HttpServer::Handler> MakePages(const PageSources& sources) {
  return {
      {"/", Index},
      {"/healthz", [sources] { return Healthy(sources.writer, sources.health); }},
      {"/readyz", [sources] { return Ready(sources.writer, sources.readiness); }},
      {"/metrics", [sources] { return Metrics(sources); }},
  };
}

}  // namespace fleetmeter
