#include "daemon/app/otlp_part.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "daemon/config/check_config.h"
#include "daemon/config/otlp_endpoint.h"

namespace fleetmeter {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

// As Prometheus calls who it scrapes: host and port.
std::string InstanceOf(const std::string& http_address) {
  return fmt::format("{}{}", HostName(), http_address.substr(http_address.rfind(':')));
}

}  // namespace

OtlpPart::OtlpPart(std::string http_address, OtlpExporter::Collect collect, OtlpProbe& probe,
                   const Clock& clock)
    : http_address_(std::move(http_address)),
      collect_(std::move(collect)),
      probe_(probe),
      clock_(clock) {}

OtlpOptions OtlpPart::OptionsOf(const OtlpConfig& config) const {
  OtlpOptions options;
  const auto endpoint = ParseOtlpEndpoint(config.endpoint);
  if (!endpoint.ok()) return options;  // there is none: a wrong one never comes here
  options.target = endpoint->target;
  options.tls = endpoint->tls;
  options.files = OtlpTlsPathsOf(config);
  options.server_name = config.server_name;
  options.headers_file = config.headers_file;
  options.instance = config.instance.empty() ? InstanceOf(http_address_) : config.instance;
  options.interval_nanos = config.interval_nanos;
  options.timeout_nanos = config.timeout_nanos;
  return options;
}

void OtlpPart::Use(const OtlpConfig& config) {
  OtlpOptions options = OptionsOf(config);
  if (exporter_ != nullptr && exporter_->options() == options) return;
  if (exporter_ != nullptr) {
    spdlog::info("metrics go to the OTLP receiver {} no longer", exporter_->options().target);
  }
  exporter_ = nullptr;
  if (options.target.empty()) return;
  exporter_ = std::make_unique<OtlpExporter>(std::move(options), collect_, probe_, clock_);
  exporter_->Start();
}

void OtlpPart::Stop(std::chrono::steady_clock::time_point until) {
  if (exporter_ != nullptr) exporter_->Stop(until);
}

}  // namespace fleetmeter
