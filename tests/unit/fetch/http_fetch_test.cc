#include "daemon/fetch/http_fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "daemon/fetch/inflate.h"
#include "daemon/serve/http/gzip.h"
#include "tests/support/canned_server.h"
#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kGzipHeader[] = "Content-Encoding: gzip\r\n";

FetchOptions OptionsOf(const CannedServer& server, const std::string& path) {
  FetchOptions options;
  options.url = server.UrlOf(path);
  return options;
}

absl::StatusCode CodeOfFetch(const FetchOptions& options) {
  const auto page = Fetch(options);
  EXPECT_FALSE(page.ok());
  if (!page.ok()) {
    EXPECT_THAT(std::string(page.status().message()), HasSubstr("expected"));
  }
  return page.status().code();
}

TEST(Fetch, GivesBodyAndContentType) {
  const CannedServer server({{"/metrics", Canned("up 1\n", "Content-Type: Text/Plain\r\n")}});
  const auto page = Fetch(OptionsOf(server, "/metrics"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->body, "up 1\n");
  EXPECT_EQ(page->content_type, "text/plain");
  EXPECT_THAT(server.requests().at(0), HasSubstr("Host: " + server.address()));
}

TEST(Fetch, Decompresses) {
  const std::string text(100'000, 'x');
  const CannedServer server({{"/", Canned(Gzip(text), kGzipHeader)}});
  const auto page = Fetch(OptionsOf(server, "/"));
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_EQ(page->body, text);
}

TEST(Fetch, StopsAtTheLimitBeforeAndAfterDecompression) {
  const CannedServer server({{"/plain", Canned(std::string(2'000, 'x'))},
                             {"/bomb", Canned(Gzip(std::string(10 << 20, 'x')), kGzipHeader)}});
  FetchOptions options = OptionsOf(server, "/plain");
  options.max_body_bytes = 1'999;
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kResourceExhausted);
  options = OptionsOf(server, "/bomb");
  options.max_body_bytes = 1 << 20;
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kResourceExhausted);
}

TEST(Fetch, SaysThatABodyIsCutOff) {
  CannedAnswer cut = Canned("0123456789");
  cut.bytes.resize(cut.bytes.size() - 3);
  std::string half = Gzip(std::string(1'000, 'y'));
  half.resize(half.size() / 2);
  const CannedServer server({{"/cut", cut}, {"/half", Canned(half, kGzipHeader)}});
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/cut")), absl::StatusCode::kDataLoss);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/half")), absl::StatusCode::kDataLoss);
}

TEST(Fetch, GivesUpAtTheDeadline) {
  CannedAnswer silent = Canned("0123456789");
  silent.bytes.resize(silent.bytes.size() - 3);
  silent.hold_open = true;
  const CannedServer server({{"/", silent}});
  FetchOptions options = OptionsOf(server, "/");
  options.deadline = std::chrono::milliseconds(50);
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kDeadlineExceeded);
}

// The deadline is far away: what ends the fetch is the stop.
TEST(Fetch, EndsAtOnceWhenItIsToStop) {
  CannedAnswer silent = Canned("0123456789");
  silent.bytes.resize(silent.bytes.size() - 3);
  silent.hold_open = true;
  const CannedServer server({{"/", silent}});
  std::stop_source stop;
  FetchOptions options = OptionsOf(server, "/");
  options.deadline = std::chrono::hours(1);
  options.stop = stop.get_token();
  std::thread stopper([&] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (server.requests().empty() && std::chrono::steady_clock::now() < limit) {
      std::this_thread::yield();
    }
    stop.request_stop();
  });
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kCancelled);
  stopper.join();
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kCancelled) << "once it was stopped";
}

TEST(Fetch, FollowsRedirectsOnTheSameServerOnly) {
  const CannedServer other({{"/x", Canned("not ours")}});
  CannedServer server(
      {{"/new", Canned("here")}, {"/old", Canned("", "Location: /new\r\n", "302 Found")}});
  server.Set("/absolute", Canned("", "Location: " + server.UrlOf("/new") + "\r\n", "301 Moved"));
  server.Set("/away", Canned("", "Location: " + other.UrlOf("/x") + "\r\n", "302 Found"));
  server.Set("/slashes", Canned("", "Location: //" + other.address() + "/x\r\n", "302 Found"));
  server.Set("/loop", Canned("", "Location: /loop\r\n", "302 Found"));
  EXPECT_EQ(Fetch(OptionsOf(server, "/old"))->body, "here");
  EXPECT_EQ(Fetch(OptionsOf(server, "/absolute"))->body, "here");
  for (const char* path : {"/away", "/slashes", "/loop"}) {
    EXPECT_EQ(CodeOfFetch(OptionsOf(server, path)), absl::StatusCode::kFailedPrecondition) << path;
  }
  EXPECT_TRUE(other.requests().empty());
}

TEST(Fetch, TellsAnswersApart) {
  const CannedServer server({{"/401", Canned("", "", "401 Unauthorized")},
                             {"/500", Canned("", "", "500 Broken")},
                             {"/204", Canned("", "", "204 No Content")},
                             {"/br", Canned("x", "Content-Encoding: br\r\n")},
                             {"/noise", {"\x16\x03\x01 this is no HTTP\r\n\r\n"}}});
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/401")), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/absent")), absl::StatusCode::kNotFound);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/500")), absl::StatusCode::kUnavailable);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/204")), absl::StatusCode::kInternal);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/br")), absl::StatusCode::kInternal);
  EXPECT_EQ(CodeOfFetch(OptionsOf(server, "/noise")), absl::StatusCode::kInternal);
}

TEST(Fetch, SaysThatNobodyListens) {
  std::string url;
  {
    const CannedServer gone({});
    url = gone.UrlOf("/metrics?token=secret");
  }
  FetchOptions options;
  options.url = url;
  const auto page = Fetch(options);
  EXPECT_EQ(page.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(page.status().message()), Not(HasSubstr("secret")));
}

TEST(Fetch, SendsTheTokenOfTheFileAsItIsNow) {
  const TempFolder folder;
  const CannedServer server({{"/", Canned("ok")}});
  FetchOptions options = OptionsOf(server, "/");
  options.bearer_token_file = folder.Write("token", "first\n");
  ASSERT_TRUE(Fetch(options).ok());
  folder.Write("token", "second\n");
  ASSERT_TRUE(Fetch(options).ok());
  EXPECT_THAT(server.requests().at(0), HasSubstr("Authorization: Bearer first\r\n"));
  EXPECT_THAT(server.requests().at(1), HasSubstr("Authorization: Bearer second\r\n"));
  folder.Write("token", "a\r\nX-Evil: b");
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kFailedPrecondition);
  folder.Write("token", "");
  EXPECT_EQ(CodeOfFetch(options), absl::StatusCode::kFailedPrecondition);
}

TEST(Post, SendsABody) {
  const CannedServer server({{"/query", Canned("{}")}});
  const auto page =
      Post(OptionsOf(server, "/query"), "query=up", "application/x-www-form-urlencoded");
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(server.requests().at(0), HasSubstr("POST /query HTTP/1.1"));
  EXPECT_THAT(server.requests().at(0), HasSubstr("Content-Length: 8\r\n"));
}

TEST(Inflate, TakesSeveralMembersAndRefusesDamage) {
  EXPECT_EQ(*Inflate(Gzip("one ") + Gzip("two"), 100), "one two");
  EXPECT_EQ(Inflate("no gzip at all", 100).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Inflate("", 100).status().code(), absl::StatusCode::kDataLoss);
  std::string damaged = Gzip(std::string(1'000, 'z') + "end");
  damaged[damaged.size() - 6] = static_cast<char>(damaged[damaged.size() - 6] ^ 1);
  EXPECT_EQ(Inflate(damaged, 10'000).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(*Inflate(Gzip("0123456789"), 10), "0123456789");
  EXPECT_EQ(Inflate(Gzip("0123456789"), 9).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(Fetch, TellsTheBeginningOfAnAnswerThatIsAnError) {
  const std::string body = "no such metric" + std::string(1'000, '!');
  const CannedServer server({{"/api", Canned(body, "", "400 Bad Request")}});
  const auto page = Fetch(OptionsOf(server, "/api"));
  EXPECT_EQ(page.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(page.status().message()), HasSubstr("no such metric!!"));
  EXPECT_LT(page.status().message().size(), 500U);
}

}  // namespace
}  // namespace fleetmeter
