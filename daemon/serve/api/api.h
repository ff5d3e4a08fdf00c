// The HTTP/JSON facade of the query API: answers everything below /api/. README.md describes it.
//
// Owned by the App; stops before the services that it asks, and outlives the HTTP server.
// Thread-safe.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/base/workers.h"
#include "daemon/security/access_control.h"
#include "daemon/serve/api/api_call.h"
#include "daemon/serve/api/pools_feed.h"
#include "daemon/serve/http/http_message.h"

namespace fleetmeter {

class Api {
 public:
  // All outlive the object.
  Api(const ApiServices& services, AccessControl& access, const Clock& clock);
  ~Api();

  // Whether a target is the API's to answer.
  static bool Serves(std::string_view target) { return target.starts_with("/api/"); }
  // Replies on another thread, or at once.
  void Answer(HttpRequest request, HttpReply reply);

  // Ends what is under way. What is asked from then on is not answered.
  void Stop() { workers_.Stop(); }

  const std::vector<ApiCall>& calls() const { return calls_; }

 private:
  struct Question;

  const ApiCall* FindCall(const std::string& path) const;
  // What answers a question for all pools of a caller who sees them all; null: it asks for less, or
  // for something else.
  PoolsFeed* FeedFor(const ApiCall& call, const ApiMessage& message, const Caller& caller);
  HttpResponse AnswerUnknown(const std::string& path) const;
  void AnswerCall(const ApiCall& call, const std::shared_ptr<Question>& question);
  // What is asked, of the URL or of the body.
  grpc::Status ReadRequest(const ApiCall& call, const Question& question, ApiMessage* message);
  HttpResponse BeginStream(const ApiCall& call, const Question& question, const Caller& caller,
                           std::shared_ptr<const ApiMessage> request);

  const ApiServices services_;
  AccessControl& access_;
  const std::vector<ApiCall> calls_;
  const std::string openapi_;
  PoolsFeed pools_;
  PoolsFeed brief_pools_;
  Workers workers_;  // last: they use the rest
};

}  // namespace fleetmeter
