#include "tests/support/fake_kubelet.h"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace fleetmeter {
namespace {

void AddDevices(const std::string& resource, const std::vector<std::string>& ids,
                ::v1::ContainerDevices& devices) {
  devices.set_resource_name(resource);
  for (const std::string& id : ids) devices.add_device_ids(id);
}

}  // namespace

FakeKubelet::FakeKubelet(const std::string& socket) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) throw std::runtime_error("the fake kubelet cannot listen at " + socket);
}

FakeKubelet::~FakeKubelet() {
  {
    MutexLock lock(mutex_);
    ends_ = true;
    changed_.NotifyAll();
  }
  server_->Shutdown(std::chrono::system_clock::now());
}

::v1::PodResources& FakeKubelet::PodOf(const std::string& name_space, const std::string& pod) {
  for (auto& known : *pods_.mutable_pod_resources()) {
    if (known.namespace_() == name_space && known.name() == pod) return known;
  }
  ::v1::PodResources& added = *pods_.add_pod_resources();
  added.set_namespace_(name_space);
  added.set_name(pod);
  return added;
}

void FakeKubelet::Hold(const std::string& name_space, const std::string& pod,
                       const std::string& resource, const std::vector<std::string>& ids) {
  MutexLock lock(mutex_);
  ::v1::ContainerResources& container = *PodOf(name_space, pod).add_containers();
  container.set_name("main");
  AddDevices(resource, ids, *container.add_devices());
}

void FakeKubelet::HoldClaim(const std::string& name_space, const std::string& pod,
                            const std::string& driver, const std::string& pool,
                            const std::string& device) {
  MutexLock lock(mutex_);
  ::v1::ContainerResources& container = *PodOf(name_space, pod).add_containers();
  container.set_name("main");
  ::v1::DynamicResource& claim = *container.add_dynamic_resources();
  claim.set_claim_name("claim-of-" + pod);
  claim.set_claim_namespace(name_space);
  ::v1::ClaimResource& claimed = *claim.add_claim_resources();
  claimed.set_driver_name(driver);
  claimed.set_pool_name(pool);
  claimed.set_device_name(device);
}

void FakeKubelet::Allocatable(const std::string& resource, const std::vector<std::string>& ids) {
  MutexLock lock(mutex_);
  AddDevices(resource, ids, *allocatable_.add_devices());
}

void FakeKubelet::SetPods(::v1::ListPodResourcesResponse pods) {
  MutexLock lock(mutex_);
  pods_ = std::move(pods);
}

void FakeKubelet::LackAllocatable() {
  MutexLock lock(mutex_);
  lacks_allocatable_ = true;
}

void FakeKubelet::Refuse(grpc::Status status) {
  MutexLock lock(mutex_);
  refusal_ = std::move(status);
}

void FakeKubelet::Hang() {
  MutexLock lock(mutex_);
  hangs_ = true;
}

grpc::Status FakeKubelet::Begin(grpc::ServerContext& context) {
  constexpr auto kPoll = std::chrono::milliseconds(10);
  MutexLock lock(mutex_);
  while (hangs_ && !ends_ && !context.IsCancelled()) {
    changed_.WaitUntil(mutex_, std::chrono::steady_clock::now() + kPoll);
  }
  return refusal_;
}

grpc::Status FakeKubelet::List(grpc::ServerContext* context, const ::v1::ListPodResourcesRequest*,
                               ::v1::ListPodResourcesResponse* response) {
  const grpc::Status status = Begin(*context);
  if (!status.ok()) return status;
  MutexLock lock(mutex_);
  *response = pods_;
  return grpc::Status::OK;
}

grpc::Status FakeKubelet::GetAllocatableResources(grpc::ServerContext* context,
                                                  const ::v1::AllocatableResourcesRequest*,
                                                  ::v1::AllocatableResourcesResponse* response) {
  const grpc::Status status = Begin(*context);
  if (!status.ok()) return status;
  MutexLock lock(mutex_);
  if (lacks_allocatable_) return {grpc::StatusCode::UNIMPLEMENTED, "unknown method"};
  *response = allocatable_;
  return grpc::Status::OK;
}

}  // namespace fleetmeter
