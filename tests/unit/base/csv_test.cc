#include "daemon/base/csv.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>

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

// What a file that is read piece by piece has, or what a text has: line, what is wrong, fields.
std::vector<std::string> Told(absl::StatusOr<CsvReader> csv) {
  if (!csv.ok()) return {std::string(csv.status().message())};
  std::vector<std::string> told;
  while (csv->NextOrWrong()) {
    told.push_back(std::to_string(csv->line()) + " " + csv->wrong_form().value_or("right") + " " +
                   std::string(csv->Field(0)) + "|" + std::string(csv->Field(1)));
  }
  EXPECT_TRUE(csv->read_status().ok());
  return told;
}

// Every form of record, and every wrong one, at many places of the pieces that a file is read by.
TEST(Csv, AFileInPiecesIsReadLikeOneInMemory) {
  const std::vector<std::string> kinds = {
      "1,2", "\"a,b\",2",  "\"q\"\"u\",\"line\nbreak\"", "1,2,3", "x\"y,2", "\"open,2", "\"a\"b,1",
      "",    "\xC3\xA9,2", std::string(700, 'z') + ",2"};
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string text = "a,b" + end;
    for (size_t i = 0; text.size() < (size_t{3} << 18); ++i) {
      // Rarely a quote that is not closed: it is looked for to the next one.
      constexpr size_t kOpen = 5;
      const size_t kind = i * i % 11 % kinds.size();
      text += kinds[i % 97 == 0 ? kOpen : kind == kOpen ? 0 : kind];
      text += end;
    }
    TempFolder folder;
    const std::string path = folder.Write("t.csv", text);
    EXPECT_EQ(Told(CsvReader::OpenStream(path, {}, "t.csv")),
              Told(CsvReader::FromText("t.csv", text)));
  }
}

TEST(Csv, AFileInPiecesMayBeInAnyEncoding) {
  TempFolder folder;
  const std::string mark = folder.Write("mark.csv",
                                        "\xEF\xBB\xBF"
                                        "a,b\n1,\xC3\xA9\n");
  EXPECT_THAT(Told(CsvReader::OpenStream(mark)), ElementsAre("2 right 1|\xC3\xA9"));
  const std::string latin = folder.Write("latin.csv", "a,b\n1,\xE9\n");
  CsvForm form;
  form.encoding = TextEncoding::kLatin1;
  EXPECT_THAT(Told(CsvReader::OpenStream(latin, form)), ElementsAre("2 right 1|\xC3\xA9"));
  const std::string wide = folder.Write("wide.csv", std::string("\xFF\xFE"
                                                                "a\0,\0b\0\n\0"
                                                                "1\0,\0\xE9\0\n\0",
                                                                18));
  EXPECT_THAT(Told(CsvReader::OpenStream(wide)), ElementsAre("2 right 1|\xC3\xA9"));
  const std::string half = folder.Write("half.csv",
                                        "\xFF\xFE"
                                        "a");
  EXPECT_THAT(Told(CsvReader::OpenStream(half)), ElementsAre(HasSubstr("cannot be read: UTF-16")));
}

TEST(Csv, AFileInPiecesThatCannotBeReadOnSaysSo) {
  TempFolder folder;
  std::string text = "a,b\n";
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i * 7919 % 100'003) + ",2\n";
  const std::string path = folder.Write("t.csv.gz", "");
  gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  ASSERT_EQ(gzclose(file), Z_OK);
  absl::StatusOr<CsvReader> whole = CsvReader::OpenStream(path);
  ASSERT_TRUE(whole.ok());
  int records = 0;
  while (whole->NextOrWrong()) ++records;
  EXPECT_EQ(records, 200'000);
  EXPECT_TRUE(whole->read_status().ok());
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  absl::StatusOr<CsvReader> cut = CsvReader::OpenStream(path);
  ASSERT_TRUE(cut.ok());
  while (cut->NextOrWrong()) --records;
  EXPECT_GT(records, 0);
  EXPECT_THAT(std::string(cut->read_status().message()), HasSubstr("cannot be read"));
  EXPECT_FALSE(CsvReader::OpenStream(path + "-not-there").ok());
}

TEST(Csv, TellsHowMuchItHasRead) {
  std::string text = "a,b\n";
  for (int i = 0; i < 4'096; ++i) text += "1,2\n";
  absl::StatusOr<CsvReader> csv = CsvReader::FromText("t.csv", text);
  ASSERT_TRUE(csv.ok());
  std::vector<double> told;
  csv->OnProgress([&told](double ratio) { told.push_back(ratio); });
  while (csv->NextOrWrong()) continue;
  ASSERT_EQ(told.size(), 4U);
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
  EXPECT_NEAR(told[1], 0.5, 0.001);
  EXPECT_EQ(told[3], 1);
}

TEST(Csv, ReadsPlainAndQuotedFieldsWithEitherLineEnd) {
  EXPECT_EQ(*Read("a,b\r\n1,\"x,\"\"y\"\"\"\r\n2,\r\n"), (Records{{"1", "x,\"y\""}, {"2", ""}}));
  EXPECT_EQ(*Read("a,b\n1,2"), (Records{{"1", "2"}}));
}

// As spreadsheets of old Macs save it, and those of new ones that are asked for "CSV (Macintosh)".
TEST(Csv, CarriageReturnsAloneEndLinesWhereTheHeaderEndsWithOne) {
  EXPECT_THAT(*Read("a,b\r1,2\r\r3,4\r"),
              ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4")));
  EXPECT_THAT(*Read("sep=;\ra;b\r1;2"), ElementsAre(ElementsAre("1", "2")));
  EXPECT_THAT(*Read("a,b\r\"x\ry\",2\r3,4"),
              ElementsAre(ElementsAre("x\ry", "2"), ElementsAre("3", "4")));
  EXPECT_THAT(*Read("a,b\r1,2\r\n3,4\n5,6"),
              ElementsAre(ElementsAre("1", "2"), ElementsAre("3", "4"), ElementsAre("5", "6")));
  EXPECT_EQ(ErrorOf("a,b\r\"x\ry\",2\r3\r"), "t.csv:4: 1 fields; expected 2 as in the header");
  EXPECT_THAT(ErrorOf("a,b\r1,2\r3"), HasSubstr("t.csv:3: 1 fields"));
  EXPECT_THAT(ErrorOf("a,b\r1,2\r3"), HasSubstr("the file ends within this line"));
  // In a file whose header ends otherwise, it is a part of a field.
  EXPECT_THAT(*Read("a,b\n1\r1,2\n"), ElementsAre(ElementsAre("1\r1", "2")));
  const auto header = CsvReader::FromText("t.csv", "start;chips\r1;2\r");
  ASSERT_TRUE(header.ok()) << header.status();
  EXPECT_THAT(std::string(header->RequireColumns({"end"}).message()),
              HasSubstr("separated by semicolons, in UTF-8, with carriage returns between lines"));
}

TEST(Csv, SaysWhatAFileIsThatIsNoCsv) {
  EXPECT_EQ(ErrorOf("PK\x03\x04rest"),
            "t.csv: is a ZIP archive, as spreadsheets (.xlsx) are; expected CSV");
  EXPECT_EQ(ErrorOf("PAR1rest"), "t.csv: is a Parquet file; expected CSV");
  EXPECT_EQ(ErrorOf("[{\"a\": 1}]"), "t.csv: is JSON; expected CSV");
  EXPECT_EQ(ErrorOf("{\"a\": 1}\n"), "t.csv: is JSON; expected CSV");
  EXPECT_EQ(ErrorOf("[\n  {\"a\": 1}\n]"), "t.csv: is JSON; expected CSV");
  EXPECT_EQ(ErrorOf("<html><body>Sign in</body></html>"), "t.csv: is XML or HTML; expected CSV");
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

TEST(Csv, KnowsTheDelimiterByTheHeader) {
  EXPECT_EQ(*Read("a;b\r\n1,5;\"x;y\"\r\n"), (Records{{"1,5", "x;y"}}));
  EXPECT_EQ(*Read("a\tb\n1\t2,3\n"), (Records{{"1", "2,3"}}));
  EXPECT_EQ(*Read("a|b\n1|2;3\n"), (Records{{"1", "2;3"}}));
  EXPECT_EQ(*Read("\"a;;;\",b\n1,2\n"), (Records{{"1", "2"}}));  // those in quotes do not count
  EXPECT_EQ(*Read("sep=;\na;b\n1;2\n"), (Records{{"1", "2"}}));
}

TEST(Csv, ReadsUtf16AndLatin1) {
  using namespace std::string_literals;
  EXPECT_EQ(*Read("\xFF\xFE"s + "a\0,\0b\0\n\0\xE9\0,\0\x3D\xD8\x00\xDE\n\0"s),
            (Records{{"\u00e9", "\U0001F600"}}));
  EXPECT_EQ(*Read("\xFE\xFF"s + "\0a\0,\0b\0\n\0\xE9\0,\0x"s), (Records{{"\u00e9", "x"}}));
  EXPECT_EQ(*Read("a\0,\0b\0\n\0"
                  "1\0,\0"
                  "2\0"s),
            (Records{{"1", "2"}}));
  EXPECT_THAT(ErrorOf("\xFF\xFE"s + "a"), HasSubstr("t.csv: cannot be read: UTF-16 of an odd"));
  EXPECT_THAT(ErrorOf("\xFF\xFE"s + "\x3D\xD8"s), HasSubstr("half a character at byte 0"));
  CsvForm form;
  form.encoding = TextEncoding::kLatin1;
  CsvReader csv = *CsvReader::FromText("t.csv", "a,b\nCaf\xE9,1\n", form);
  ASSERT_TRUE(*csv.Next());
  EXPECT_EQ(csv.Field(0), "Caf\u00e9");
}

TEST(Csv, FindsColumnsWhateverTheCaseOfTheirLetters) {
  const CsvReader csv = *CsvReader::FromText("t.csv", "Start, END ,x,X\n");
  EXPECT_EQ(csv.Column("start"), 0u);
  EXPECT_EQ(csv.Column("end"), 1u);
  EXPECT_EQ(csv.Column("x"), 2u);
  EXPECT_EQ(csv.Column("X"), 3u);
  // Two that differ by case only: either could be meant.
  EXPECT_EQ((*CsvReader::FromText("t.csv", "Ab,aB\n")).Column("ab"), CsvReader::kAbsent);
}

TEST(Csv, ReadsColumnsByOtherNames) {
  CsvForm form;
  form.columns = {{"a", "x"}};
  CsvReader csv = *CsvReader::FromText("t.csv", "x,b\n1,2\n", form);
  EXPECT_EQ(csv.Column("a"), 0u);
  EXPECT_TRUE(csv.RequireColumns({"a", "b"}).ok());
  EXPECT_TRUE(csv.RefuseOtherColumns({"a", "b"}).ok());
  EXPECT_THAT(std::string(csv.RefuseOtherColumns({"b", "c"}).message()),
              HasSubstr("column \"x\" of the file is to be read as \"a\"; expected one of b, c"));
  EXPECT_THAT(std::string(CsvReader::FromText("t.csv", "a,b\n", form).status().message()),
              HasSubstr("t.csv:1: column x, which is to be read as a, is missing"));
}

TEST(Csv, AHeaderOfAnotherEncodingIsToldWithoutItsBytes) {
  const CsvReader csv = *CsvReader::FromText("t.csv", "start;Erl\xF6s\n");
  const std::string told(csv.RequireColumns({"revenue_usd"}).message());
  EXPECT_THAT(told, HasSubstr("in UTF-8, which it is not: --encoding latin-1 reads Latin-1"));
  EXPECT_EQ(told.find('\xF6'), std::string::npos) << told;
}

TEST(Csv, NamesAllThatAWrongHeaderHas) {
  CsvForm form;
  form.advice = "Ask for help";
  const CsvReader csv = *CsvReader::FromText("t.csv", "Report;;\n", form);
  EXPECT_EQ(std::string(csv.RequireColumns({"start"}).message()),
            "t.csv:1: column start is missing; expected a header that names it. The first line has "
            "the columns \"Report\", \"\", \"\", separated by semicolons, in UTF-8. Ask for help");
  EXPECT_THAT(std::string(csv.RefuseOtherColumns({"a"}).message()),
              HasSubstr("columns \"Report\", \"\", \"\" are unknown; expected only a"));
  form.ignore_unknown_columns = true;
  EXPECT_TRUE((*CsvReader::FromText("t.csv", "a,x\n", form)).RefuseOtherColumns({"a"}).ok());
}

// A column of revenue that nobody can choose is not a file without revenue.
TEST(Csv, RefusesAColumnThatIsThereInTwoCases) {
  CsvForm form;
  form.ignore_unknown_columns = true;
  const CsvReader csv = *CsvReader::FromText("t.csv", "a,Revenue,REVENUE\n", form);
  const std::string wrong =
      "t.csv:1: column revenue is there 2 times, as \"Revenue\" and \"REVENUE\"; expected it once";
  EXPECT_THAT(std::string(csv.RequireColumns({"revenue"}).message()), HasSubstr(wrong));
  EXPECT_THAT(std::string(csv.RefuseOtherColumns({"a", "revenue"}).message()), HasSubstr(wrong));
  EXPECT_TRUE(csv.RefuseOtherColumns({"a"}).ok());
  form.columns["revenue"] = "REVENUE";
  const CsvReader said = *CsvReader::FromText("t.csv", "a,Revenue,REVENUE\n", form);
  EXPECT_TRUE(said.RefuseOtherColumns({"a", "revenue"}).ok()) << "--column says which";
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

// Every name of a header is held against all others.
TEST(Csv, AFileHasOnlySoManyColumns) {
  std::string header;
  for (size_t i = 0; i < CsvReader::kMostColumns; ++i) header += fmt::format("c{},", i);
  header.pop_back();
  EXPECT_TRUE(CsvReader::FromText("t.csv", header + "\n").ok());
  const auto more = CsvReader::FromText("t.csv", header + ",x\n");
  EXPECT_THAT(std::string(more.status().message()), HasSubstr("more than 4096 fields"));
  const auto million = CsvReader::FromText("t.csv", std::string(1'000'000, ',') + "\n");
  EXPECT_THAT(std::string(million.status().message()), HasSubstr("more than 4096 fields"));
}

}  // namespace
}  // namespace fleetmeter
