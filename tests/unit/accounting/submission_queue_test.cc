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

std::vector<std::string> IdentitiesOf(const std::vector<Submission>& taken) {
  std::vector<std::string> identities;
  for (const Submission& submission : taken) identities.push_back(submission.stream.identity);
  return identities;
}

TEST_F(SubmissionQueueTest, WhoHasALongLineWaitsForItselfAndNotOthersForIt) {
  SubmissionQueue queue(clock_, /*limit_reports=*/1'000, FairShare::Sharing::kFair);
  for (uint64_t i = 0; i < 5; ++i) {
    Submission one = Heavy("greedy", 100);
    one.sent_unix_nanos = static_cast<int64_t>(i);
    ASSERT_EQ(queue.TryPush(one), Submitted::kYes);
  }
  ASSERT_EQ(queue.Take(/*most_reports=*/100, /*wait_nanos=*/0).size(), 1u);
  for (const char* identity : {"b", "c", "b"}) {
    Submission small = Heavy(identity, 1);
    ASSERT_EQ(queue.TryPush(small), Submitted::kYes);
  }
  std::vector<Submission> taken = queue.Take(/*most_reports=*/103, /*wait_nanos=*/0);
  EXPECT_EQ(IdentitiesOf(taken), (std::vector<std::string>{"b", "c", "b", "greedy"}));
  taken = queue.Take(/*most_reports=*/1'000, /*wait_nanos=*/0);
  ASSERT_EQ(taken.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(taken[i].sent_unix_nanos, static_cast<int64_t>(i) + 2) << "its own order is kept";
  }
  EXPECT_EQ(queue.waiting_reports(), 0u);
}

TEST_F(SubmissionQueueTest, SendersThatShareTakeTurnsByWeight) {
  SubmissionQueue queue(clock_, /*limit_reports=*/10'000, FairShare::Sharing::kFair);
  for (int i = 0; i < 4; ++i) {
    Submission heavy = Heavy("heavy", 30);
    ASSERT_EQ(queue.TryPush(heavy), Submitted::kYes);
  }
  for (int i = 0; i < 6; ++i) {
    Submission light = Heavy("light", 10);
    ASSERT_EQ(queue.TryPush(light), Submitted::kYes);
  }
  const auto taken = IdentitiesOf(queue.Take(/*most_reports=*/10'000, /*wait_nanos=*/0));
  EXPECT_EQ(taken, (std::vector<std::string>{"heavy", "light", "light", "light", "heavy", "light",
                                             "light", "light", "heavy", "heavy"}));
}

TEST_F(SubmissionQueueTest, SendersThatCameAndWentAreForgotten) {
  SubmissionQueue queue(clock_, /*limit_reports=*/10, FairShare::Sharing::kFair);
  for (int i = 0; i < 5'000; ++i) {
    Submission one = Heavy("sender " + std::to_string(i), 1);
    ASSERT_EQ(queue.TryPush(one), Submitted::kYes);
    ASSERT_EQ(queue.Take(/*most_reports=*/1, /*wait_nanos=*/0).size(), 1u);
  }
  Submission last = Heavy("sender 0", 1);
  EXPECT_EQ(queue.TryPush(last), Submitted::kYes);
}

TEST_F(SubmissionQueueTest, AHeavyOneComesInPartsAndIsAnsweredOnce) {
  SubmissionQueue queue(clock_, /*limit_reports=*/10'000);
  Submission heavy = Of(10);
  for (uint64_t i = 0; i < 10; ++i) heavy.reports[i].sequence = i + 1;
  heavy.weight = 2'560;
  heavy.claims.each.assign(10, SourceClaim::kByRule);
  heavy.claims.each[9] = SourceClaim::kForbidden;
  int answers = 0;
  SubmitResult answer;
  heavy.done = [&](const SubmitResult& result) {
    ++answers;
    answer = result;
  };
  ASSERT_EQ(queue.TryPush(heavy), Submitted::kYes);
  EXPECT_EQ(queue.waiting_reports(), 2'560u);
  uint64_t sequence = 0;
  for (int transaction = 0; transaction < 10; ++transaction) {
    std::vector<Submission> taken = queue.Take(/*most_reports=*/2'048, /*wait_nanos=*/0);
    ASSERT_EQ(taken.size(), 1u) << "the rest waits, since others may come";
    for (Submission& part : taken) {
      ASSERT_EQ(part.reports.size(), 1u);
      EXPECT_EQ(part.reports[0].sequence, ++sequence);
      EXPECT_EQ(part.claims.Of(0), sequence == 10 ? SourceClaim::kForbidden : SourceClaim::kByRule);
      EXPECT_EQ(answers, 0);
      part.done(
          {absl::OkStatus(), sequence, {{sequence, ReportDisposition::Code::kDuplicate, {}}}});
    }
  }
  EXPECT_EQ(queue.waiting_reports(), 0u);
  EXPECT_EQ(answers, 1);
  EXPECT_TRUE(answer.status.ok());
  EXPECT_EQ(answer.acknowledged_through, 10u);
  EXPECT_EQ(answer.dispositions.size(), 10u);
}

TEST_F(SubmissionQueueTest, AHeavyOneOfWhichAPartFailsIsToBeSentAgain) {
  SubmissionQueue queue(clock_, /*limit_reports=*/10'000);
  Submission heavy = Of(4);
  heavy.weight = 1'024;
  SubmitResult answer;
  heavy.done = [&](const SubmitResult& result) { answer = result; };
  ASSERT_EQ(queue.TryPush(heavy), Submitted::kYes);
  const auto answer_next = [&](const SubmitResult& result) {
    std::vector<Submission> taken = queue.Take(/*most_reports=*/2'048, /*wait_nanos=*/0);
    ASSERT_EQ(taken.size(), 1u);
    taken[0].done(result);
  };
  answer_next({absl::OkStatus(), 1, {}});
  answer_next({absl::OkStatus(), 2, {}});
  answer_next({absl::UnavailableError("disk full"), 2, {}});
  answer_next({absl::OkStatus(), 2, {{4, ReportDisposition::Code::kOutOfSequence, {}}}});
  EXPECT_TRUE(absl::IsUnavailable(answer.status));
  EXPECT_EQ(answer.acknowledged_through, 2u);
  EXPECT_TRUE(answer.dispositions.empty());
}

}  // namespace
}  // namespace fleetmeter
