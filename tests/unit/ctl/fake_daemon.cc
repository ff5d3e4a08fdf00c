#include "tests/unit/ctl/fake_daemon.h"

#include <grpcpp/grpcpp.h>

#include "daemon/base/mutex.h"
#include "fleetmeter/v1/admin.grpc.pb.h"
#include "fleetmeter/v1/plan.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"
#include "tests/unit/ctl/print/ctl_testing.h"

namespace fleetmeter::ctl {
namespace {

v1::HeadroomResponse HeadroomOf(const v1::HeadroomRequest& request) {
  v1::HeadroomResponse response;
  *response.mutable_basis() = SomeBasis();
  *response.mutable_pool() = MeasuredPool();
  response.mutable_pool()->set_pool(request.pool());
  return response;
}

}  // namespace

class FakeQuery final : public v1::Query::Service {
 public:
  grpc::Status ListPools(grpc::ServerContext*, const v1::ListPoolsRequest*,
                         v1::ListPoolsResponse* response) override {
    *response = SomePools();
    return grpc::Status::OK;
  }
  grpc::Status GetPlan(grpc::ServerContext*, const v1::GetPlanRequest*,
                       v1::GetPlanResponse* response) override {
    *response->mutable_basis() = SomeBasis();
    return grpc::Status::OK;
  }
  grpc::Status GetHeadroom(grpc::ServerContext*, const v1::HeadroomRequest* request,
                           v1::HeadroomResponse* response) override {
    *response = HeadroomOf(*request);
    MutexLock lock(mutex_);
    headroom_ = *request;
    return grpc::Status::OK;
  }
  grpc::Status WatchHeadroom(grpc::ServerContext*, const v1::HeadroomRequest* request,
                             grpc::ServerWriter<v1::HeadroomResponse>* writer) override {
    {
      MutexLock lock(mutex_);
      watch_ = *request;
    }
    writer->Write(HeadroomOf(*request));
    return {grpc::StatusCode::PERMISSION_DENIED, "the rules have changed"};
  }

  v1::HeadroomRequest headroom() {
    MutexLock lock(mutex_);
    return headroom_;
  }
  v1::HeadroomRequest watch() {
    MutexLock lock(mutex_);
    return watch_;
  }

 private:
  Mutex mutex_;
  v1::HeadroomRequest headroom_ ABSL_GUARDED_BY(mutex_);
  v1::HeadroomRequest watch_ ABSL_GUARDED_BY(mutex_);
};

class FakePlan final : public v1::Plan::Service {
 public:
  grpc::Status Simulate(grpc::ServerContext*, const v1::SimulateRequest* request,
                        v1::SimulateResponse* response) override {
    response->set_start("live");
    MutexLock lock(mutex_);
    simulation_ = *request;
    return grpc::Status::OK;
  }

  v1::SimulateRequest simulation() {
    MutexLock lock(mutex_);
    return simulation_;
  }

 private:
  Mutex mutex_;
  v1::SimulateRequest simulation_ ABSL_GUARDED_BY(mutex_);
};

class FakeAdmin final : public v1::Admin::Service {
 public:
  grpc::Status ListSources(grpc::ServerContext*, const v1::ListSourcesRequest*,
                           v1::ListSourcesResponse* response) override {
    v1::Source& source = *response->add_sources();
    source.set_source("gpu-17");
    source.set_state("silent");
    source.set_counted_to_unix_nanos(kSomeTime);
    response->set_total(1);
    return grpc::Status::OK;
  }
  grpc::Status ListRejected(grpc::ServerContext*, const v1::ListRejectedRequest* request,
                            v1::ListRejectedResponse* response) override {
    v1::RejectedReport& report = *response->add_reports();
    report.set_source("gpu-17");
    report.set_reason("unknown_pool");
    report.set_detail("'servng' is not a pool of plan 'openb' version 3");
    MutexLock lock(mutex_);
    rejected_ = *request;
    return grpc::Status::OK;
  }

  v1::ListRejectedRequest rejected() {
    MutexLock lock(mutex_);
    return rejected_;
  }

 private:
  Mutex mutex_;
  v1::ListRejectedRequest rejected_ ABSL_GUARDED_BY(mutex_);
};

struct FakeDaemon::Impl {
  FakeQuery query;
  FakePlan plan;
  FakeAdmin admin;
  std::string address;
  std::unique_ptr<grpc::Server> server;
};

FakeDaemon::FakeDaemon() : impl_(std::make_unique<Impl>()) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&impl_->query);
  builder.RegisterService(&impl_->plan);
  builder.RegisterService(&impl_->admin);
  impl_->server = builder.BuildAndStart();
  impl_->address = "127.0.0.1:" + std::to_string(port);
}

FakeDaemon::~FakeDaemon() { impl_->server->Shutdown(); }

const std::string& FakeDaemon::address() const { return impl_->address; }
v1::HeadroomRequest FakeDaemon::asked_headroom() const { return impl_->query.headroom(); }
v1::HeadroomRequest FakeDaemon::asked_watch() const { return impl_->query.watch(); }
v1::ListRejectedRequest FakeDaemon::asked_rejected() const { return impl_->admin.rejected(); }
v1::SimulateRequest FakeDaemon::asked_simulation() const { return impl_->plan.simulation(); }

}  // namespace fleetmeter::ctl
