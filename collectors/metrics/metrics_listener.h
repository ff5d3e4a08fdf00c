// The collector's HTTP listener: /metrics and /healthz, on loopback.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "collectors/metrics/collector_metrics.h"
#include "daemon/base/workers.h"
#include "daemon/serve/http/http_server.h"
#include "daemon/serve/metrics/exposition_pages.h"

namespace fleetmeter::collector {

// Owned by the Collector. Scrapes are rendered on a thread of its own, and those that come
// meanwhile share the next page: they hold up no probe.
class MetricsListener {
 public:
  // Gives the figures of a page, on the listener's thread; what it reads outlives the listener.
  using ReadFigures = std::function<CollectorFigures()>;

  // Listens on "host:port" of loopback; port 0 takes a free one.
  static absl::StatusOr<std::unique_ptr<MetricsListener>> Start(const std::string& address,
                                                                ReadFigures figures);
  ~MetricsListener();
  MetricsListener(const MetricsListener&) = delete;
  MetricsListener& operator=(const MetricsListener&) = delete;

  // "127.0.0.1:9478": where it listens.
  std::string address() const { return server_->address(); }

 private:
  explicit MetricsListener(ReadFigures figures);

  void Answer(const HttpRequest& request, const HttpReply& reply);

  const ReadFigures figures_;
  Workers workers_;
  ExpositionPages pages_;
  std::unique_ptr<HttpServer> server_;  // last: it asks for pages
};

}  // namespace fleetmeter::collector
