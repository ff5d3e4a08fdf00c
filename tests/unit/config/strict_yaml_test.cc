#include "daemon/config/strict_yaml.h"

#include <sys/stat.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::unique_ptr<YamlFile> Parse(std::string_view text) {
  auto file = YamlFile::Parse("f", text);
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? *std::move(file) : nullptr;
}

std::string ParseError(std::string_view text) {
  const auto file = YamlFile::Parse("f", text);
  return std::string(file.status().message());
}

std::string Complaints(const YamlFile& file) { return std::string(file.status().message()); }

TEST(StrictYaml, ComplainsAboutUnknownKeysAndSuggestsTheNearOne) {
  const auto file = Parse("silent_afer: 45s\nzebra: 1\n");
  {
    EXPECT_FALSE(YamlMap(file->root()).Optional("silent_after").present());
  }
  EXPECT_EQ(Complaints(*file),
            "f:1: silent_afer: unknown key (did you mean silent_after?); expected one of "
            "silent_after\n"
            "f:2: zebra: unknown key; expected one of silent_after");
}

TEST(StrictYaml, ComplainsAboutKeysGivenTwiceAndReadsTheFirst) {
  const auto file = Parse("a: 1\nb: 2\na: 3\n");
  int64_t a = 0;
  {
    YamlMap map(file->root());
    map.Optional("a").ReadInteger(0, 9, &a);
    EXPECT_TRUE(map.Optional("b").present());
  }
  EXPECT_EQ(a, 1);
  EXPECT_EQ(Complaints(*file), "f:3: a: is given twice, first on line 1; expected once");
}

TEST(StrictYaml, ComplainsAboutMissingKeysAtTheirMapping) {
  const auto file = Parse("x:\n  y:\n    z: 1\n");
  {
    YamlMap map(file->root());
    YamlMap x(map.Required("x", "a mapping"));
    YamlMap y(x.Required("y", "a mapping"));
    EXPECT_TRUE(y.Required("z", "one").present());
    EXPECT_FALSE(y.Required("w", "another").present());
  }
  EXPECT_EQ(Complaints(*file), "f:2: x.y.w: is missing; expected another");
}

TEST(StrictYaml, ReportsAllComplaintsByLine) {
  const auto file = Parse("a: x\nb: [1]\nc: {d: 1}\n");
  int64_t value = 5;
  bool flag = true;
  {
    YamlMap map(file->root());
    map.Optional("c").ReadBool(&flag);
    map.Optional("b").ReadInteger(0, 9, &value);
    map.Optional("a").ReadInteger(0, 9, &value);
  }
  EXPECT_EQ(value, 5);
  EXPECT_TRUE(flag);
  EXPECT_EQ(Complaints(*file),
            "f:1: a: is \"x\"; expected an integer from 0 to 9\n"
            "f:2: b: is a list; expected an integer from 0 to 9\n"
            "f:3: c: is a mapping; expected true or false");
}

TEST(StrictYaml, TakesTextInQuotesForNoNumber) {
  const auto file = Parse("a: \"1\"\nb: 'true'\n");
  int64_t value = 0;
  bool flag = false;
  {
    YamlMap map(file->root());
    map.Optional("a").ReadInteger(0, 9, &value);
    map.Optional("b").ReadBool(&flag);
  }
  EXPECT_EQ(value, 0);
  EXPECT_FALSE(flag);
  EXPECT_THAT(Complaints(*file), HasSubstr("f:1: a: is text in quotes; expected an integer"));
  EXPECT_THAT(Complaints(*file), HasSubstr("f:2: b: is text in quotes; expected true or false"));
}

TEST(StrictYaml, TakesOnlyTrueAndFalseForBooleans) {
  for (const char* text : {"yes", "on", "True", "TRUE", "1", "~", "no"}) {
    const auto file = Parse(std::string("a: ") + text);
    bool flag = false;
    YamlMap(file->root()).Optional("a").ReadBool(&flag);
    EXPECT_FALSE(file->ok()) << text;
  }
}

TEST(StrictYaml, AcceptsBoundsAndRefusesWhatIsJustBeyond) {
  const auto file = Parse("[-1, 0, 9, 10]");
  std::vector<int64_t> values(4, -5);
  const auto items = file->root().Items();
  ASSERT_EQ(items.size(), 4u);
  for (size_t i = 0; i < 4; ++i) items[i].ReadInteger(0, 9, &values[i]);
  EXPECT_EQ(values, (std::vector<int64_t>{-5, 0, 9, -5}));
  EXPECT_EQ(Complaints(*file),
            "f:1: [0]: is -1, out of range; expected an integer from 0 to 9\n"
            "f:1: [3]: is 10, out of range; expected an integer from 0 to 9");
}

TEST(StrictYaml, RefusesControlCharactersThatEscapesPutIntoText) {
  const auto file = Parse("a: \"x\\e[31m\"\nb: \"x\\0y\"\nc: \"two\\nlines\"\nd: \"\\u20ac\"\n");
  std::string text;
  {
    YamlMap map(file->root());
    for (const char* key : {"a", "b", "c"}) map.Optional(key).ReadText(9, &text);
    EXPECT_EQ(text, "");
    map.Optional("d").ReadText(9, &text);
  }
  EXPECT_EQ(text, "\u20ac");
  EXPECT_THAT(Complaints(*file), HasSubstr("f:1: a: is \"x\\x1b[31m\", with a control character"));
  EXPECT_THAT(Complaints(*file), HasSubstr("f:2: b: "));
  EXPECT_THAT(Complaints(*file), HasSubstr("f:3: c: "));
}

TEST(StrictYaml, KeepsMessagesToOneLineWhateverTheKey) {
  const auto file = Parse("\"a\\nb\": 1\n\"\": 2\n? " + std::string(500, 'k') + "\n: 3\n");
  {
    YamlMap map(file->root());
  }
  const std::string complaints = Complaints(*file);
  EXPECT_EQ(std::count(complaints.begin(), complaints.end(), '\n'), 2);
  EXPECT_THAT(complaints, HasSubstr("\"a\\x0ab\": unknown key"));
  EXPECT_LT(complaints.size(), 500u);
}

TEST(StrictYaml, FindsTheLineOfAPathOrOfItsNearestPart) {
  const auto file =
      Parse("a: 1\npools:\n  - name: x\n    tier: p0\n  - name: y\n    tier:\n      p1\n");
  EXPECT_EQ(file->LineOf("a"), 1);
  EXPECT_EQ(file->LineOf("pools"), 2);
  EXPECT_EQ(file->LineOf("pools[0]"), 3);
  EXPECT_EQ(file->LineOf("pools[0].tier"), 4);
  EXPECT_EQ(file->LineOf("pools[1].tier"), 6);
  EXPECT_EQ(file->LineOf("pools[1].teams[2]"), 5);
  EXPECT_EQ(file->LineOf("pools[7].tier"), 2);
  EXPECT_EQ(file->LineOf("nowhere"), 1);
  for (const char* odd :
       {"", "[", "[x", "..", "pools[", "pools[]", "pools[99999999999999999999]"}) {
    EXPECT_GE(file->LineOf(odd), 1) << odd;
  }
}

TEST(StrictYaml, TakesAnEmptySectionForOneWithoutKeys) {
  const auto file = Parse("section:\n  # key: 1\n");
  {
    YamlMap map(file->root());
    YamlMap section(map.Optional("section"));
    EXPECT_FALSE(section.Optional("key").present());
  }
  EXPECT_TRUE(file->ok()) << file->status();
}

TEST(StrictYaml, ShowsAHundredComplaintsAndCountsTheRest) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "key" + std::to_string(i) + ": 1\n";
  const auto file = Parse(text);
  {
    YamlMap map(file->root());
  }
  const std::string complaints = Complaints(*file);
  EXPECT_EQ(std::count(complaints.begin(), complaints.end(), '\n'), 100);
  EXPECT_TRUE(complaints.ends_with("f: and 50 more"));
}

TEST(YamlSyntax, RefusesAnchorsAliasesAndMergeKeys) {
  EXPECT_THAT(ParseError("a: 1\nb: &x 1\n"), StartsWith("f:2: anchors (&)"));
  EXPECT_THAT(ParseError("a: &x\n"), StartsWith("f:1: anchors (&)"));
  EXPECT_THAT(ParseError("&x a: 1\n"), StartsWith("f:1: anchors (&)"));
  EXPECT_THAT(ParseError("a: *x\n"), StartsWith("f:1: "));
  EXPECT_THAT(ParseError("a: &x {b: 1}\nc: {<<: *x}\n"), StartsWith("f:1: anchors (&)"));
  // Nine levels of nine: a billion values if anybody expanded them.
  EXPECT_THAT(ParseError("a: &a [x,x,x]\nb: &b [*a,*a,*a]\nc: [*b,*b,*b]\n"),
              StartsWith("f:1: anchors"));
}

TEST(YamlSyntax, KeepsTextAsWrittenAtTheEndOfTheFile) {
  for (const std::string text :
       {"a: |\n  x\n", "a: |+\n  x\n", "a: x\n\n", "a: 'x'", "a: >-\n  x"}) {
    const auto file = Parse(text);
    ASSERT_NE(file, nullptr);
    const YamlNode root = file->root().node();
    const std::string& a = root.values.at(0).scalar;
    EXPECT_EQ(a, text.find('|') == std::string::npos ? "x" : "x\n") << text;
  }
}

TEST(YamlSyntax, RefusesTagsSecondDocumentsAndOddKeys) {
  EXPECT_THAT(ParseError("a: !!int 1\n"), HasSubstr("tag"));
  EXPECT_THAT(ParseError("a: !evil 1\n"), HasSubstr("tag"));
  EXPECT_THAT(ParseError("a: 1\n---\nb: 1\n"), HasSubstr("second document"));
  EXPECT_THAT(ParseError("[a, b]: 1\n"), HasSubstr("a key is"));
  EXPECT_THAT(ParseError("{a: b}: 1\n"), HasSubstr("a key is"));
  EXPECT_THAT(ParseError("~: 1\n"), HasSubstr("a key is"));
}

TEST(YamlSyntax, NamesTheLineOfWhatIsNoYaml) {
  EXPECT_THAT(ParseError("a: 1\nb: [1, 2\n"), StartsWith("f:"));
  EXPECT_THAT(ParseError("a: 1\nb: \"open\n"), StartsWith("f:3: "));
  EXPECT_THAT(ParseError("a: 1\nb: 'open"), StartsWith("f:3: "));
  EXPECT_THAT(ParseError("a: 1\n\tb: 2\n"), StartsWith("f:2: "));
  EXPECT_THAT(ParseError("a: b: c\n"), StartsWith("f:1: "));
}

TEST(YamlSyntax, RefusesBytesThatAreNoText) {
  EXPECT_THAT(ParseError("a: 1\nb: \xff\n"), StartsWith("f:2: is not UTF-8"));
  EXPECT_THAT(ParseError(std::string_view("a: 1\nb: \0\n", 10)), StartsWith("f:2: holds a NUL"));
  EXPECT_THAT(ParseError("\xff\xfe"
                         "a\0:\0"),
              StartsWith("f:1: is not UTF-8"));
}

TEST(YamlSyntax, ReadsPastAByteOrderMarkAndWindowsLineEnds) {
  const auto file = Parse(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\r\n");
  int64_t b = 0;
  {
    YamlMap map(file->root());
    EXPECT_TRUE(map.Optional("a").present());
    map.Optional("b").ReadInteger(0, 9, &b);
  }
  EXPECT_EQ(b, 2);
  EXPECT_TRUE(file->ok()) << file->status();
}

TEST(YamlSyntax, RefusesDeepNesting) {
  EXPECT_TRUE(YamlFile::Parse("f", std::string(32, '[') + std::string(32, ']')).ok());
  EXPECT_THAT(ParseError(std::string(33, '[') + std::string(33, ']')),
              HasSubstr("nested too deeply"));
  EXPECT_NE(ParseError(std::string(1'000'000, '[')), "");
  EXPECT_NE(ParseError(std::string(1'000'000, '{')), "");
  std::string blocks;
  for (int i = 0; i < 100; ++i) blocks += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_THAT(ParseError(blocks), HasSubstr("nested too deeply"));
}

// The parser would keep each bracket before it says how deep it is: gigabytes for a file of 15 MB.
TEST(YamlSyntax, RefusesManyOpenBracketsBeforeTheyAreParsed) {
  std::string open = "a: 1\nb: ";
  for (int i = 0; i < 15; ++i) open += std::string(1'000'000, '[') + "\n";
  EXPECT_THAT(ParseError(open), HasSubstr("f:2: more than 1000 brackets and braces are open"));
  // Pairs are no depth, wherever they stand, and quotes and comments may have what they like.
  std::string pairs = "a: [";
  for (int i = 0; i < 5'000; ++i) pairs += "[1],";
  EXPECT_EQ(ParseError(pairs + "]\n# [[[ {\nb: '[[['\n"), "");
}

TEST(YamlSyntax, RefusesALineThatIsTooLong) {
  std::string pairs = "a: 1\nb: [";
  for (int i = 0; i < 400'000; ++i) pairs += "[],";
  EXPECT_THAT(ParseError(pairs + "]"), HasSubstr("f:2: is longer than 1 MiB in one line"));
}

TEST(YamlSyntax, RefusesMoreValuesThanAnyConfigurationHas) {
  std::string text = "[";
  for (size_t i = 0; i <= kMaxYamlValues; ++i) text += i % 1'000 == 0 ? "\n1," : "1,";
  EXPECT_THAT(ParseError(text + "1]"), HasSubstr("too many values"));
}

TEST(YamlSyntax, RefusesFilesBeyond16MiBUnread) {
  const TempFolder folder;
  const std::string path = folder.Write("large.yaml", std::string(kMaxYamlBytes + 1, '#'));
  const auto file = YamlFile::Open(path);
  EXPECT_EQ(file.status().message(), path + ":1: is larger than 16 MiB; expected less");
}

TEST(YamlFile, SaysWhyItCannotBeRead) {
  const TempFolder folder;
  const auto missing = YamlFile::Open(folder.path() + "/none.yaml");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("No such file"));
  const auto directory = YamlFile::Open(folder.path());
  EXPECT_THAT(std::string(directory.status().message()), HasSubstr("is a directory"));
}

// A pipe that nobody writes into would hold up a reload for ever.
TEST(YamlFile, IsNotReadFromAPipeOrADevice) {
  const TempFolder folder;
  const std::string pipe = folder.path() + "/pipe.yaml";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(std::string(YamlFile::Open(pipe).status().message()),
              HasSubstr("pipe.yaml: is a pipe, socket or device; expected a file"));
  EXPECT_THAT(std::string(YamlFile::Open("/dev/zero").status().message()),
              HasSubstr("is a pipe, socket or device"));
}

}  // namespace
}  // namespace fleetmeter
