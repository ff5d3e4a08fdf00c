#include "collectors/metrics/metrics_page.h"

#include <fmt/format.h>

#include <utility>

#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/clock.h"
#include "daemon/config/listen_address.h"
#include "daemon/serve/metrics/process_metrics.h"
#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter::collector {
namespace {

constexpr char kFlag[] = "--metrics";
constexpr char kMetricsType[] = "text/plain; version=0.0.4; charset=utf-8";

HttpResponse Metrics(const std::vector<std::unique_ptr<Pipeline>>& pipelines,
                     const SourceHealth& health, const ReloadHealth* reloads,
                     const ServedDelivery* served) {
  CollectorFigures figures;
  figures.now_unix_nanos = SystemClock().UnixNanos();
  figures.sources = health.stats();
  figures.joined = health.joined();
  if (served != nullptr) figures.served = served->stats();
  if (reloads != nullptr) figures.reloads = reloads->stats();
  for (const auto& pipeline : pipelines) figures.pipelines.push_back(pipeline->stats());
  HttpResponse response;
  response.content_type = kMetricsType;
  TextWriter out(response.body);
  WriteGroup(kProcessMetrics, ReadProcess(), out);
  WriteGroup(kCollectorMetrics, figures, out);
  WriteGroup(kServedMetrics, figures, out);
  return response;
}

HttpResponse Alive() {
  HttpResponse response;
  response.body = "ok\n";
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> ServeMetrics(
    const std::string& address, const std::vector<std::unique_ptr<Pipeline>>& pipelines,
    std::shared_ptr<const SourceHealth> health, const ReloadHealth* reloads,
    std::shared_ptr<const ServedDelivery> served) {
  const auto parsed = ParseListenAddress(address);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", kFlag, std::string(parsed.status().message())));
  }
  if (!parsed->loopback) {
    return absl::InvalidArgumentError(fmt::format(
        "{}: is '{}', beyond loopback; expected loopback, since this page asks nobody who he is",
        kFlag, address));
  }
  return HttpServer::Start(
      address,
      {{"/metrics",
        [&pipelines, health = std::move(health), reloads, served = std::move(served)] {
          return Metrics(pipelines, *health, reloads, served.get());
        }},
       {"/healthz", Alive}},
      kFlag);
}

}  // namespace fleetmeter::collector
