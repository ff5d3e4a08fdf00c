#include "daemon/serve/http/http_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "daemon/base/mutex.h"
#include "tests/support/socket.h"

namespace fleetmeter {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::unique_ptr<HttpServer> Serve(HttpHandler handler) {
  auto server = HttpServer::Start("127.0.0.1:0", std::move(handler),
                                  {.hooks = {}, .takes_body = [](std::string_view target) {
                                     return target.starts_with("/x");
                                   }});
  EXPECT_TRUE(server.ok()) << server.status();
  return *std::move(server);
}

void Echo(const HttpRequest& request, const HttpReply& reply) {
  reply({.status = 200,
         .body = fmt::format("{} {} [{}] type={}", request.method, request.target, request.body,
                             request.Header("content-type"))});
}

std::string Ask(const HttpServer& server, const std::string& request) {
  e2e::Socket socket(server.address());
  EXPECT_TRUE(socket.Send(request));
  return socket.ReceiveAll();
}

std::string Post(const std::string& body, const std::string& headers = "") {
  return fmt::format(
      "POST /x?y=1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}"
      "Content-Length: {}\r\n\r\n{}",
      headers, body.size(), body);
}

TEST(HttpServerBodies, AreReadWhereTheServerTakesThem) {
  const auto server = Serve(Echo);
  EXPECT_THAT(Ask(*server, Post("{\"a\": 1}", "Content-Type: application/json\r\n")),
              AllOf(StartsWith("HTTP/1.1 200 "),
                    EndsWith("POST /x?y=1 [{\"a\": 1}] type=application/json")));
  const std::string large(200'000, 'x');
  EXPECT_THAT(Ask(*server, Post(large)), EndsWith("[" + large + "] type="));
}

TEST(HttpServerBodies, AreEncouragedAndLimited) {
  const auto server = Serve(Echo);
  EXPECT_THAT(Ask(*server, Post("abc", "Expect: 100-continue\r\n")),
              AllOf(StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "), HasSubstr("[abc]")));
  EXPECT_THAT(
      Ask(*server, "POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n"),
      StartsWith("HTTP/1.1 413 "));
}

TEST(HttpServerBodies, AreRefusedWhereTheServerTakesNone) {
  // At once: nobody waits for a body that is not taken.
  const auto elsewhere = Serve(Echo);
  e2e::Socket socket(elsewhere->address());
  ASSERT_TRUE(socket.Send("POST /y HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n"));
  EXPECT_THAT(socket.ReceiveSome(), StartsWith("HTTP/1.1 405 "));
  const auto server = HttpServer::Start("127.0.0.1:0", {{"/", [] { return HttpResponse(); }}});
  ASSERT_TRUE(server.ok());
  EXPECT_THAT(Ask(**server, Post("abc")),
              AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")));
}

TEST(HttpServerReplies, AreNothingThatAPageOfAnotherOriginCanLoad) {
  const auto server = Serve([](const HttpRequest& request, const HttpReply& reply) {
    reply({.status = request.target == "/fine" ? 200 : 404, .body = "1"});
  });
  for (const char* target : {"/fine", "/none"}) {
    const std::string answer =
        Ask(*server,
            fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", target));
    EXPECT_THAT(answer, AllOf(HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
                              HasSubstr("\r\nCross-Origin-Resource-Policy: same-origin\r\n"),
                              Not(HasSubstr("Access-Control-Allow"))));
  }
}

TEST(HttpServerReplies, MayComeFromAnotherThreadLaterOnOneConnection) {
  std::thread answerer;
  const auto server = Serve([&](const HttpRequest& request, HttpReply reply) {
    if (answerer.joinable()) answerer.join();
    answerer = std::thread([reply = std::move(reply), target = request.target] {
      reply({.status = 200, .body = target});
      reply({.status = 500, .body = "too late"});
    });
  });
  e2e::Socket socket(server->address());
  for (const char* target : {"/one", "/two"}) {
    ASSERT_TRUE(socket.Send(fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target)));
    EXPECT_THAT(socket.ReceiveSome(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith(target)));
  }
  answerer.join();
}

TEST(HttpServerReplies, AreDroppedWhenTheServerIsGone) {
  HttpReply late;
  std::promise<void> asked;
  auto server = Serve([&](const HttpRequest&, HttpReply reply) {
    late = std::move(reply);
    asked.set_value();
  });
  e2e::Socket socket(server->address());
  ASSERT_TRUE(socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  asked.get_future().wait();
  server.reset();
  late({.status = 200, .body = "late"});
  EXPECT_EQ(socket.ReceiveAll(), "");
}

// Tells what it is given, one after the other, and when it goes.
class Told final : public EventStream {
 public:
  Told(std::vector<std::string> texts, std::promise<void>& gone)
      : texts_(std::move(texts)), gone_(gone) {}
  ~Told() override { gone_.set_value(); }

  void Ask(std::function<void(News)> done) override {
    if (at_ < texts_.size()) return done({.text = texts_[at_++], .last = false});
    done({.text = "", .last = true});
  }
  std::chrono::milliseconds interval() const override { return std::chrono::milliseconds(1); }

 private:
  const std::vector<std::string> texts_;
  size_t at_ = 0;
  std::promise<void>& gone_;
};

TEST(HttpServerEvents, AreToldInChunksUntilTheLast) {
  std::promise<void> gone;
  const auto server = Serve([&](const HttpRequest&, const HttpReply& reply) {
    HttpResponse response{.status = 200, .content_type = "text/event-stream"};
    response.events =
        std::make_shared<Told>(std::vector<std::string>{"data: 1\n\n", "", "data: 2\n\n"}, gone);
    reply(std::move(response));
  });
  const std::string answer = Ask(*server, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(answer,
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("text/event-stream"),
                    HasSubstr("9\r\ndata: 1\n\n\r\n"), EndsWith("9\r\ndata: 2\n\n\r\n0\r\n\r\n")));
  gone.get_future().wait();
}

TEST(HttpServerEvents, EndWhenTheClientGoes) {
  // It has nothing more to say, and never ends by itself.
  class Silent final : public EventStream {
   public:
    explicit Silent(std::promise<void>& gone) : gone_(gone) {}
    ~Silent() override { gone_.set_value(); }
    void Ask(std::function<void(News)> done) override { done({}); }
    std::chrono::milliseconds interval() const override { return std::chrono::milliseconds(10); }

   private:
    std::promise<void>& gone_;
  };
  std::promise<void> gone;
  const auto server = Serve([&](const HttpRequest&, const HttpReply& reply) {
    HttpResponse response;
    response.events = std::make_shared<Silent>(gone);
    reply(std::move(response));
  });
  {
    e2e::Socket socket(server->address());
    ASSERT_TRUE(socket.Send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    EXPECT_THAT(socket.ReceiveSome(), HasSubstr("chunked"));
  }
  EXPECT_EQ(gone.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
}

}  // namespace
}  // namespace fleetmeter
