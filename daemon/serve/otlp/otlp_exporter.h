// Sends the metrics to an OTLP receiver at an interval, on a thread of its own.
//
// One export is under way at a time, and none waits: each has the values of its moment, and all of
// them count from a start, so that one that does not come through loses no amount, only a moment. A
// receiver that is slow or gone holds up nothing but this thread, and that for the timeout at most.
//
// Owned by the App. Start and Stop are for one thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/base/clock.h"
#include "daemon/base/mutex.h"
#include "daemon/security/header_file.h"
#include "daemon/serve/metrics/series_writer.h"
#include "daemon/serve/otlp/otlp_call.h"
#include "daemon/serve/otlp/otlp_pause.h"
#include "daemon/serve/otlp/otlp_probe.h"

namespace grpc {
class ClientContext;
}  // namespace grpc

namespace fleetmeter {

class OtlpExporter {
 public:
  using Steady = std::chrono::steady_clock;
  // Writes every family that there is, as they are now. Called by the exporter's thread.
  using Collect = std::function<void(SeriesWriter& out)>;

  // `probe` and `clock` outlive the exporter, and so does what `collect` uses.
  OtlpExporter(OtlpOptions options, Collect collect, OtlpProbe& probe, const Clock& clock);
  // Stops, and waits for nobody.
  ~OtlpExporter();
  OtlpExporter(const OtlpExporter&) = delete;
  OtlpExporter& operator=(const OtlpExporter&) = delete;

  const OtlpOptions& options() const { return options_; }

  // Begins with an export at once.
  void Start();
  // Ends the export that is under way. If there is none, and the latest one came through, there is
  // one more, which ends by `until`: it has what was counted last.
  void Stop(Steady::time_point until);

 private:
  void Run();
  // False: it is time to stop.
  bool Sleep(Steady::time_point until);
  // Once, with the values of now.
  OtlpOutcome Export(Steady::time_point deadline, bool last);
  OtlpOutcome Send(const std::vector<otlp::ExportMetricsServiceRequest>& requests,
                   Steady::time_point deadline, bool last);
  OtlpOutcome Call(const otlp::ExportMetricsServiceRequest& request, const Headers& headers,
                   Steady::time_point deadline, bool last);
  // Makes the call the one that Stop ends. False: it has stopped already.
  bool Announce(grpc::ClientContext* context, bool last);
  // Counts it, and says in the log what is new.
  void Note(const OtlpOutcome& outcome);
  bool stopping();

  const OtlpOptions options_;
  const Collect collect_;
  OtlpProbe& probe_;
  const Clock& clock_;

  // Of the exporter's thread.
  OtlpPause pause_;
  std::shared_ptr<grpc::Channel> channel_;   // null: to be opened
  std::optional<int64_t> first_unix_nanos_;  // of the first export that came through
  std::string told_;                         // what the log said last; empty: all is well
  bool came_through_ = false;                // the latest export

  Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Steady::time_point until_ ABSL_GUARDED_BY(mutex_);
  grpc::ClientContext* call_ ABSL_GUARDED_BY(mutex_) = nullptr;  // under way
  std::thread thread_;
};

}  // namespace fleetmeter
