// A kubelet of a test's own: its pod-resources API over real gRPC on a Unix socket.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "daemon/base/mutex.h"
#include "peers/kubelet_podresources.grpc.pb.h"

namespace fleetmeter {

class FakeKubelet final : public ::v1::PodResourcesLister::Service {
 public:
  // Listens at `socket`.
  explicit FakeKubelet(const std::string& socket);
  ~FakeKubelet() override;

  // A container of a pod, holding devices of a resource.
  void Hold(const std::string& name_space, const std::string& pod, const std::string& resource,
            const std::vector<std::string>& ids);
  // A pod, holding one device of a claim.
  void HoldClaim(const std::string& name_space, const std::string& pod, const std::string& driver,
                 const std::string& pool, const std::string& device);
  void Allocatable(const std::string& resource, const std::vector<std::string>& ids);

  void SetPods(::v1::ListPodResourcesResponse pods);
  // As before 1.23.
  void LackAllocatable();
  void Refuse(grpc::Status status);
  // Answers no call until the caller gives up.
  void Hang();

  grpc::Status List(grpc::ServerContext* context, const ::v1::ListPodResourcesRequest* request,
                    ::v1::ListPodResourcesResponse* response) override;
  grpc::Status GetAllocatableResources(grpc::ServerContext* context,
                                       const ::v1::AllocatableResourcesRequest* request,
                                       ::v1::AllocatableResourcesResponse* response) override;

 private:
  ::v1::PodResources& PodOf(const std::string& name_space, const std::string& pod)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  grpc::Status Begin(grpc::ServerContext& context);

  std::unique_ptr<grpc::Server> server_;
  Mutex mutex_;
  CondVar changed_;
  ::v1::ListPodResourcesResponse pods_ ABSL_GUARDED_BY(mutex_);
  ::v1::AllocatableResourcesResponse allocatable_ ABSL_GUARDED_BY(mutex_);
  bool lacks_allocatable_ ABSL_GUARDED_BY(mutex_) = false;
  bool hangs_ ABSL_GUARDED_BY(mutex_) = false;
  bool ends_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status refusal_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace fleetmeter
