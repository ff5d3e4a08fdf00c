#include "daemon/view/held_since.h"

#include "daemon/base/units.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace fleetmeter {
namespace {

using testing::Optional;
using Kind = HeldHoursAnswer::Kind;
using Unknown = HeldSince::Unknown;

constexpr int64_t kFirst = 1'767'225'600;  // 2026-01-01

// Hour number `n` of the books.
int64_t At(double n) { return kFirst + static_cast<int64_t>(n * kSecondsPerHour); }

std::set<int64_t> Hours(std::initializer_list<int> numbers) {
  std::set<int64_t> hours;
  for (const int n : numbers) hours.insert(At(n));
  return hours;
}

WindowSet Told(std::initializer_list<std::pair<double, double>> spans) {
  WindowSet windows;
  for (const auto& [from, to] : spans) {
    windows.Add({At(from) * kNanosPerSecond, At(to) * kNanosPerSecond});
  }
  return windows;
}

// It is ten o'clock and a half, and all is read.
HeldHoursQuestion AtTen() {
  return {.present = At(10),
          .lately = At(10),
          .read_from = At(0),
          .books_from = At(0),
          .kept_from = At(0)};
}

const ToldByAll& AllTold() {
  static const ToldByAll told({Told({{0, 10.5}})});
  return told;
}

TEST(HeldSince, IsTheHourAfterTheBreak) {
  const auto answer = LookBack(AtTen(), Hours({3, 4, 7, 8, 9, 10}), AllTold());
  ASSERT_EQ(answer.kind, Kind::kHolds);
  EXPECT_THAT(answer.since.since, Optional(At(7)));
  EXPECT_EQ(answer.since.at_least_since, At(7));
  EXPECT_EQ(answer.since.unknown_because, Unknown::kNo);
  EXPECT_EQ(answer.since.last_known, std::nullopt);
}

TEST(HeldSince, SomebodyWhoStoppedIsNoHolder) {
  EXPECT_EQ(LookBack(AtTen(), Hours({7, 8}), AllTold()).kind, Kind::kEnded);
  EXPECT_EQ(LookBack(AtTen(), Hours({}), AllTold()).kind, Kind::kEnded);
}

TEST(HeldSince, IsNotKnownBehindASilence) {
  // A second host was silent from hour 5 to hour 7, and may have been held then.
  const ToldByAll told({Told({{0, 10.5}}), Told({{0, 5}, {7, 10.5}})});
  const auto answer = LookBack(AtTen(), Hours({3, 4, 7, 8, 9, 10}), told);
  ASSERT_EQ(answer.kind, Kind::kHolds);
  EXPECT_EQ(answer.since.since, std::nullopt);
  EXPECT_EQ(answer.since.at_least_since, At(7));
  EXPECT_EQ(answer.since.unknown_because, Unknown::kUntold);
  EXPECT_THAT(answer.since.not_before, Optional(At(3))) << "in hour 2 all told, and it held none";
}

TEST(HeldSince, AMomentInWhichAllToldIsEnough) {
  const ToldByAll told({Told({{0, 6.9}, {7, 10.5}}), Told({{0, 6.1}, {6.8, 10.5}})});
  const auto answer = LookBack(AtTen(), Hours({7, 8, 9, 10}), told);
  EXPECT_THAT(answer.since.since, Optional(At(7)));
  // Here each told of some of the hour, and at no moment both.
  const ToldByAll apart({Told({{0, 6}, {6.5, 10.5}}), Told({{0, 6.5}, {7, 10.5}})});
  const auto unknown = LookBack(AtTen(), Hours({7, 8, 9, 10}), apart);
  EXPECT_EQ(unknown.since.unknown_because, Unknown::kUntold);
  EXPECT_THAT(unknown.since.not_before, Optional(At(6)));
}

TEST(HeldSince, SilenceForLongIsNoBreakEither) {
  // One of two hosts fell silent in hour 2 for good.
  const ToldByAll told({Told({{0, 10.5}}), Told({{0, 2.5}})});
  const auto answer = LookBack(AtTen(), Hours({7, 8, 9, 10}), told);
  EXPECT_EQ(answer.since.since, std::nullopt);
  EXPECT_THAT(answer.since.not_before, Optional(At(3)));
}

TEST(HeldSince, AHolderOnASilentHostIsTold) {
  const ToldByAll told({Told({{0, 10.5}}), Told({{0, 7.5}})});
  const auto answer = LookBack(AtTen(), Hours({6, 7}), told);
  ASSERT_EQ(answer.kind, Kind::kHolds);
  EXPECT_THAT(answer.since.since, Optional(At(6)));
  EXPECT_THAT(answer.since.last_known, Optional(At(8)));
}

TEST(HeldSince, TheBeginningOfTheBooksIsNoBeginning) {
  const auto answer = LookBack(AtTen(), Hours({0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), AllTold());
  EXPECT_EQ(answer.since.since, std::nullopt);
  EXPECT_EQ(answer.since.at_least_since, At(0));
  EXPECT_EQ(answer.since.unknown_because, Unknown::kBooksBegin);
}

TEST(HeldSince, HoursThatAreNotKeptSayNothing) {
  HeldHoursQuestion question = AtTen();
  question.kept_from = question.read_from = At(8);
  const auto answer = LookBack(question, Hours({8, 9, 10}), AllTold());
  EXPECT_EQ(answer.since.at_least_since, At(8));
  EXPECT_EQ(answer.since.unknown_because, Unknown::kHoursEnd);
}

TEST(HeldSince, AsksForEarlierHoursWhereTheySayMore) {
  HeldHoursQuestion question = AtTen();
  question.read_from = At(8);
  EXPECT_EQ(LookBack(question, Hours({8, 9, 10}), AllTold()).kind, Kind::kEarlier);
  EXPECT_EQ(LookBack(question, Hours({9, 10}), AllTold()).kind, Kind::kHolds);
  const ToldByAll nobody({Told({{9, 10.5}})});
  EXPECT_EQ(LookBack(question, Hours({9, 10}), nobody).kind, Kind::kEarlier);
}

TEST(HeldSince, TimeBeforeTheFirstHostToldIsNotKnown) {
  const ToldByAll told({Told({{6, 10.5}})});
  const auto answer = LookBack(AtTen(), Hours({6, 7, 8, 9, 10}), told);
  EXPECT_EQ(answer.since.unknown_because, Unknown::kUntold);
  EXPECT_EQ(answer.since.not_before, std::nullopt);
}

TEST(HeldSince, TheHourThatHasJustBegunIsNoBreak) {
  HeldHoursQuestion question = AtTen();
  question.lately = At(9);
  const ToldByAll told({Told({{0, 9.99}})});
  const auto answer = LookBack(question, Hours({8, 9}), told);
  ASSERT_EQ(answer.kind, Kind::kHolds);
  EXPECT_EQ(answer.since.last_known, std::nullopt);
}

}  // namespace
}  // namespace fleetmeter
