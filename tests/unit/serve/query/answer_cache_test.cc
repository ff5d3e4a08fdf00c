// An answer is given again only as long as it would come out the same.
#include "daemon/serve/query/answer_cache.h"

#include <gtest/gtest.h>

#include "fleetmeter/v1/outcomes.pb.h"

namespace fleetmeter {
namespace {

class AnswerCacheTest : public testing::Test {
 protected:
  // What is answered to a question about this window; each working out gives another plan version.
  uint32_t Ask(const std::string& window) {
    v1::GetMarginRequest request;
    request.set_window(window);
    v1::MarginReport report;
    EXPECT_TRUE(cache_
                    .Answer(basis_, request, &report,
                            [&] {
                              report.set_plan_version(++worked_out_);
                              return absl::OkStatus();
                            })
                    .ok());
    return report.plan_version();
  }

  AnswerCache cache_;
  AnswerCache::Basis basis_{.commits = 1, .quarter_hour = 7, .reference = nullptr};
  uint32_t worked_out_ = 0;
};

TEST_F(AnswerCacheTest, GivesTheSameAnswerToTheSameQuestion) {
  EXPECT_EQ(Ask("28d"), 1u);
  EXPECT_EQ(Ask("quarter"), 2u);
  EXPECT_EQ(Ask("28d"), 1u);
}

TEST_F(AnswerCacheTest, WorksOutAnewWhenSomethingHasChanged) {
  EXPECT_EQ(Ask("28d"), 1u);
  basis_.commits = 2;
  EXPECT_EQ(Ask("28d"), 2u);
  basis_.quarter_hour = 8;
  EXPECT_EQ(Ask("28d"), 3u);
  basis_.reference = std::make_shared<const ReferenceData>();
  EXPECT_EQ(Ask("28d"), 4u);
  EXPECT_EQ(Ask("28d"), 4u);
}

TEST_F(AnswerCacheTest, KeepsNoErrors) {
  v1::MarginReport report;
  const absl::Status failed = absl::UnavailableError("no");
  EXPECT_EQ(cache_.Answer(basis_, v1::GetMarginRequest(), &report, [&] { return failed; }), failed);
  EXPECT_EQ(Ask(""), 1u);
}

}  // namespace
}  // namespace fleetmeter
