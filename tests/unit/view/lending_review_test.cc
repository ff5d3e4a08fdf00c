#include "daemon/view/lending_review.h"

#include <random>

#include "daemon/base/calendar.h"
#include "gmock/gmock.h"
#include "tests/unit/view/spent_books.h"

namespace fleetmeter {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

absl::int128 Nanos(double h100e_hours) {
  return static_cast<int64_t>(h100e_hours * static_cast<double>(kHour));
}

class LendingReviewTest : public testing::Test {
 protected:
  LendingReview Review(int64_t from, int64_t to, LendingStep step) {
    auto review =
        books_.Ask([&](Database& ledger) { return ReviewLending(ledger, from, to, step); });
    EXPECT_TRUE(review.ok()) << review.status();
    return review.ok() ? *std::move(review) : LendingReview();
  }
  // "borrower<lender hours micro_usd".
  static std::vector<std::string> Texts(const LendingReview& review) {
    std::vector<std::string> texts;
    for (const LentRow& row : review.rows) {
      texts.push_back(row.borrower + "<" + row.lender + " " +
                      std::to_string(static_cast<double>(row.h100e_nanos) / kHour) + " " +
                      (row.micro_usd ? std::to_string(*row.micro_usd) : "-"));
    }
    return texts;
  }

  SpentBooks books_;
};

TEST_F(LendingReviewTest, SaysWhoLentAndWhatThatWasWorth) {
  books_.Grant({{"a", 10}, {"b", 10}, {"c", 30}}, kNewYear);
  // "a" holds 16 H100e: 12 of h100 at 2 USD and 4 made of 8 halves at 1 USD, together 32 USD.
  books_.Hold(kNewYear, {{"a", "t", "h100", 12 * kHour},
                         {"a", "t", "half", 8 * kHour},
                         {"b", "t", "h100", 8 * kHour},
                         {"c", "t", "h100", 20 * kHour}});
  books_.Commit(kNewYear + kHourLong);
  const LendingReview review = Review(kNewYear, kNewYear + kHourLong, LendingStep::kWhole);
  // "b" left 2 and "c" left 10 of the 6 that were borrowed: 6 x 2 USD of the 16 that cost 32.
  EXPECT_THAT(Texts(review), ElementsAre("a<b 1.000000 2000000", "a<c 5.000000 10000000"));
  EXPECT_EQ(review.told_seconds, kHourLong);
  EXPECT_THAT(review.untold, IsEmpty());
}

TEST_F(LendingReviewTest, SaysNoWorthWhereAPriceIsMissing) {
  books_.Grant({{"a", 1}, {"b", 10}}, kNewYear);
  books_.Hold(kNewYear,
              {{"a", "t", "unpriced", kHour}, {"a", "t", "h100", kHour}, {"b", "", "h100", kHour}});
  books_.Commit(kNewYear + kHourLong);
  EXPECT_THAT(Texts(Review(kNewYear, kNewYear + kHourLong, LendingStep::kWhole)),
              ElementsAre("a<b 1.000000 -"));
}

TEST_F(LendingReviewTest, NamesNobodyForWhatIsBeyondThePlan) {
  books_.Grant({{"a", 1}, {"b", 3}}, kNewYear);
  books_.Hold(kNewYear, {{"a", "t", "h100", 5 * kHour}, {"b", "t", "h100", 2 * kHour}});
  books_.Commit(kNewYear + kHourLong);
  EXPECT_THAT(Texts(Review(kNewYear, kNewYear + kHourLong, LendingStep::kWhole)),
              ElementsAre("a< 3.000000 6000000", "a<b 1.000000 2000000"));
}

TEST_F(LendingReviewTest, NamesTheTimesOfWhichNobodyTold) {
  books_.Grant({{"a", 1}, {"b", 3}}, kNewYear);
  books_.Hold(kNewYear, {{"a", "t", "h100", 2 * kHour}, {"b", "", "h100", kHour}});
  books_.Hold(kNewYear + 3 * kHourLong, {{"a", "t", "h100", 2 * kHour}});
  books_.Commit(kNewYear + 4 * kHourLong);
  const LendingReview review = Review(kNewYear, kNewYear + 4 * kHourLong, LendingStep::kWhole);
  EXPECT_THAT(Texts(review), ElementsAre("a<b 2.000000 4000000"));
  EXPECT_EQ(review.told_seconds, 2 * kHourLong);
  EXPECT_EQ(review.untold_seconds, 2 * kHourLong);
  EXPECT_THAT(review.untold, ElementsAre(TimeSpan{(kNewYear + kHourLong) * kNanosPerSecond,
                                                  (kNewYear + 3 * kHourLong) * kNanosPerSecond}));
}

TEST_F(LendingReviewTest, APoolWhoseHostsAreSilentLendsNothing) {
  books_.Grant({{"a", 10}, {"b", 10}, {"c", 10}}, kNewYear);
  for (int i = 0; i < 3; ++i) {
    const int64_t hour = kNewYear + i * kHourLong;
    books_.Hold(hour, {{"a", "t", "h100", 16 * kHour}, {"c", "t", "h100", 8 * kHour}});
    if (i != 1) books_.Hold(hour, {{"b", "t", "h100", 6 * kHour}}, "of-b");
  }
  books_.Commit(kNewYear + 3 * kHourLong);
  const auto texts = [&](int64_t hour) {
    const int64_t from = kNewYear + hour * kHourLong;
    return Texts(Review(from, from + kHourLong, LendingStep::kWhole));
  };
  // 6 of which "b" left 4 and "c" 2.
  EXPECT_THAT(texts(0), ElementsAre("a<b 4.000000 8000000", "a<c 2.000000 4000000"));
  EXPECT_THAT(texts(2), ElementsAre("a<b 4.000000 8000000", "a<c 2.000000 4000000"));
  // "b" held 6 when it was last heard, and leaves 4 for certain.
  EXPECT_THAT(texts(1), ElementsAre("a<b 4.000000 8000000", "a<c 2.000000 4000000"));
  const LendingReview review = Review(kNewYear, kNewYear + 3 * kHourLong, LendingStep::kWhole);
  EXPECT_EQ(review.told_seconds, 3 * kHourLong);
  ASSERT_EQ(review.unheard.size(), 1U);
  EXPECT_EQ(review.unheard.at("b"), Nanos(6));
}

TEST_F(LendingReviewTest, NobodyKnowsWhatAPoolLeftThatNobodyToldOf) {
  books_.Grant({{"a", 1}, {"b", 3}, {"c", 2}}, kNewYear);
  books_.Hold(kNewYear, {{"a", "t", "h100", 8 * kHour}, {"c", "t", "h100", kHour}});
  books_.Commit(kNewYear + kHourLong);
  const LendingReview review = Review(kNewYear, kNewYear + kHourLong, LendingStep::kWhole);
  // Of 7 "c" lent 1; 3 may be of "b", and no more than that.
  EXPECT_THAT(Texts(review),
              ElementsAre("a< 3.000000 6000000", "a< 3.000000 6000000", "a<c 1.000000 2000000"));
  EXPECT_FALSE(review.rows[0].is_untold);
  EXPECT_TRUE(review.rows[1].is_untold);
  EXPECT_EQ(review.unheard.at("b"), Nanos(3));
}

TEST_F(LendingReviewTest, RefusesTimesThatAreNone) {
  const auto error = [&](int64_t from, int64_t to) {
    return std::string(books_
                           .Ask([&](Database& ledger) {
                             return ReviewLending(ledger, from, to, LendingStep::kWhole);
                           })
                           .status()
                           .message());
  };
  EXPECT_THAT(error(kNewYear, kNewYear + 367 * kSecondsPerDay), HasSubstr("at most 366"));
  EXPECT_THAT(error(kNewYear + 1, kNewYear + kHourLong), HasSubstr("full hours"));
}

// Books of random holdings, and the excess of each pool and hour by plain arithmetic.
struct RandomBooks {
  std::map<std::pair<int64_t, std::string>, absl::int128> held;
  std::map<std::pair<int64_t, std::string>, absl::int128> allocated;

  absl::int128 Excess(int64_t hour, const std::string& pool) const {
    const auto found = held.find({hour, pool});
    if (found == held.end()) return 0;
    return std::max<absl::int128>(0, found->second - allocated.at({hour, pool}));
  }
};

constexpr int kRandomHours = 60;

RandomBooks FillAtRandom(uint64_t seed, SpentBooks* books) {
  std::mt19937_64 random(seed);
  const auto pick = [&](int64_t below) {
    return std::uniform_int_distribution<int64_t>(0, below - 1)(random);
  };
  RandomBooks expected;
  std::map<std::string, double> grants;
  for (int i = 0; i < kRandomHours; ++i) {
    const int64_t hour = kNewYear + i * kHourLong;
    if (i % 17 == 0) {
      for (const char* pool : {"a", "b", "c", "d"}) {
        grants[pool] = static_cast<double>(pick(40)) / 8;  // exact in binary
      }
      books->Grant(grants, hour);
    }
    std::vector<SpentBooks::Held> held;
    for (const auto& [pool, h100e] : grants) {
      expected.allocated[{hour, pool}] = static_cast<int64_t>(h100e * static_cast<double>(kHour));
      for (const char* chip : {"h100", "half"}) {
        const int64_t nanos = pick(3) == 0 ? 0 : pick(6 * kHour);
        if (nanos == 0) continue;
        held.push_back({pool, "t", chip, nanos});
        // To the nearest, halves up, as the books convert each sum.
        expected.held[{hour, pool}] += std::string(chip) == "half" ? (nanos + 1) / 2 : nanos;
      }
    }
    books->Hold(hour, held);
  }
  books->Commit(kNewYear + kRandomHours * kHourLong);
  return expected;
}

TEST_F(LendingReviewTest, AddsUpToTheExcessOfTheBooksToTheNanosecond) {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    SpentBooks books;
    const RandomBooks expected = FillAtRandom(seed, &books);
    const int64_t to = kNewYear + kRandomHours * kHourLong;
    const auto ask = [&](LendingStep step) {
      auto review =
          books.Ask([&](Database& ledger) { return ReviewLending(ledger, kNewYear, to, step); });
      EXPECT_TRUE(review.ok()) << review.status();
      return *std::move(review);
    };
    const LendingReview by_hour = ask(LendingStep::kHour);
    std::map<std::pair<int64_t, std::string>, absl::int128> borrowed;
    std::map<std::pair<int64_t, std::string>, absl::int128> lent;
    std::map<std::tuple<std::string, std::string, bool>, absl::int128> whole;
    for (const LentRow& row : by_hour.rows) {
      EXPECT_GT(row.h100e_nanos, 0);
      borrowed[{row.start_unix_seconds, row.borrower}] += row.h100e_nanos;
      if (!row.lender.empty()) lent[{row.start_unix_seconds, row.lender}] += row.h100e_nanos;
      whole[{row.borrower, row.lender, row.is_untold}] += row.h100e_nanos;
    }
    ASSERT_FALSE(borrowed.empty());
    for (const auto& [key, allocated] : expected.allocated) {
      const auto found = borrowed.find(key);
      EXPECT_EQ(found == borrowed.end() ? absl::int128(0) : found->second,
                expected.Excess(key.first, key.second));
    }
    for (const auto& [key, nanos] : lent) {
      const auto held = expected.held.find(key);
      const absl::int128 used = held == expected.held.end() ? absl::int128(0) : held->second;
      EXPECT_LE(nanos, expected.allocated.at(key) - used) << "it lent more than it left";
    }
    for (const LentRow& row : ask(LendingStep::kWhole).rows) {
      EXPECT_EQ(row.start_unix_seconds, kNewYear);
      EXPECT_EQ(row.h100e_nanos, (whole[{row.borrower, row.lender, row.is_untold}]));
    }
    absl::int128 of_days = 0;
    absl::int128 of_hours = 0;
    for (const LentRow& row : ask(LendingStep::kDay).rows) {
      EXPECT_EQ(row.start_unix_seconds, DayOf(row.start_unix_seconds));
      of_days += row.h100e_nanos;
    }
    for (const LentRow& row : by_hour.rows) of_hours += row.h100e_nanos;
    EXPECT_EQ(of_days, of_hours);
  }
}

TEST_F(LendingReviewTest, ReadsALongTimeInPartsAsOne) {
  books_.Grant({{"a", 1}, {"b", 3}}, kNewYear);
  constexpr int64_t kLater = kNewYear + 40 * kSecondsPerDay;  // beyond what is read at once
  books_.Hold(kNewYear + 35 * kSecondsPerDay,
              {{"a", "t", "h100", 2 * kHour}, {"b", "", "h100", kHour}});
  books_.Hold(kLater, {{"a", "t", "h100", 3 * kHour}});
  books_.Commit(kLater + kHourLong);
  const LendingReview review = Review(kNewYear, kLater + kHourLong, LendingStep::kWhole);
  EXPECT_THAT(Texts(review), ElementsAre("a<b 3.000000 6000000"));
  EXPECT_EQ(review.told_seconds, 2 * kHourLong);
  // Before the first of them, and between them: the parts of a read are joined.
  EXPECT_EQ(review.untold.size(), 2U);
  EXPECT_EQ(Nanos(3), review.rows.front().h100e_nanos);
}

}  // namespace
}  // namespace fleetmeter
