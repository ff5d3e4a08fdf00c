#include "daemon/serve/query/outcome_messages.h"

#include <gtest/gtest.h>

namespace fleetmeter {
namespace {

using outcomes::Margin;
using outcomes::MarginLine;

Margin OfRequests(int64_t requests) {
  Margin margin;
  margin.requests = margin.known_requests = requests;
  return margin;
}

// It was 0 where nobody had told of the period: a segment that nobody knows of served nobody.
TEST(MarginMessage, HasNoShareOfRequestsWhereNothingIsTold) {
  outcomes::MarginReview review;
  MarginLine told;
  told.after = OfRequests(3);
  told.request_share = 0.75;
  MarginLine untold;
  untold.before = OfRequests(5);
  review.lines = {told, untold};
  const v1::MarginReport report = MarginMessage(review);
  ASSERT_EQ(report.rows_size(), 2);
  EXPECT_EQ(report.rows(0).request_share_ratio(), 0.75);
  EXPECT_FALSE(report.rows(1).has_request_share_ratio());
}

}  // namespace
}  // namespace fleetmeter
