#include "daemon/serve/http/shared_page.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <optional>

#include "daemon/serve/http/http_server.h"
#include "tests/support/socket.h"

namespace fleetmeter {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Makes pages "1", "2" and so on, each only when it is let.
class HeldMaker {
 public:
  HttpResponse Make() {
    MutexLock lock(mutex_);
    const int number = ++begun_;
    changed_.NotifyAll();
    while (allowed_ < number) changed_.Wait(mutex_);
    return {.status = 200, .body = fmt::format("page {}", number) + padding_};
  }
  void AwaitBegun(int number) {
    MutexLock lock(mutex_);
    while (begun_ < number) changed_.Wait(mutex_);
  }
  void Allow(int number) {
    MutexLock lock(mutex_);
    allowed_ = number;
    changed_.NotifyAll();
  }
  void Pad(const std::string& padding) { padding_ = padding; }
  int begun() {
    MutexLock lock(mutex_);
    return begun_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  int begun_ ABSL_GUARDED_BY(mutex_) = 0;
  int allowed_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string padding_;  // before anybody asks
};

class SharedPageTest : public testing::Test {
 protected:
  ~SharedPageTest() override {
    maker_.Allow(1'000);
    workers_.Stop();
  }

  std::future<HttpResponse> Ask(bool gzip = false) {
    auto answer = std::make_shared<std::promise<HttpResponse>>();
    page_.Ask(gzip, [answer](HttpResponse response) { answer->set_value(std::move(response)); });
    return answer->get_future();
  }

  HeldMaker maker_;
  Workers workers_{2};
  SharedPage page_{[this] { return maker_.Make(); }, workers_};
};

TEST_F(SharedPageTest, IsMadeOnceForAllWhoAskWhileAnotherIsMade) {
  auto first = Ask();
  maker_.AwaitBegun(1);
  std::vector<std::future<HttpResponse>> during;
  for (int i = 0; i < 60; ++i) during.push_back(Ask());
  maker_.Allow(2);
  EXPECT_EQ(*first.get().shared_body, "page 1");
  // Begun after they asked: the first page may not know what happened before.
  for (auto& answer : during) EXPECT_EQ(*answer.get().shared_body, "page 2");
  EXPECT_EQ(maker_.begun(), 2);
}

TEST_F(SharedPageTest, IsNeverOneFromBefore) {
  maker_.Allow(2);
  EXPECT_EQ(*Ask().get().shared_body, "page 1");
  EXPECT_EQ(*Ask().get().shared_body, "page 2");
}

TEST_F(SharedPageTest, IsCompressedForWhoTakesIt) {
  maker_.Pad(std::string(5'000, '.'));
  auto blocker = Ask();
  maker_.AwaitBegun(1);
  auto plain = Ask();
  auto zipped = Ask(/*gzip=*/true);
  maker_.Allow(2);
  EXPECT_EQ(plain.get().shared_body->size(), 5'006u);
  const HttpResponse answer = zipped.get();
  EXPECT_LT(answer.shared_body->size(), 1'000u);
  EXPECT_THAT(answer.headers, testing::ElementsAre(testing::Pair("Content-Encoding", "gzip")));
}

TEST_F(SharedPageTest, IsRefusedWhereTooManyWait) {
  auto first = Ask();
  maker_.AwaitBegun(1);
  std::vector<std::future<HttpResponse>> waiting;
  for (size_t i = 0; i < SharedPage::kMostWaiting; ++i) waiting.push_back(Ask());
  const HttpResponse refused = Ask().get();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.headers, testing::ElementsAre(testing::Pair("Retry-After", "1")));
  maker_.Allow(2);
  for (auto& answer : waiting) EXPECT_EQ(answer.get().status, 200);
}

std::string GetOf(const std::string& path) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
}

TEST_F(SharedPageTest, LeavesTheServingThreadToOthersWhileItIsMade) {
  const auto server = HttpServer::Start("127.0.0.1:0",
                                        [this](const HttpRequest& request, const HttpReply& reply) {
                                          if (request.target == "/slow")
                                            return page_.Ask(request.AcceptsGzip(), reply);
                                          reply({.status = 200, .body = "quick"});
                                        },
                                        {});
  ASSERT_TRUE(server.ok()) << server.status();
  std::vector<std::unique_ptr<e2e::Socket>> slow;
  for (int i = 0; i < 60; ++i) {
    slow.push_back(std::make_unique<e2e::Socket>((*server)->address()));
    ASSERT_TRUE(slow.back()->Send(GetOf("/slow")));
  }
  maker_.AwaitBegun(1);
  e2e::Socket quick((*server)->address());
  ASSERT_TRUE(quick.Send(GetOf("/quick")));
  EXPECT_THAT(quick.ReceiveAll(), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\nquick")));
  maker_.Allow(60);
  std::vector<std::string> answers;
  for (const auto& socket : slow) answers.push_back(socket->ReceiveAll());
  EXPECT_THAT(answers, Each(AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\npage "))));
  EXPECT_LT(maker_.begun(), 60) << "none was shared";
}

TEST_F(SharedPageTest, HasNoBodyForHead) {
  const auto server = HttpServer::Start("127.0.0.1:0",
                                        [this](const HttpRequest& request, const HttpReply& reply) {
                                          page_.Ask(request.AcceptsGzip(), reply);
                                        },
                                        {});
  ASSERT_TRUE(server.ok()) << server.status();
  maker_.Allow(1);
  e2e::Socket socket((*server)->address());
  ASSERT_TRUE(socket.Send("HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
  EXPECT_THAT(socket.ReceiveAll(),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 6\r\n"),
                    EndsWith("\r\n\r\n"), Not(HasSubstr("page"))));
}

}  // namespace
}  // namespace fleetmeter
