// The collector's HTTP listener: /metrics and /healthz, on loopback.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collectors/core/pipeline.h"
#include "collectors/live/source_health.h"
#include "collectors/metrics/reload_health.h"
#include "collectors/served/served_delivery.h"
#include "daemon/serve/http/http_server.h"

namespace fleetmeter::collector {

// Listens on "host:port" of loopback; port 0 takes a free one. `pipelines` and `reloads` outlive
// the server; without a configuration `reloads` is null, and without live sources `served` is.
absl::StatusOr<std::unique_ptr<HttpServer>> ServeMetrics(
    const std::string& address, const std::vector<std::unique_ptr<Pipeline>>& pipelines,
    std::shared_ptr<const SourceHealth> health, const ReloadHealth* reloads,
    std::shared_ptr<const ServedDelivery> served);

}  // namespace fleetmeter::collector
