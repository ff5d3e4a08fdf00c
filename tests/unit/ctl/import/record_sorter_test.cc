#include "daemon/ctl/import/record_sorter.h"

#include <algorithm>
#include <cstdlib>
#include <random>
#include <utility>
#include <vector>

#include "daemon/ctl/import/stored_bytes.h"
#include "fmt/format.h"
#include "gmock/gmock.h"

namespace fleetmeter::imports {
namespace {

using Records = std::vector<std::pair<std::string, std::string>>;

Records Sorted(RecordSorter& sorter) {
  Records records;
  const absl::Status status = sorter.ForEach([&](std::string_view key, std::string_view value) {
    records.emplace_back(key, value);
    return absl::OkStatus();
  });
  EXPECT_TRUE(status.ok()) << status;
  return records;
}

// Random bytes of keys, so that many are equal and many have zero bytes.
Records RandomRecords(size_t count) {
  std::mt19937 random(7);
  Records records;
  for (size_t i = 0; i < count; ++i) {
    std::string key;
    for (auto left = random() % 3; left > 0; --left) key += static_cast<char>(random() % 7 * 42);
    records.emplace_back(std::move(key), fmt::format("{}", i));
  }
  return records;
}

// Also through runs that were merged twice: 32 x 32 runs of a record or two each.
TEST(RecordSorter, SortsByKeyAndKeepsTheOrderOfEqualKeys) {
  Records records = RandomRecords(2'500);
  for (const size_t memory : {size_t{1}, size_t{100}, size_t{5'000}, size_t{1} << 20}) {
    RecordSorter sorter(memory);
    for (const auto& [key, value] : records) ASSERT_TRUE(sorter.Add(key, value).ok());
    EXPECT_EQ(sorter.size(), records.size());
    EXPECT_LT(sorter.runs(), 100u);
    Records expected = records;
    std::stable_sort(expected.begin(), expected.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    EXPECT_EQ(Sorted(sorter), expected) << memory;
    EXPECT_EQ(Sorted(sorter), expected) << "the second time, " << memory;
  }
}

TEST(RecordSorter, UsesNoFileForWhatFitsIntoMemory) {
  RecordSorter sorter(size_t{1} << 20);
  ASSERT_TRUE(sorter.Add("b", "1").ok());
  ASSERT_TRUE(sorter.Add("a", "").ok());
  EXPECT_EQ(Sorted(sorter), (Records{{"a", ""}, {"b", "1"}}));
  EXPECT_EQ(sorter.runs(), 0u);
}

TEST(RecordSorter, TakesRecordsThatAreLongerThanWhatIsReadAtOnce) {
  RecordSorter sorter(1);
  const std::string longest(size_t{1} << 19, 'x');
  ASSERT_TRUE(sorter.Add("b", longest).ok());
  ASSERT_TRUE(sorter.Add("c", "short").ok());
  ASSERT_TRUE(sorter.Add(longest, "long key").ok());
  EXPECT_EQ(Sorted(sorter), (Records{{"b", longest}, {"c", "short"}, {longest, "long key"}}));
}

TEST(RecordSorter, EndsWithTheErrorOfWhoTakesTheRecords) {
  for (const size_t memory : {size_t{1}, size_t{1} << 20}) {
    RecordSorter sorter(memory);
    for (const char* key : {"a", "b", "c"}) ASSERT_TRUE(sorter.Add(key, "").ok());
    int taken = 0;
    const absl::Status status = sorter.ForEach([&taken](std::string_view, std::string_view) {
      return ++taken == 2 ? absl::CancelledError("enough") : absl::OkStatus();
    });
    EXPECT_TRUE(absl::IsCancelled(status));
    EXPECT_EQ(taken, 2);
  }
}

TEST(RecordSorter, SaysWhereItCannotWrite) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TMPDIR", "/nowhere/at/all", 1);
  RecordSorter sorter(1);
  const absl::Status status = sorter.Add("a", "b");
  if (before == nullptr) {
    unsetenv("TMPDIR");
  } else {
    setenv("TMPDIR", kept.c_str(), 1);
  }
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("/nowhere/at/all"));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("TMPDIR"));
}

TEST(PutOrdered, MakesKeysThatCompareAsNumbersAndTextsDo) {
  std::string before;
  for (const int64_t value :
       {INT64_MIN, int64_t{-256}, int64_t{-1}, int64_t{0}, int64_t{255}, int64_t{256}, INT64_MAX}) {
    std::string key;
    PutOrdered(value, &key);
    EXPECT_LT(before, key) << value;
    before = key;
  }
  // The shorter text first, whatever follows it.
  std::string a;
  PutOrdered(std::string_view("a"), &a);
  PutOrdered(INT64_MAX, &a);
  std::string ab;
  PutOrdered(std::string_view("ab"), &ab);
  PutOrdered(INT64_MIN, &ab);
  EXPECT_LT(a, ab);
}

}  // namespace
}  // namespace fleetmeter::imports
