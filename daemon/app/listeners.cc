#include "daemon/app/listeners.h"

#include <grpcpp/security/server_credentials.h>

#include <algorithm>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/serve/listen/descriptors.h"

namespace fleetmeter {
namespace {

// What has been answered is on its way: so long it has to get there.
constexpr auto kToReadAnswers = std::chrono::milliseconds(500);

GrpcLimits LimitsOf(const char* listener, int descriptor_ceiling, DaemonMetrics& metrics) {
  return {.descriptor_ceiling = descriptor_ceiling,
          .on_connection_refused = [listener, &metrics] { metrics.ConnectionRefused(listener); }};
}

GrpcLimits IngestLimitsOf(const IngestConfig& ingest, int descriptor_ceiling,
                          DaemonMetrics& metrics) {
  GrpcLimits limits = LimitsOf("ingest", descriptor_ceiling, metrics);
  limits.max_message_bytes = static_cast<int>(ingest.max_message_bytes);
  limits.buffer_bytes = static_cast<size_t>(ingest.buffer_bytes);
  return limits;
}

absl::Status OpenInto(std::unique_ptr<GrpcListener>& opened,
                      absl::StatusOr<std::unique_ptr<GrpcListener>> listener) {
  if (!listener.ok()) return listener.status();
  opened = *std::move(listener);
  return absl::OkStatus();
}

}  // namespace

absl::Status Listeners::Open(const DaemonConfig& config, const Parts& parts) {
  const ListenConfig& listen = config.listen;
  const DescriptorCeilings ceilings = PlanDescriptors();
  absl::Status status = OpenInto(
      query_, GrpcListener::Start("listen.query", listen.query, parts.security.MakeCredentials(),
                                  LimitsOf("query", ceilings.query, parts.metrics),
                                  parts.services.OfQuery()));
  if (status.ok() && !listen.admin.empty()) {
    status = OpenInto(
        admin_, GrpcListener::Start("listen.admin", listen.admin, parts.security.MakeCredentials(),
                                    LimitsOf("admin", ceilings.query, parts.metrics),
                                    parts.services.OfAdmin()));
  }
  if (status.ok()) {
    status = OpenInto(ingest_, GrpcListener::Start(
                                   "listen.ingest", listen.ingest, parts.security.MakeCredentials(),
                                   IngestLimitsOf(config.ingest, ceilings.ingest, parts.metrics),
                                   parts.services.OfIngest()));
  }
  if (!status.ok()) return status;
  for (const auto* listener : {&query_, &admin_, &ingest_}) {
    if (*listener) (*listener)->SetServing(true);
  }
  return absl::OkStatus();
}

void Listeners::Close(std::chrono::nanoseconds allowed) {
  const auto patience = std::chrono::duration_cast<std::chrono::system_clock::duration>(
      std::min<std::chrono::nanoseconds>(allowed, kToReadAnswers));
  const auto deadline = std::chrono::system_clock::now() + patience;
  std::vector<std::thread> closing;
  for (GrpcListener* listener : {ingest_.get(), query_.get(), admin_.get()}) {
    if (listener == nullptr) continue;
    closing.emplace_back([listener, deadline] { listener->Stop(deadline); });
  }
  for (std::thread& thread : closing) thread.join();
}

void Listeners::SetIngestServing(bool serving) {
  if (ingest_) ingest_->SetServing(serving);
}

std::string Listeners::admin_address() const { return admin_ ? admin_->address() : ""; }

}  // namespace fleetmeter
