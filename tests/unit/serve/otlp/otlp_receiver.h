// An OTLP receiver of a test's own: takes what comes over real gRPC, and answers as it is told.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/base/mutex.h"
#include "daemon/serve/otlp/otlp_call.h"
#include "peers/otlp_metrics.grpc.pb.h"

namespace fleetmeter {

class OtlpReceiver final : public otlp::MetricsService::Service {
 public:
  struct Got {
    otlp::ExportMetricsServiceRequest request;
    std::map<std::string, std::string> headers;
    std::chrono::steady_clock::time_point at;
  };

  // On a free port of loopback, or on `port`.
  explicit OtlpReceiver(int port = 0, std::shared_ptr<grpc::ServerCredentials> credentials =
                                          grpc::InsecureServerCredentials())
      : port_(port) {
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), credentials, &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~OtlpReceiver() override {
    {
      MutexLock lock(mutex_);
      ends_ = true;
      changed_.NotifyAll();
    }
    server_->Shutdown(std::chrono::system_clock::now());
  }
  OtlpReceiver(const OtlpReceiver&) = delete;
  OtlpReceiver& operator=(const OtlpReceiver&) = delete;

  int port() const { return port_; }
  std::string target() const { return "127.0.0.1:" + std::to_string(port_); }

  // What is answered from now on.
  void Answer(grpc::Status status, otlp::ExportMetricsServiceResponse response = {}) {
    MutexLock lock(mutex_);
    status_ = std::move(status);
    response_ = std::move(response);
  }
  // Answers nothing from now on.
  void Hang() {
    MutexLock lock(mutex_);
    hangs_ = true;
  }
  // Once there are so many, all of them. Fewer: they did not come within half a minute.
  std::vector<Got> Await(size_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    MutexLock lock(mutex_);
    while (got_.size() < count && changed_.WaitUntil(mutex_, limit)) {
    }
    return got_;
  }

  grpc::Status Export(grpc::ServerContext* context,
                      const otlp::ExportMetricsServiceRequest* request,
                      otlp::ExportMetricsServiceResponse* response) override {
    MutexLock lock(mutex_);
    Got& got = got_.emplace_back();
    got.request = *request;
    got.at = std::chrono::steady_clock::now();
    for (const auto& [name, value] : context->client_metadata()) {
      got.headers.emplace(std::string(name.data(), name.size()),
                          std::string(value.data(), value.size()));
    }
    changed_.NotifyAll();
    constexpr auto kLook = std::chrono::milliseconds(10);  // gRPC tells nobody that a call is gone
    while (hangs_ && !ends_ && !context->IsCancelled()) {
      changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kLook);
    }
    *response = response_;
    return status_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status status_ ABSL_GUARDED_BY(mutex_);
  otlp::ExportMetricsServiceResponse response_ ABSL_GUARDED_BY(mutex_);
  std::vector<Got> got_ ABSL_GUARDED_BY(mutex_);
  int port_;
  std::unique_ptr<grpc::Server> server_;
};

// What an exporter tells, for a test that waits for it.
class OtlpResults final : public OtlpProbe {
 public:
  void ExportsBegin() override {}
  void ExportEnded(OtlpResult result, int64_t rejected_points, int64_t) override {
    MutexLock lock(mutex_);
    results_.push_back(result);
    rejected_ += rejected_points;
    changed_.NotifyAll();
  }

  // Once there are so many, all of them.
  std::vector<OtlpResult> Await(size_t count) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    MutexLock lock(mutex_);
    while (results_.size() < count && changed_.WaitUntil(mutex_, limit)) {
    }
    return results_;
  }
  // Whether an export ends so within half a minute.
  bool AwaitResult(OtlpResult result) {
    for (size_t seen = 0;;) {
      const std::vector<OtlpResult> results = Await(seen + 1);
      if (results.size() == seen) return false;
      for (; seen < results.size(); ++seen) {
        if (results[seen] == result) return true;
      }
    }
  }
  int64_t rejected() {
    MutexLock lock(mutex_);
    return rejected_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<OtlpResult> results_ ABSL_GUARDED_BY(mutex_);
  int64_t rejected_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace fleetmeter
