// What the exporter tells about itself. As DaemonProbe: cheap and thread-safe.
#pragma once

#include <cstdint>
#include <string_view>

namespace fleetmeter {

// How an export ended. The names are label values, so the set is closed.
enum class OtlpResult {
  kOk,       // the receiver took everything
  kPartial,  // it took the export, and rejected some of its points
  kFailed,   // it did not come through, and is soon tried again, with the values of then
  kRefused,  // the receiver does not take what we send; the next one comes when it is due
};
std::string_view Name(OtlpResult result);  // "ok", "partial", "failed", "refused"

class OtlpProbe {
 public:
  virtual ~OtlpProbe() = default;
  // Metrics are exported from now on.
  virtual void ExportsBegin() = 0;
  // `rejected_points` is 0 unless the result is kPartial.
  virtual void ExportEnded(OtlpResult result, int64_t rejected_points, int64_t unix_nanos) = 0;
};

}  // namespace fleetmeter
