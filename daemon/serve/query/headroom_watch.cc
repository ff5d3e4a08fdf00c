#include "daemon/serve/query/headroom_watch.h"

#include <utility>

namespace fleetmeter {
namespace {

void DropWhatAlwaysChanges(v1::Pool* pool) {
  pool->clear_assigned_chip_nanos_total();
  for (v1::ChipUse& use : *pool->mutable_chips()) {
    use.clear_assigned_chip_nanos_total();
    use.clear_busy_chip_nanos_total();
    use.clear_productive_chip_nanos_total();
  }
  if (!pool->has_demand()) return;
  pool->mutable_demand()->clear_oldest_wait_seconds();
  pool->mutable_demand()->clear_median_wait_seconds();
}

}  // namespace

std::string QueryService::Substance(v1::HeadroomResponse response) {
  response.mutable_basis()->clear_as_of_unix_nanos();
  DropWhatAlwaysChanges(response.mutable_pool());
  return response.SerializeAsString();
}

std::string QueryService::Substance(v1::ListPoolsResponse response) {
  response.mutable_basis()->clear_as_of_unix_nanos();
  for (v1::Pool& pool : *response.mutable_pools()) DropWhatAlwaysChanges(&pool);
  return response.SerializeAsString();
}

HeadroomWatch::HeadroomWatch(QueryService& service, Caller caller, std::string pool,
                             std::chrono::milliseconds interval)
    : service_(service), caller_(std::move(caller)), pool_(std::move(pool)), interval_(interval) {}

void HeadroomWatch::Begin(const grpc::Status& refused) {
  MutexLock lock(mutex_);
  self_ = shared_from_this();
  if (!refused.ok()) {
    EndLocked(refused);
  } else {
    Look();
  }
}

void HeadroomWatch::Look() {
  // A reload may take away the role, and the pool.
  v1::HeadroomResponse response;
  grpc::Status status = service_.access_.Recheck(caller_, Role::kQuery);
  if (status.ok()) {
    v1::HeadroomRequest request;
    request.set_pool(pool_);
    status = service_.Answer(caller_, request, &response);
  }
  if (!status.ok()) return EndLocked(status);
  std::string substance = QueryService::Substance(response);
  if (substance == last_sent_) return LookLater();
  last_sent_ = std::move(substance);
  response_ = std::move(response);
  writing_ = true;
  StartWrite(&response_);
}

void HeadroomWatch::LookLater() {
  if (alarm_ == nullptr) alarm_ = std::make_unique<grpc::Alarm>();
  alarm_->Set(std::chrono::system_clock::now() + interval_, [self = shared_from_this()](bool) {
    MutexLock lock(self->mutex_);
    if (!self->ending_) self->Look();
  });
}

void HeadroomWatch::OnWriteDone(bool ok) {
  MutexLock lock(mutex_);
  writing_ = false;
  if (ending_) {
    FinishIfIdle();
  } else if (ok) {
    LookLater();
  } else {
    EndLocked(grpc::Status::CANCELLED);
  }
}

void HeadroomWatch::OnCancel() { End(grpc::Status::CANCELLED); }

void HeadroomWatch::End(const grpc::Status& status) {
  MutexLock lock(mutex_);
  EndLocked(status);
}

void HeadroomWatch::EndLocked(const grpc::Status& status) {
  if (ending_) return;
  ending_ = true;
  end_status_ = status;
  if (alarm_ != nullptr) alarm_->Cancel();
  FinishIfIdle();
}

void HeadroomWatch::FinishIfIdle() {
  if (finished_ || writing_) return;
  finished_ = true;
  Finish(end_status_);
}

void HeadroomWatch::OnDone() {
  std::shared_ptr<HeadroomWatch> self;  // goes last: it may be what keeps us alive
  std::unique_ptr<grpc::Alarm> alarm;
  {
    MutexLock lock(mutex_);
    self.swap(self_);
    alarm.swap(alarm_);
  }
  service_.Remove(this);
}

}  // namespace fleetmeter
