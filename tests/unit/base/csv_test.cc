#include "daemon/base/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/temp_folder.h"

namespace fleetmeter {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using Records = std::vector<std::vector<std::string>>;

// All records behind a header "a,b", or the error.
absl::StatusOr<Records> Read(const std::string& text) {
  absl::StatusOr<CsvReader> csv = CsvReader::FromText("t.csv", text);
  if (!csv.ok()) return csv.status();
  Records records;
  for (;;) {
    absl::StatusOr<bool> more = csv->Next();
    if (!more.ok()) return more.status();
    if (!*more) return records;
    records.push_back({std::string(csv->Field(0)), std::string(csv->Field(1))});
  }
}

std::string ErrorOf(const std::string& text) { return std::string(Read(text).status().message()); }

TEST(Csv, ReadsPlainAndQuotedFieldsWithEitherLineEnd) {
  EXPECT_EQ(*Read("a,b\r\n1,\"x,\"\"y\"\"\"\r\n2,\r\n"), (Records{{"1", "x,\"y\""}, {"2", ""}}));
  EXPECT_EQ(*Read("a,b\n1,2"), (Records{{"1", "2"}}));
}

TEST(Csv, SkipsByteOrderMarkAndEmptyLines) {
  EXPECT_EQ(*Read("\xEF\xBB\xBF"
                  "a,b\n\n1,2\n\n"),
            (Records{{"1", "2"}}));
}

TEST(Csv, KeepsLineBreaksInsideQuotesAndCountsTheirLines) {
  EXPECT_EQ(*Read("a,b\n\"1\n1\",2\n"), (Records{{"1\n1", "2"}}));
  EXPECT_EQ(ErrorOf("a,b\n\"1\n1\",2\n3\n"), "t.csv:4: 1 fields; expected 2 as in the header");
}

TEST(Csv, RefusesWhatIsNotCsvAndNamesTheLine) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("t.csv:1: the file is empty"));
  EXPECT_THAT(ErrorOf("a,a\n"), HasSubstr("t.csv:1: column a is there twice"));
  EXPECT_THAT(ErrorOf("a,b\n1,2\n1,\"2\n"), HasSubstr("t.csv:3: field 2 has no closing quote"));
  EXPECT_THAT(ErrorOf("a,b\n1,2\"\n"), HasSubstr("t.csv:2: field 2 has a quote"));
  EXPECT_THAT(ErrorOf("a,b\n\"1\"x,2\n"), HasSubstr("t.csv:2: field 1 goes on"));
  EXPECT_THAT(ErrorOf("a,b\n1,2,3\n"), HasSubstr("t.csv:2: 3 fields; expected 2"));
}

// "LINE FIELD FIELD" of each record, or "LINE ! WHAT" of one that has another form.
std::vector<std::string> ReadOn(const std::string& text) {
  CsvReader csv = *CsvReader::FromText("t.csv", text);
  std::vector<std::string> out;
  while (csv.NextOrWrong()) {
    out.push_back(std::to_string(csv.line()) + " " +
                  (csv.wrong_form() ? "! " + *csv.wrong_form()
                                    : std::string(csv.Field(0)) + " " + std::string(csv.Field(1))));
  }
  return out;
}

TEST(Csv, GoesOnBehindARecordOfAnotherForm) {
  EXPECT_THAT(ReadOn("a,b\n1\n2,3\n4,5,6\n7,8\n"),
              ElementsAre("2 ! 1 fields; expected 2 as in the header", "3 2 3",
                          "4 ! 3 fields; expected 2 as in the header", "5 7 8"));
  EXPECT_THAT(
      ReadOn("a,b\n1,x\"\n\"1\"2,3\n4,5\n"),
      ElementsAre(HasSubstr("2 ! field 2 has a quote"), HasSubstr("3 ! field 1 goes on"), "4 4 5"));
  // A quote that nobody closes takes in no good line.
  EXPECT_THAT(ReadOn("a,b\n\"1,2\n3,4\n5,6\n"),
              ElementsAre("2 ! field 1 has no closing quote", "3 3 4", "4 5 6"));
}

TEST(Csv, SaysThatAFileEndsWithinALine) {
  EXPECT_THAT(ReadOn("a,b\n1,2\n3"),
              ElementsAre("2 1 2",
                          "3 ! 1 fields; expected 2 as in the header: the file ends within "
                          "this line"));
  EXPECT_THAT(ReadOn("a,b\n1,2\n3,\"4"), ElementsAre("2 1 2", "3 ! field 2 has no closing quote"));
}

TEST(Csv, ChecksColumns) {
  const CsvReader csv = *CsvReader::FromText("t.csv", "a,b\n");
  EXPECT_TRUE(csv.RequireColumns({"a"}).ok());
  EXPECT_THAT(std::string(csv.RequireColumns({"a", "c"}).message()),
              HasSubstr("t.csv:1: column c is missing"));
  EXPECT_THAT(std::string(csv.RefuseOtherColumns({"a"}).message()),
              HasSubstr("t.csv:1: column \"b\" is unknown; expected only a"));
  EXPECT_EQ(csv.Column("c"), CsvReader::kAbsent);
}

TEST(Csv, ReadsGzip) {
  TempFolder dir;
  gzFile file = gzopen(dir.PathOf("t.csv.gz").c_str(), "wb");
  gzputs(file, "a,b\n1,2\n");
  gzclose(file);
  absl::StatusOr<CsvReader> csv = CsvReader::Open(dir.PathOf("t.csv.gz"));
  ASSERT_TRUE(csv.ok()) << csv.status();
  ASSERT_TRUE(*csv->Next());
  EXPECT_EQ(csv->Field(1), "2");
}

TEST(Csv, RefusesGzipThatIsCutShort) {
  TempFolder dir;
  gzFile file = gzopen(dir.PathOf("t.csv.gz").c_str(), "wb");
  gzputs(file, "a,b\n1,2\n3,4\n5,6\n");
  gzclose(file);
  std::filesystem::resize_file(dir.PathOf("t.csv.gz"), 20);
  EXPECT_THAT(std::string(CsvReader::Open(dir.PathOf("t.csv.gz")).status().message()),
              HasSubstr("t.csv.gz: cannot be read"));
}

TEST(Csv, SaysWhichFileIsMissing) {
  const absl::Status status = CsvReader::Open("/nowhere/t.csv").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/t.csv"));
}

}  // namespace
}  // namespace fleetmeter
