// A program with TPUs, of a test's own: libtpu's runtime metrics over real gRPC on a free port.
#pragma once

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/mutex.h"
#include "peers/libtpu_runtime_metrics.grpc.pb.h"

namespace fleetmeter {

class FakeLibtpu final : public ::tpu::monitoring::runtime::RuntimeMetricService::Service {
 public:
  static constexpr char kDuty[] = "tpu.runtime.tensorcore.dutycycle.percent";
  static constexpr char kMemoryUsed[] = "tpu.runtime.hbm.memory.usage.bytes";
  static constexpr char kMemoryTotal[] = "tpu.runtime.hbm.memory.total.bytes";

  FakeLibtpu();
  ~FakeLibtpu() override;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  // Values of the devices 0, 1, ... A metric that was not set is not supported.
  void SetDoubles(const std::string& metric, const std::vector<double>& values);
  void SetIntegers(const std::string& metric, const std::vector<int64_t>& values);
  void Set(::tpu::monitoring::runtime::TPUMetric metric);
  // Answers no call until the caller gives up.
  void Hang();
  // Every call ends with this.
  void Refuse(grpc::Status status);

  grpc::Status GetRuntimeMetric(grpc::ServerContext* context,
                                const ::tpu::monitoring::runtime::MetricRequest* request,
                                ::tpu::monitoring::runtime::MetricResponse* response) override;
  grpc::Status ListSupportedMetrics(
      grpc::ServerContext* context,
      const ::tpu::monitoring::runtime::ListSupportedMetricsRequest* request,
      ::tpu::monitoring::runtime::ListSupportedMetricsResponse* response) override;

 private:
  grpc::Status Begin(grpc::ServerContext& context);

  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, ::tpu::monitoring::runtime::TPUMetric> metrics_ ABSL_GUARDED_BY(mutex_);
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
