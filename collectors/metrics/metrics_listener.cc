#include "collectors/metrics/metrics_listener.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/config/listen_address.h"
#include "daemon/serve/metrics/process_metrics.h"
#include "daemon/serve/metrics/text_format.h"

namespace fleetmeter::collector {
namespace {

constexpr char kFlag[] = "--metrics";
constexpr size_t kWorkers = 1;  // it has nothing else to do

std::string Render(const CollectorFigures& figures, ExpositionForm form) {
  std::string page;
  TextWriter out(page, form);
  WriteGroup(kProcessMetrics, ReadProcess(), out);
  WriteGroup(kCollectorMetrics, figures, out);
  WriteGroup(kServedMetrics, figures, out);
  out.End();
  return page;
}

absl::Status CheckAddress(const std::string& address) {
  const auto parsed = ParseListenAddress(address);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", kFlag, std::string(parsed.status().message())));
  }
  if (parsed->loopback) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{}: is '{}', beyond loopback; expected loopback, since this page asks nobody who he is",
      kFlag, address));
}

}  // namespace

MetricsListener::MetricsListener(ReadFigures figures)
    : figures_(std::move(figures)),
      workers_(kWorkers),
      pages_([this](ExpositionForm form) { return HttpResponse{.body = Render(figures_(), form)}; },
             workers_) {}

MetricsListener::~MetricsListener() {
  server_.reset();
  workers_.Stop();
}

absl::StatusOr<std::unique_ptr<MetricsListener>> MetricsListener::Start(const std::string& address,
                                                                        ReadFigures figures) {
  if (absl::Status checked = CheckAddress(address); !checked.ok()) return checked;
  std::unique_ptr<MetricsListener> listener(new MetricsListener(std::move(figures)));
  auto server = HttpServer::Start(
      address,
      [page = listener.get()](const HttpRequest& request, const HttpReply& reply) {
        page->Answer(request, reply);
      },
      {.setting = kFlag});
  if (!server.ok()) return server.status();
  listener->server_ = *std::move(server);
  return listener;
}

void MetricsListener::Answer(const HttpRequest& request, const HttpReply& reply) {
  if (request.RawPath() == "/metrics") return pages_.Answer(request, reply);
  if (request.RawPath() == "/healthz") return reply({.body = "ok\n"});
  reply({.status = 404, .body = "There is no such page. Pages:\n/healthz\n/metrics\n"});
}

}  // namespace fleetmeter::collector
