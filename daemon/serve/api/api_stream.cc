#include "daemon/serve/api/api_stream.h"

#include <fmt/format.h>

#include <utility>

#include "daemon/serve/api/api_error.h"
#include "daemon/serve/api/message_json.h"

namespace fleetmeter {
namespace {

// JSON of ours is one line.
EventStream::News NewsOf(const std::string& json) {
  return {.text = fmt::format("data: {}\n\n", json), .last = false};
}

EventStream::News LastNews(const grpc::Status& status) {
  return {.text = fmt::format("event: error\ndata: {}\n\n", ErrorJson(status)), .last = true};
}

class CallStream final : public ApiStream {
 public:
  CallStream(Parts parts, const ApiCall& call, std::shared_ptr<const ApiMessage> request)
      : ApiStream(std::move(parts)), call_(call), request_(std::move(request)) {}

 private:
  void Look(const std::function<void(News)>& done) override {
    call_.ask(caller(), request_,
              [this, self = shared_from_this(), done](
                  const grpc::Status& status, const std::shared_ptr<const ApiMessage>& answer) {
                if (!status.ok()) return done(LastNews(status));
                std::string substance = call_.substance(*answer);
                if (substance == last_) return done({});
                last_ = std::move(substance);
                done(NewsOf(MessageJson(*answer)));
              });
  }

  const ApiCall& call_;
  const std::shared_ptr<const ApiMessage> request_;
  std::string last_;  // the substance of what was told; of one question at a time
};

class PoolsStream final : public ApiStream {
 public:
  PoolsStream(Parts parts, PoolsFeed& feed) : ApiStream(std::move(parts)), feed_(feed) {}

 private:
  void Look(const std::function<void(News)>& done) override {
    if (!SeesAll()) {
      return done(LastNews({grpc::StatusCode::PERMISSION_DENIED,
                            "the rights of the caller have changed; begin again"}));
    }
    const auto page = feed_.TakeAtLeisure();
    if (page->change() == told_) return done({});
    told_ = page->change();
    done(NewsOf(page->json()));
  }

  PoolsFeed& feed_;
  uint64_t told_ = 0;
};

}  // namespace

grpc::Status ApiStream::Recheck() const {
  Caller now;
  grpc::Status status = parts_.access.Admit(parts_.proof, parts_.role, &now);
  if (!status.ok() || now.identity == parts_.caller.identity) return status;
  return {grpc::StatusCode::PERMISSION_DENIED,
          "the token speaks for another identity now; begin again"};
}

void ApiStream::Ask(std::function<void(News)> done) {
  parts_.workers.Add([self = shared_from_this(), done = std::move(done)] {
    const grpc::Status status = self->Recheck();
    status.ok() ? self->Look(done) : done(LastNews(status));
  });
}

std::shared_ptr<EventStream> MakeCallStream(ApiStream::Parts parts, const ApiCall& call,
                                            std::shared_ptr<const ApiMessage> request) {
  return std::make_shared<CallStream>(std::move(parts), call, std::move(request));
}

std::shared_ptr<EventStream> MakePoolsStream(ApiStream::Parts parts, PoolsFeed& feed) {
  return std::make_shared<PoolsStream>(std::move(parts), feed);
}

}  // namespace fleetmeter
