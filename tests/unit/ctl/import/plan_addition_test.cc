// Late rows and reversals: what a file adds to the books, once.
#include "daemon/ctl/import/plan_addition.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/ctl/import/books_of_maps.h"

namespace fleetmeter::ctl::maps {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(PlanAddition, AddsLateRowsOnce) {
  BooksOfMaps books;
  books.BookAll(FileOf(
      {Served(22, 1, {Row("a", 1, 1000, 10'000)}), Served(23, 1, {Row("a", 2, 2000, 20'000)})}));
  // Its last hour is not counted yet.
  const auto late = FileOf({Served(23, 2, {Row("a", 1, 50'000, 750'000), Row("b", 1, 10, {})})});
  const auto add = [&] {
    const CorrectionRules rules = {.zone = {}, .covers = std::nullopt, .reason = "late"};
    return *PlanAddition(late, {0}, *FetchBooks(books.Questions(), late, rules), rules);
  };
  const imports::ImportBatch batch = add();
  ASSERT_THAT(batch.reports, SizeIs(2));  // the hour, and what is added
  books.BookAll(batch);
  const auto sum = books.Lines();
  const imports::ImportBatch again = add();
  ASSERT_THAT(again.reports, SizeIs(1));
  EXPECT_FALSE(books.Book(std::get<OutcomeReport>(again.reports[0].report)));
  EXPECT_EQ(books.Lines(), sum);
  EXPECT_EQ(books.corrections().at(0).reason, "late");
}

TEST(PlanAddition, TellsWhatIsNewLateAndTakenBack) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 24, {Row("a", 3, 1'000, 30'000)})}));
  const auto file = FileOf({Served(0, 1, {Row("a", 1, 10, 5)}), Served(24, 1, {Row("a", 1, 10, 5)}),
                            Served(1, 1, {Row("a", -1, -10, -5)})});
  const Addition addition = AdditionOf(file, *FetchBooks(books.Questions(), file, {}));
  EXPECT_THAT(addition.late, ElementsAre(0U));
  EXPECT_THAT(addition.fresh, ElementsAre(1U));
  EXPECT_THAT(addition.reversals, ElementsAre(2U));
}

// A file that has grown has the rows that were counted: added, they would count twice.
TEST(DaysLikelyThere, AreThoseThatTheFileSaysAllOf) {
  BooksOfMaps books;
  books.BookAll(
      FileOf({Served(0, 1, {Row("a", 3, 1'000, 30'000)}), Served(1, 1, {Row("b", 2, 500, 10'000)}),
              Served(24, 1, {Row("a", 5, 5'000, 10'000)})}));
  const auto likely = [&](const imports::ImportBatch& file) {
    const auto fetched = *FetchBooks(books.Questions(), file, {});
    return DaysLikelyThere(file, AdditionOf(file, fetched).late, fetched, {});
  };
  // The second hour has a row more; the first one is as it was.
  EXPECT_THAT(likely(FileOf({Served(0, 1, {Row("a", 3, 1'000, 30'000)}),
                             Served(1, 1, {Row("b", 2, 500, 10'000), Row("a", 1, 10, 5)})})),
              ElementsAre(kFirstDay));
  // Late rows alone, of one day and of the next.
  EXPECT_THAT(likely(FileOf(
                  {Served(1, 1, {Row("b", 9, 9'000, 5)}), Served(24, 1, {Row("a", 4, 9'000, 5)})})),
              ElementsAre());
  EXPECT_THAT(likely(FileOf({Served(24, 1, {Row("a", 5, 5'000, 9'000)})})),
              ElementsAre(kFirstDay + kSecondsPerDay))
      << "a restated price is no late row";
}

// What the price book says of rows without a revenue is left to the daemon, which rounds it with
// the rest of the segment and prices each day by itself.
TEST(PlanAddition, TheDaemonPricesWhatBringsNoRevenue) {
  BooksOfMaps books;
  books.BookAll(FileOf({Served(0, 72, {Row("a", 3, 1'000, {})})}));
  const auto late = FileOf({Served(0, 48, {Row("a", 2, 100, {}), Row("free", 2, 100, {})})});
  const auto batch = PlanAddition(late, {0}, *FetchBooks(books.Questions(), late, {}), {});
  ASSERT_TRUE(batch.ok()) << batch.status();
  ASSERT_THAT(batch->reports, SizeIs(1));
  const auto& rows = std::get<OutcomeReport>(batch->reports[0].report).inference;
  ASSERT_THAT(rows, SizeIs(2));
  EXPECT_EQ(rows[0].price_book_version, kPriceBook);
  EXPECT_FALSE(rows[0].revenue_micro_usd.has_value());
  EXPECT_FALSE(rows[1].price_book_version.has_value()) << "nobody has a price of it";
  EXPECT_EQ(rows[1].unpriced_requests, 2);
}

}  // namespace
}  // namespace fleetmeter::ctl::maps
