#include "tests/support/fake_libtpu.h"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace fleetmeter {

using ::tpu::monitoring::runtime::Metric;
using ::tpu::monitoring::runtime::TPUMetric;

namespace {

Metric& AddDevice(TPUMetric& metric) {
  const int device = metric.metrics_size();
  Metric& added = *metric.add_metrics();
  added.mutable_attribute()->set_key("device-id");
  added.mutable_attribute()->mutable_value()->set_int_attr(device);
  return added;
}

}  // namespace

FakeLibtpu::FakeLibtpu() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) throw std::runtime_error("the fake libtpu cannot listen");
}

FakeLibtpu::~FakeLibtpu() {
  {
    MutexLock lock(mutex_);
    ends_ = true;
    changed_.NotifyAll();
  }
  server_->Shutdown(std::chrono::system_clock::now());
}

void FakeLibtpu::SetDoubles(const std::string& metric, const std::vector<double>& values) {
  TPUMetric all;
  all.set_name(metric);
  for (const double value : values) AddDevice(all).mutable_gauge()->set_as_double(value);
  Set(std::move(all));
}

void FakeLibtpu::SetIntegers(const std::string& metric, const std::vector<int64_t>& values) {
  TPUMetric all;
  all.set_name(metric);
  for (const int64_t value : values) AddDevice(all).mutable_gauge()->set_as_int(value);
  Set(std::move(all));
}

void FakeLibtpu::Set(TPUMetric metric) {
  MutexLock lock(mutex_);
  const std::string name = metric.name();
  metrics_[name] = std::move(metric);
}

void FakeLibtpu::Hang() {
  MutexLock lock(mutex_);
  hangs_ = true;
}

void FakeLibtpu::Refuse(grpc::Status status) {
  MutexLock lock(mutex_);
  refusal_ = std::move(status);
}

grpc::Status FakeLibtpu::Begin(grpc::ServerContext& context) {
  constexpr auto kPoll = std::chrono::milliseconds(10);
  MutexLock lock(mutex_);
  while (hangs_ && !ends_ && !context.IsCancelled()) {
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kPoll);
  }
  return refusal_;
}

grpc::Status FakeLibtpu::GetRuntimeMetric(grpc::ServerContext* context,
                                          const ::tpu::monitoring::runtime::MetricRequest* request,
                                          ::tpu::monitoring::runtime::MetricResponse* response) {
  const grpc::Status status = Begin(*context);
  if (!status.ok()) return status;
  MutexLock lock(mutex_);
  const auto found = metrics_.find(request->metric_name());
  if (found == metrics_.end()) return {grpc::StatusCode::NOT_FOUND, "no such metric"};
  *response->mutable_metric() = found->second;
  return grpc::Status::OK;
}

grpc::Status FakeLibtpu::ListSupportedMetrics(
    grpc::ServerContext* context, const ::tpu::monitoring::runtime::ListSupportedMetricsRequest*,
    ::tpu::monitoring::runtime::ListSupportedMetricsResponse* response) {
  const grpc::Status status = Begin(*context);
  if (!status.ok()) return status;
  MutexLock lock(mutex_);
  for (const auto& [name, metric] : metrics_) {
    response->add_supported_metric()->set_metric_name(name);
  }
  return grpc::Status::OK;
}

}  // namespace fleetmeter
