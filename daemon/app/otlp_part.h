// What of the daemon sends metrics to an OTLP receiver, if the configuration names one.
//
// Owned by the App, for its main thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/base/clock.h"
#include "daemon/config/sections/otlp_config.h"
#include "daemon/serve/otlp/otlp_exporter.h"

namespace fleetmeter {

class OtlpPart {
 public:
  // `http_address`: where the HTTP listener is, for the name of this instance. `probe` and `clock`
  // outlive the part, and so does what `collect` uses.
  OtlpPart(std::string http_address, OtlpExporter::Collect collect, OtlpProbe& probe,
           const Clock& clock);

  // Sends metrics as the configuration says, which has been checked. What stays as it was goes on.
  void Use(const OtlpConfig& config);
  // After one more export, if the receiver takes them.
  void Stop(std::chrono::steady_clock::time_point until);

 private:
  OtlpOptions OptionsOf(const OtlpConfig& config) const;

  const std::string http_address_;
  const OtlpExporter::Collect collect_;
  OtlpProbe& probe_;
  const Clock& clock_;
  std::unique_ptr<OtlpExporter> exporter_;  // null: there is no receiver
};

}  // namespace fleetmeter
