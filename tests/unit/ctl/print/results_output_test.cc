// What is printed of what came of grants.
#include "daemon/ctl/print/results_output.h"

#include <string>

#include "gmock/gmock.h"
#include "tests/unit/ctl/print/capacity_requests.h"

namespace fleetmeter::ctl {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(ResultsOutputTest, SaysWhyAResultCannotBeTold) {
  v1::GetResultsResponse response;
  v1::CapacityResult& result = *response.add_results();
  *result.mutable_request() = GrantedRequest();
  result.set_standing("cannot be told");
  result.add_why("No revenue of its model is in the books.");
  EXPECT_THAT(
      FormatResults(response, OutputFormat::kTable),
      AllOf(StartsWith("rl-rollouts-2026-12-01-k3f9: cannot be told\n  promised: revenue of "),
            HasSubstr("\n  No revenue of its model is in the books.\n"),
            Not(HasSubstr("since it began"))));
  response.set_left_out(3);
  EXPECT_THAT(FormatResults(response, OutputFormat::kTable),
              HasSubstr("3 results that began earlier left out"));
  result.set_revenue_micro_usd(2'000'000);
  EXPECT_THAT(FormatResults(response, OutputFormat::kTable),
              HasSubstr("revenue since it began: $2\n"));
}

TEST(ResultsOutputTest, SaysAPromiseOnceAndAGainWhereItIsTold) {
  v1::GetResultsResponse response;
  v1::CapacityResult& result = *response.add_results();
  *result.mutable_request() = GrantedRequest();
  result.mutable_request()->mutable_form()->mutable_roi()->set_gain("efficiency");
  result.set_standing("within");
  result.set_efficiency_gain_micro_usd(-1'500'000);
  const std::string text = FormatResults(response, OutputFormat::kTable);
  EXPECT_THAT(text, HasSubstr("  gain in efficiency since it began: -$1.50\n"));
  const std::string said = "promised: an efficiency gain of $1,500,000";
  const size_t promise = text.find(said);
  ASSERT_NE(promise, std::string::npos) << text;
  EXPECT_EQ(text.find("$1,500,000", promise + said.size()), std::string::npos) << text;
  result.mutable_request()->mutable_form()->clear_roi();
  result.add_why("The request promised no return, so that there is nothing to compare.");
  EXPECT_THAT(FormatResults(response, OutputFormat::kTable), Not(HasSubstr("promised:")));
}

}  // namespace
}  // namespace fleetmeter::ctl
