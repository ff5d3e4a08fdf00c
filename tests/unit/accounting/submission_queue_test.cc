#include "daemon/accounting/submission_queue.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/support/manual_clock.h"

namespace fleetmeter {
namespace {

using Submitted = SubmissionQueue::Submitted;

Submission Of(size_t reports) {
  Submission submission;
  submission.reports.resize(reports);
  return submission;
}

class SubmissionQueueTest : public testing::Test {
 protected:
  Submitted Push(size_t reports) {
    Submission submission = Of(reports);
    return queue_.TryPush(submission);
  }

  ManualClock clock_;
  SubmissionQueue queue_{clock_, /*limit_reports=*/10};
};

TEST_F(SubmissionQueueTest, TakesWholeSubmissionsInTheirOrderUpToAsManyReports) {
  for (const size_t reports : {2, 3, 4}) ASSERT_EQ(Push(reports), Submitted::kYes);
  EXPECT_EQ(queue_.waiting_reports(), 9u);
  const std::vector<Submission> taken = queue_.Take(/*most_reports=*/8, /*wait_nanos=*/0);
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_EQ(taken[0].reports.size(), 2u);
  EXPECT_EQ(taken[1].reports.size(), 3u);
  EXPECT_EQ(queue_.waiting_reports(), 4u);
}

TEST_F(SubmissionQueueTest, TakesOneSubmissionHoweverLargeItIs) {
  ASSERT_EQ(Push(7), Submitted::kYes);
  ASSERT_EQ(Push(1), Submitted::kYes);
  EXPECT_EQ(queue_.Take(/*most_reports=*/5, /*wait_nanos=*/0).size(), 1u);
  EXPECT_EQ(queue_.waiting_reports(), 1u);
}

TEST_F(SubmissionQueueTest, LeavesWhatItRefusesUntouched) {
  Submission large = Of(11);
  EXPECT_EQ(queue_.TryPush(large), Submitted::kFull);
  EXPECT_EQ(large.reports.size(), 11u);
  EXPECT_EQ(queue_.waiting_reports(), 0u);
}

TEST_F(SubmissionQueueTest, IsFullFromTheFirstRefusalUntilThereIsRoom) {
  ASSERT_EQ(Push(8), Submitted::kYes);
  clock_.Pass(kNanosPerSecond);
  EXPECT_EQ(queue_.FullForNanos(), 0);
  ASSERT_EQ(Push(3), Submitted::kFull);
  clock_.Pass(2 * kNanosPerSecond);
  ASSERT_EQ(Push(3), Submitted::kFull);
  clock_.Pass(kNanosPerSecond);
  EXPECT_EQ(queue_.FullForNanos(), 3 * kNanosPerSecond);
  ASSERT_EQ(Push(2), Submitted::kYes) << "a smaller one still has room";
  EXPECT_EQ(queue_.FullForNanos(), 0);
}

TEST_F(SubmissionQueueTest, OnceStoppedGivesWhatIsLeftAndTakesNothingIn) {
  ASSERT_EQ(Push(1), Submitted::kYes);
  queue_.Stop();
  EXPECT_EQ(Push(1), Submitted::kStopping);
  EXPECT_FALSE(queue_.Drained());
  EXPECT_EQ(queue_.Take(10, 0).size(), 1u);
  EXPECT_TRUE(queue_.Drained());
}

TEST_F(SubmissionQueueTest, StoppingWakesWhoWaits) {
  auto waiting =
      std::async(std::launch::async, [&] { return queue_.Take(10, 600 * kNanosPerSecond).size(); });
  queue_.Stop();
  EXPECT_EQ(waiting.get(), 0u);
}

Submission Heavy(const std::string& identity, size_t weight) {
  Submission submission = Of(1);
  submission.stream.identity = identity;
  submission.weight = weight;
  return submission;
}

TEST_F(SubmissionQueueTest, ASubmissionCountsAsItsWeight) {
  Submission first = Heavy("a", 8);
  ASSERT_EQ(queue_.TryPush(first), Submitted::kYes);
  EXPECT_EQ(queue_.waiting_reports(), 8u);
  EXPECT_EQ(Push(3), Submitted::kFull);
  EXPECT_EQ(Push(2), Submitted::kYes);
  EXPECT_EQ(queue_.Take(/*most_reports=*/9, /*wait_nanos=*/0).size(), 1u);
  EXPECT_EQ(queue_.waiting_reports(), 2u);
}

TEST_F(SubmissionQueueTest, WhatWeighsMoreThanTheQueueHoldsIsTakenAlone) {
  Submission huge = Heavy("a", 1'000);
  ASSERT_EQ(queue_.TryPush(huge), Submitted::kYes);
  EXPECT_EQ(Push(1), Submitted::kFull);
  EXPECT_EQ(queue_.Take(/*most_reports=*/5, /*wait_nanos=*/0).size(), 1u);
  EXPECT_EQ(Push(1), Submitted::kYes);
}

TEST_F(SubmissionQueueTest, SharedFairlyNoSenderFillsIt) {
  SubmissionQueue queue(clock_, /*limit_reports=*/100, FairShare::Sharing::kFair);
  size_t greedy = 0;
  for (;; ++greedy) {
    Submission one = Heavy("greedy", 1);
    if (queue.TryPush(one) != Submitted::kYes) break;
  }
  EXPECT_EQ(greedy, 75u);
  Submission other = Heavy("other", 10);
  EXPECT_EQ(queue.TryPush(other), Submitted::kYes);
  // What it had taken leaves with it.
  EXPECT_EQ(queue.Take(/*most_reports=*/1'000, /*wait_nanos=*/0).size(), 76u);
  Submission again = Heavy("greedy", 1);
  EXPECT_EQ(queue.TryPush(again), Submitted::kYes);
}

}  // namespace
}  // namespace fleetmeter
