#include "daemon/serve/api/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "daemon/serve/api/api_error.h"
#include "daemon/serve/api/api_stream.h"
#include "daemon/serve/api/message_json.h"
#include "daemon/serve/api/openapi.h"
#include "daemon/serve/http/gzip.h"
#include "daemon/serve/http/request_target.h"
#include "daemon/serve/query/grpc_status.h"

namespace fleetmeter {
namespace {

constexpr size_t kWorkers = 2;
constexpr uint32_t kUsualIntervalMillis = 1'000;
constexpr uint32_t kShortestIntervalMillis = 100;
constexpr uint32_t kLongestIntervalMillis = 3'600'000;
constexpr std::string_view kPools = "pools";
constexpr std::string_view kWatchPools = "watch/pools";

grpc::Status Invalid(const std::string& why) { return {grpc::StatusCode::INVALID_ARGUMENT, why}; }

HttpProof ProofOf(const HttpRequest& request) {
  return {.peer = request.peer,
          .certificate = request.client_certificate,
          .authorization = std::string(request.Header("authorization"))};
}

// Compressed here, and not on the thread that serves connections.
HttpResponse Compressed(HttpResponse response, std::string gzipped) {
  response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = std::move(gzipped);
  return response;
}

HttpResponse ResponseTo(const HttpRequest& request, const grpc::Status& status,
                        const ApiMessage* answer) {
  if (!status.ok()) return ErrorResponse(status);
  HttpResponse response = JsonResponse(MessageJson(*answer));
  if (response.body.size() < kSmallestGzip || !request.AcceptsGzip()) return response;
  std::string gzipped = Gzip(response.body);
  return Compressed(std::move(response), std::move(gzipped));
}

// How long a stream waits between two looks, as its question says.
std::chrono::milliseconds IntervalOf(const ApiMessage& request) {
  const auto* field = request.GetDescriptor()->FindFieldByName("interval_millis");
  const uint32_t asked = field == nullptr ? 0 : request.GetReflection()->GetUInt32(request, field);
  return std::chrono::milliseconds(std::clamp(asked == 0 ? kUsualIntervalMillis : asked,
                                              kShortestIntervalMillis, kLongestIntervalMillis));
}

}  // namespace

struct Api::Question {
  HttpRequest request;
  HttpReply reply;
  RequestTarget target;
};

Api::Api(const ApiServices& services, AccessControl& access, const Clock& clock)
    : services_(services),
      access_(access),
      calls_(MakeApiCalls(services)),
      openapi_(OpenApiDocument(calls_)),
      pools_(services.query, /*brief=*/false, clock),
      brief_pools_(services.query, /*brief=*/true, clock),
      workers_(kWorkers) {}

Api::~Api() { Stop(); }

const ApiCall* Api::FindCall(const std::string& path) const {
  const auto found = std::find_if(calls_.begin(), calls_.end(), [&](const ApiCall& call) {
    return path.size() == kApiPrefix.size() + call.path.size() && path.starts_with(kApiPrefix) &&
           path.ends_with(call.path);
  });
  return found == calls_.end() ? nullptr : &*found;
}

PoolsFeed* Api::FeedFor(const ApiCall& call, const ApiMessage& message, const Caller& caller) {
  if (call.path != kPools && call.path != kWatchPools) return nullptr;
  const auto& request = static_cast<const v1::ListPoolsRequest&>(message);
  const bool all = request.page_size() == 0 && request.page_token().empty();
  if (!all || !access_.ViewOf(caller).SeesAll()) return nullptr;
  return request.brief() ? &brief_pools_ : &pools_;
}

HttpResponse Api::AnswerUnknown(const std::string& path) const {
  std::vector<std::string_view> known;
  for (const ApiCall& call : calls_) known.push_back(call.path);
  return ErrorResponse({grpc::StatusCode::NOT_FOUND,
                        fmt::format("{} is no call; expected {} and one of: {}; or {}openapi.json",
                                    path, kApiPrefix, fmt::join(known, ", "), kApiPrefix)});
}

void Api::Answer(HttpRequest request, HttpReply reply) {
  auto target = ParseRequestTarget(request.target);
  if (!target.ok()) return reply(ErrorResponse(ToGrpc(target.status())));
  if (target->path == std::string(kApiPrefix) + "openapi.json") {
    return reply(JsonResponse(openapi_));
  }
  const ApiCall* call = FindCall(target->path);
  if (call == nullptr) return reply(AnswerUnknown(target->path));
  const auto question = std::make_shared<Question>(
      Question{std::move(request), std::move(reply), *std::move(target)});
  workers_.Add([this, call, question] { AnswerCall(*call, question); });
}

grpc::Status Api::ReadRequest(const ApiCall& call, const Question& question, ApiMessage* message) {
  if (question.request.method != "POST") {
    return ToGrpc(ReadMessageFields(question.target.fields, message));
  }
  if (call.kind == ApiCall::Kind::kStream) {
    return {grpc::StatusCode::UNIMPLEMENTED, "a stream is asked for by GET"};
  }
  if (!question.target.fields.empty()) {
    return Invalid("a question by POST is in its body, and not in the URL");
  }
  // A form of a foreign page cannot send this type unasked.
  if (!question.request.Header("content-type").starts_with("application/json")) {
    return Invalid("the body is of another type; expected Content-Type: application/json");
  }
  return ToGrpc(ReadMessageJson(question.request.body, message));
}

void Api::AnswerCall(const ApiCall& call, const std::shared_ptr<Question>& question) {
  const HttpRequest& request = question->request;
  Caller caller;
  grpc::Status status = access_.Admit(ProofOf(request), call.role, &caller);
  const std::shared_ptr<ApiMessage> message = call.make_request();
  if (status.ok()) status = ReadRequest(call, *question, message.get());
  if (!status.ok()) return question->reply(ErrorResponse(status));
  PoolsFeed* const feed = FeedFor(call, *message, caller);
  if (feed != nullptr && call.kind == ApiCall::Kind::kAnswer) {
    const auto page = feed->Take();
    if (!request.AcceptsGzip()) return question->reply(JsonResponse(page->json()));
    return question->reply(Compressed(JsonResponse(""), page->Gzipped()));
  }
  // Nothing can be wrong with such a question: it need not be answered once to know that.
  if (feed != nullptr) return question->reply(BeginStream(call, *question, caller, message));
  call.ask(caller, message,
           [this, &call, question, caller, message](
               const grpc::Status& answered, const std::shared_ptr<const ApiMessage>& answer) {
             // What cannot be answered once is no stream either.
             question->reply(answered.ok() && call.kind == ApiCall::Kind::kStream
                                 ? BeginStream(call, *question, caller, message)
                                 : ResponseTo(question->request, answered, answer.get()));
           });
}

HttpResponse Api::BeginStream(const ApiCall& call, const Question& question, const Caller& caller,
                              std::shared_ptr<const ApiMessage> request) {
  if (grpc::Status full = services_.query.TakeWatchPlace(caller); !full.ok()) {
    return ErrorResponse(full);
  }
  ApiStream::Parts parts{.access = access_,
                         .query = services_.query,
                         .workers = workers_,
                         .proof = ProofOf(question.request),
                         .caller = caller,
                         .role = call.role,
                         .interval = IntervalOf(*request)};
  HttpResponse response;
  response.content_type = "text/event-stream";
  response.headers = {{"X-Content-Type-Options", "nosniff"}, {"X-Accel-Buffering", "no"}};
  PoolsFeed* const feed = FeedFor(call, *request, caller);
  response.events = feed != nullptr ? MakePoolsStream(std::move(parts), *feed)
                                    : MakeCallStream(std::move(parts), call, std::move(request));
  return response;
}

}  // namespace fleetmeter
