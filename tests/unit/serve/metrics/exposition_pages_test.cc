#include "daemon/serve/metrics/exposition_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <utility>

namespace fleetmeter {
namespace {

using ::testing::Contains;
using ::testing::Pair;

constexpr char kPrefersOpenMetrics[] =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";

class ExpositionPagesTest : public testing::Test {
 protected:
  ~ExpositionPagesTest() override { workers_.Stop(); }

  HttpResponse Ask(const std::string& accept, const std::string& encodings = "") {
    HttpRequest request;
    request.method = "GET";
    request.target = "/metrics";
    request.headers = {{"accept", accept}, {"accept-encoding", encodings}};
    auto answer = std::make_shared<std::promise<HttpResponse>>();
    pages_.Answer(request,
                  [answer](HttpResponse response) { answer->set_value(std::move(response)); });
    return answer->get_future().get();
  }

  std::string padding_;  // before anybody asks
  Workers workers_{1};
  ExpositionPages pages_{[this](ExpositionForm form) {
                           const bool open = form == ExpositionForm::kOpenMetrics;
                           return HttpResponse{.body = (open ? "open" : "text") + padding_};
                         },
                         workers_};
};

TEST_F(ExpositionPagesTest, ComeInTheFormThatTheRequestPrefers) {
  const HttpResponse text = Ask("*/*");
  EXPECT_EQ(*text.shared_body, "text");
  EXPECT_EQ(text.content_type, "text/plain; version=0.0.4; charset=utf-8");
  const HttpResponse open = Ask(kPrefersOpenMetrics);
  EXPECT_EQ(*open.shared_body, "open");
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
}

TEST_F(ExpositionPagesTest, SayToCachesWhatTheyDependOn) {
  padding_ = std::string(5'000, '.');
  for (const char* accept : {"", kPrefersOpenMetrics}) {
    const HttpResponse page = Ask(accept, "gzip");
    EXPECT_THAT(page.headers, Contains(Pair("Vary", "Accept, Accept-Encoding"))) << accept;
    EXPECT_THAT(page.headers, Contains(Pair("Content-Encoding", "gzip"))) << accept;
    EXPECT_LT(page.shared_body->size(), 1'000u) << accept;
  }
}

}  // namespace
}  // namespace fleetmeter
