// Random restatements of hours, days and zones, with kills in between.
#include <random>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/import/books_of_maps.h"

namespace fleetmeter::ctl::maps {
namespace {

using testing::IsEmpty;

// Hours of some days with a few models, restated again and again.
class Truth {
 public:
  Truth(uint64_t seed, const DayZone& zone)
      : random_(seed), first_hour_((zone.BeginOf(kFirstDay) - kFirstDay) / kSecondsPerHour) {}

  void Change() {
    for (int64_t i = Pick(1, 6); i > 0; --i) {
      auto& hour = hours_[Pick(0, kDays * 24 - 1)];
      const std::string model = std::array{"a", "b", "free"}[static_cast<size_t>(Pick(0, 2))];
      const std::optional<int64_t> revenue =
          model == "b" ? std::optional(Pick(-500, 2'000)) : std::nullopt;
      if (Pick(0, 4) == 0) {
        hour.erase(model);
      } else {
        hour.insert_or_assign(model, Row(model, Pick(0, 50), Pick(0, 9'000), revenue));
      }
    }
  }
  // All rows of days; `length`: of windows, in hours, a divisor of a day or some days.
  imports::ImportBatch File(int64_t from_day, int64_t to_day) const {
    imports::ImportBatch file;
    for (const auto& [hour, rows] : hours_) {
      if (hour < from_day * 24 || hour >= to_day * 24 || rows.empty()) continue;
      std::vector<InferenceRow> of_hour;
      for (const auto& [model, row] : rows) of_hour.push_back(row);
      file.reports.push_back(Served(first_hour_ + hour, 1, std::move(of_hour)));
    }
    return file;
  }
  int64_t Pick(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  static constexpr int64_t kDays = 6;

 private:
  std::mt19937_64 random_;
  const int64_t first_hour_;  // of the zone's days
  std::map<int64_t, std::map<std::string, InferenceRow>> hours_;
};

TimeSpan DaysFrom(const DayZone& zone, int64_t from_day, int64_t to_day) {
  return {zone.BeginOf(kFirstDay + from_day * kSecondsPerDay) * kNanosPerSecond,
          zone.BeginOf(kFirstDay + to_day * kSecondsPerDay) * kNanosPerSecond};
}

// Whatever was restated, refunded, grown or exported in part, and wherever a sender was killed: at
// the end the books equal one import of the final truth.
TEST(PlanCorrection, AnyHistoryOfRestatementsEndsWithTheTruth) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    const DayZone zone =
        *DayZone::Load(std::array{"UTC", "Europe/Berlin", "America/New_York"}[seed % 3]);
    Truth truth(seed, zone);
    BooksOfMaps books(zone);
    for (int step = 0; step < 12; ++step) {
      truth.Change();
      const int64_t from = truth.Pick(0, Truth::kDays - 1);
      const int64_t to = truth.Pick(from + 1, Truth::kDays);
      const auto file = truth.File(from, to);
      const CorrectionPlan plan = Compare(books, file, DaysFrom(zone, from, to));
      // Killed anywhere, or not at all.
      books.BookSome(plan.batch, static_cast<size_t>(truth.Pick(
                                     0, static_cast<int64_t>(plan.batch.reports.size()) + 2)));
    }
    const auto last = truth.File(0, Truth::kDays);
    if (last.reports.empty()) continue;
    books.BookAll(Compare(books, last, DaysFrom(zone, 0, Truth::kDays)).batch);
    BooksOfMaps once(zone);
    once.BookAll(last);
    ASSERT_EQ(books.Lines(), once.Lines());
    ASSERT_THAT(Compare(books, last, DaysFrom(zone, 0, Truth::kDays)).batch.reports, IsEmpty());
    for (const CorrectionNote& note : books.corrections()) ASSERT_EQ(note.reason, "restated");
  }
}

}  // namespace
}  // namespace fleetmeter::ctl::maps
