#include "tests/unit/ctl/fake_capacity.h"

#include <grpcpp/grpcpp.h>

#include "daemon/base/mutex.h"
#include "fleetmeter/v1/capacity.grpc.pb.h"
#include "fleetmeter/v1/query.grpc.pb.h"

namespace fleetmeter::ctl {
namespace {

using grpc::ServerContext;
using grpc::Status;
using Questions = FakeCapacity::Questions;

}  // namespace

class FakeCapacityService final : public v1::Capacity::Service {
 public:
  explicit FakeCapacityService(FakeCapacity& fake) : fake_(fake) {}

  Status Check(ServerContext*, const v1::CheckCapacityRequest* question,
               v1::CheckCapacityResponse* answer) override {
    *answer = fake_.answers().check;
    return Note(*question, &Questions::check);
  }
  Status Submit(ServerContext*, const v1::SubmitCapacityRequest* question,
                v1::ChangeCapacityResponse* answer) override {
    return Change(*question, &Questions::submit, answer);
  }
  Status Withdraw(ServerContext*, const v1::WithdrawCapacityRequest* question,
                  v1::ChangeCapacityResponse* answer) override {
    return Change(*question, &Questions::withdraw, answer);
  }
  Status Rank(ServerContext*, const v1::RankCapacityRequest* question,
              v1::ChangeCapacityResponse* answer) override {
    return Change(*question, &Questions::rank, answer);
  }
  Status Decide(ServerContext*, const v1::DecideCapacityRequest* question,
                v1::ChangeCapacityResponse* answer) override {
    return Change(*question, &Questions::decide, answer);
  }
  Status Release(ServerContext*, const v1::ReleaseCapacityRequest* question,
                 v1::ChangeCapacityResponse* answer) override {
    return Change(*question, &Questions::release, answer);
  }
  // The token of a page is its number.
  Status List(ServerContext*, const v1::ListCapacityRequest* question,
              v1::ListCapacityResponse* answer) override {
    const std::string& token = question->page_token();
    if (token.empty()) Note(*question, &Questions::list);
    const size_t page = token.empty() ? 0 : std::stoul(token);
    const auto pages = fake_.answers().pages;
    if (page < pages.size()) *answer = pages[page];
    if (page + 1 < pages.size()) answer->set_next_page_token(std::to_string(page + 1));
    return Status::OK;
  }
  Status Get(ServerContext*, const v1::GetCapacityRequest* question,
             v1::GetCapacityResponse* answer) override {
    const auto pages = fake_.answers().pages;
    for (const v1::ListCapacityResponse& page : pages) {
      for (const v1::CapacityRequest& request : page.requests()) {
        if (request.form().request_id() != question->request_id()) continue;
        *answer->mutable_request() = request;
        return Status::OK;
      }
    }
    return {grpc::StatusCode::NOT_FOUND, "there is no request " + question->request_id()};
  }
  Status GetRanking(ServerContext*, const v1::GetRankingRequest* question,
                    v1::GetRankingResponse* answer) override {
    if (!fake_.answers().sees_all) return {grpc::StatusCode::PERMISSION_DENIED, "not all pools"};
    *answer = fake_.answers().ranking;
    return Note(*question, &Questions::ranking);
  }
  Status GetTimeline(ServerContext*, const v1::GetTimelineRequest* question,
                     v1::GetTimelineResponse* answer) override {
    *answer = fake_.answers().timeline;
    return Note(*question, &Questions::timeline);
  }
  Status ListGrants(ServerContext*, const v1::ListGrantsRequest* question,
                    v1::ListGrantsResponse* answer) override {
    *answer = fake_.answers().grants;
    return Note(*question, &Questions::grants);
  }
  Status GetResults(ServerContext*, const v1::GetResultsRequest* question,
                    v1::GetResultsResponse* answer) override {
    *answer = fake_.answers().results;
    return Note(*question, &Questions::results);
  }
  Status ListBudgets(ServerContext*, const v1::ListBudgetsRequest* question,
                     v1::ListBudgetsResponse* answer) override {
    *answer = fake_.answers().budgets;
    return Note(*question, &Questions::budgets);
  }
  Status GetLending(ServerContext*, const v1::GetLendingRequest* question,
                    v1::GetLendingResponse* answer) override {
    *answer = fake_.answers().lending;
    return Note(*question, &Questions::lending);
  }

 private:
  template <class Message>
  Status Note(const Message& question, Message Questions::* place);

  template <class Message>
  Status Change(const Message& question, Message Questions::* place,
                v1::ChangeCapacityResponse* answer);

  FakeCapacity& fake_;
};

class FakePlanInForce final : public v1::Query::Service {
 public:
  explicit FakePlanInForce(FakeCapacity& fake) : fake_(fake) {}

  Status GetPlan(ServerContext*, const v1::GetPlanRequest*, v1::GetPlanResponse* answer) override {
    *answer = fake_.answers().plan;
    return Status::OK;
  }

 private:
  FakeCapacity& fake_;
};

struct FakeCapacity::Impl {
  explicit Impl(FakeCapacity& fake) : capacity(fake), plan(fake) {}

  FakeCapacityService capacity;
  FakePlanInForce plan;
  Mutex mutex;
  Questions asked ABSL_GUARDED_BY(mutex);
  Answers answers ABSL_GUARDED_BY(mutex);
  std::string address;
  std::unique_ptr<grpc::Server> server;
};

template <class Message>
Status FakeCapacityService::Note(const Message& question, Message Questions::* place) {
  MutexLock lock(fake_.impl_->mutex);
  fake_.impl_->asked.*place = question;
  return Status::OK;
}

template <class Message>
Status FakeCapacityService::Change(const Message& question, Message Questions::* place,
                                   v1::ChangeCapacityResponse* answer) {
  MutexLock lock(fake_.impl_->mutex);
  ++fake_.impl_->asked.changes;
  fake_.impl_->asked.*place = question;
  *answer = fake_.impl_->answers.change;
  const std::string& fault = fake_.impl_->answers.fault;
  if (!fault.empty()) return {grpc::StatusCode::INVALID_ARGUMENT, fault};
  const std::string& refusal = fake_.impl_->answers.refusal;
  return refusal.empty() ? Status::OK : Status(grpc::StatusCode::ABORTED, refusal);
}

FakeCapacity::FakeCapacity() : impl_(std::make_unique<Impl>(*this)) {
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&impl_->capacity);
  builder.RegisterService(&impl_->plan);
  impl_->server = builder.BuildAndStart();
  impl_->address = "127.0.0.1:" + std::to_string(port);
}

FakeCapacity::~FakeCapacity() { impl_->server->Shutdown(); }

FakeCapacity::Questions FakeCapacity::asked() const {
  MutexLock lock(impl_->mutex);
  return impl_->asked;
}
FakeCapacity::Answers FakeCapacity::answers() const {
  MutexLock lock(impl_->mutex);
  return impl_->answers;
}
void FakeCapacity::Answer(const Answers& answers) {
  MutexLock lock(impl_->mutex);
  impl_->answers = answers;
}

const std::string& FakeCapacity::address() const { return impl_->address; }

}  // namespace fleetmeter::ctl
