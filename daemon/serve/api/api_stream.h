// Streams of the API: an answer at once, and again whenever it has changed.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "daemon/base/workers.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/api/api_call.h"
#include "daemon/serve/api/pools_feed.h"
#include "daemon/serve/http/http_message.h"
#include "daemon/serve/query/query_service.h"

namespace fleetmeter {

// A place among the watches that there may be, given back with it.
class WatchPlace {
 public:
  // It was taken for `identity`.
  WatchPlace(QueryService& query, std::string identity)
      : query_(query), identity_(std::move(identity)) {}
  ~WatchPlace() { query_.ReturnWatchPlace(identity_); }
  WatchPlace(const WatchPlace&) = delete;
  WatchPlace& operator=(const WatchPlace&) = delete;

 private:
  QueryService& query_;
  const std::string identity_;
};

// What every stream of ours does: it asks on the workers, and checks before that what the caller
// came with still says who he is, and that he has his role: a token may have been taken away.
class ApiStream : public EventStream, public std::enable_shared_from_this<ApiStream> {
 public:
  struct Parts {
    AccessControl& access;
    QueryService& query;
    Workers& workers;
    HttpProof proof;  // what the caller came with
    Caller caller;    // who he is by it
    Role role;
    std::chrono::milliseconds interval;
  };
  explicit ApiStream(Parts parts)
      : parts_(std::move(parts)), place_(parts_.query, parts_.caller.identity) {}

  void Ask(std::function<void(News)> done) override;
  std::chrono::milliseconds interval() const override { return parts_.interval; }

 protected:
  // Calls `done` on any thread; asked by one thread at a time.
  virtual void Look(const std::function<void(News)>& done) = 0;
  const Caller& caller() const { return parts_.caller; }
  // Whether the caller may see all pools, by the rules of now.
  bool SeesAll() const { return parts_.access.ViewOf(parts_.caller).SeesAll(); }

 private:
  // Whether the caller is still who he was, and still has his role.
  grpc::Status Recheck() const;

  const Parts parts_;
  const WatchPlace place_;
};

// Of any call.
std::shared_ptr<EventStream> MakeCallStream(ApiStream::Parts parts, const ApiCall& call,
                                            std::shared_ptr<const ApiMessage> request);
// Of all pools, for whoever sees them all.
std::shared_ptr<EventStream> MakePoolsStream(ApiStream::Parts parts, PoolsFeed& feed);

}  // namespace fleetmeter
