#include "daemon/app/services.h"

#include <utility>

namespace fleetmeter {
namespace {

constexpr size_t kMaxWatches = 1'024;

RateLimits RatesFrom(const RateConfig& rate) {
  return {.reports_per_second = static_cast<double>(rate.reports_per_second),
          .burst_reports = static_cast<double>(rate.burst_reports),
          .bytes_per_second = static_cast<double>(rate.bytes_per_second),
          .burst_bytes = static_cast<double>(rate.burst_bytes)};
}

// Without TLS all callers are one identity.
FairShare::Sharing SharingOf(const DaemonConfig& config) {
  return config.tls ? FairShare::Sharing::kFair : FairShare::Sharing::kAll;
}

IngestLimits LimitsFrom(const IngestConfig& ingest, FairShare::Sharing sharing) {
  return {.max_reports_per_batch = static_cast<size_t>(ingest.max_reports_per_batch),
          .max_message_bytes = static_cast<size_t>(ingest.max_message_bytes),
          .max_streams = static_cast<size_t>(ingest.max_streams),
          .sharing = sharing,
          .accept_replay = ingest.accept_replay,
          .rate = RatesFrom(ingest.rate)};
}

}  // namespace

Services::Services(const DaemonConfig& config, const Parts& parts, std::function<void()> ask_reload)
    : ingest_(LimitsFrom(config.ingest, SharingOf(config)), parts.writer, parts.security.access(),
              parts.clock, parts.probe),
      query_(parts.writer, parts.outcomes.questions(), parts.security.access(), parts.probe,
             kMaxWatches, SharingOf(config)),
      plan_(parts.writer, parts.security.access()),
      outcomes_(parts.outcomes.service()),
      corrections_(parts.outcomes.service_of_ingest()),
      admin_(parts.writer, parts.outcomes.questions(), parts.security.access(),
             parts.security.audit(), std::move(ask_reload)),
      capacity_(parts.writer, parts.outcomes.questions(), parts.security.access()) {}

std::vector<ServedService> Services::OfIngest() {
  // Who corrects the books by reports asks them first, at the same address.
  return {{ingest_, v1::UsageIngest::service_full_name()},
          {corrections_, v1::Outcomes::service_full_name()}};
}

std::vector<ServedService> Services::OfQuery() {
  return {{query_, v1::Query::service_full_name()},
          {plan_, v1::Plan::service_full_name()},
          {outcomes_, v1::Outcomes::service_full_name()},
          {capacity_, v1::Capacity::service_full_name()}};
}

std::vector<ServedService> Services::OfAdmin() {
  return {{admin_, v1::Admin::service_full_name()}};
}

void Services::Drain() {
  ingest_.Drain();
  query_.Drain();
  admin_.Drain();
}

void Services::AwaitEnd(std::chrono::steady_clock::time_point until) {
  ingest_.AwaitEnd(until);
  query_.AwaitEnd(until);
}

}  // namespace fleetmeter
