#include "collectors/exposition/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

namespace fleetmeter::collector {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What a sample says, kept.
struct Kept {
  std::string name;
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
  std::optional<int64_t> millis;
  int64_t line = 0;
};

struct Parsed {
  std::vector<Kept> samples;
  ExpositionResult result;
};

// In pieces of `piece` bytes.
Parsed ParsePieces(std::string_view text, size_t piece, const ExpositionLimits& limits = {}) {
  Parsed parsed;
  ExpositionParser parser(limits, [&](const Sample& sample) {
    Kept& kept = parsed.samples.emplace_back();
    kept.name = sample.name;
    for (const auto& [name, value] : sample.labels) kept.labels.emplace_back(name, value);
    kept.value = sample.value;
    kept.millis = sample.timestamp_millis;
    kept.line = sample.line;
  });
  for (size_t at = 0; at < text.size(); at += piece) parser.Feed(text.substr(at, piece));
  parsed.result = parser.Finish();
  return parsed;
}

Parsed ParseAll(std::string_view text, const ExpositionLimits& limits = {}) {
  return ParsePieces(text, text.size() + 1, limits);
}

TEST(Exposition, ReadsNamesLabelsValuesAndTimes) {
  const Parsed parsed = ParseAll(
      "# HELP up Whether it is up.\n"
      "# TYPE up gauge\n"
      "up 1\n"
      "\n"
      "util{gpu=\"0\", UUID=\"GPU-1\",} 42.5 1700000000123\n"
      "  spaced { a = \"b\" }\t-0.5\n");
  EXPECT_EQ(parsed.result.bad_lines, 0);
  ASSERT_EQ(parsed.samples.size(), 3U);
  EXPECT_EQ(parsed.samples[0].name, "up");
  EXPECT_EQ(parsed.samples[0].line, 3);
  EXPECT_THAT(parsed.samples[1].labels,
              ElementsAre(std::pair<std::string, std::string>("gpu", "0"),
                          std::pair<std::string, std::string>("UUID", "GPU-1")));
  EXPECT_EQ(parsed.samples[1].value, 42.5);
  EXPECT_EQ(parsed.samples[1].millis, 1'700'000'000'123);
  EXPECT_EQ(parsed.samples[2].value, -0.5);
  EXPECT_EQ(parsed.samples[2].labels[0].second, "b");
}

TEST(Exposition, UndoesEscapes) {
  const Parsed parsed = ParseAll("m{a=\"x\\\"y\\\\z\\nw\\q\",b=\"plain\",c=\"\\\\\"} 1\n");
  ASSERT_EQ(parsed.samples.size(), 1U);
  EXPECT_EQ(parsed.samples[0].labels[0].second, "x\"y\\z\nw\\q");
  EXPECT_EQ(parsed.samples[0].labels[1].second, "plain");
  EXPECT_EQ(parsed.samples[0].labels[2].second, "\\");
}

TEST(Exposition, ReadsWhatIsNoFiniteNumber) {
  const Parsed parsed = ParseAll("a NaN\nb +Inf\nc -Inf\nd +1.5e3\ne 9223372036854775794\n");
  ASSERT_EQ(parsed.samples.size(), 5U);
  EXPECT_TRUE(std::isnan(parsed.samples[0].value));
  EXPECT_EQ(parsed.samples[1].value, HUGE_VAL);
  EXPECT_EQ(parsed.samples[2].value, -HUGE_VAL);
  EXPECT_EQ(parsed.samples[3].value, 1500);
}

TEST(Exposition, ReadsOpenMetrics) {
  const Parsed parsed = ParseAll(
      "requests_total{code=\"200\"} 7 1700000000.5 # {trace_id=\"abc\"} 0.3 1700000000\n"
      "bucket{le=\"1\"} 3 # {} 0.9\n"
      "{\"a.name with.dots\",x=\"y\"} 4\n"
      "# EOF\n");
  EXPECT_EQ(parsed.result.bad_lines, 0) << parsed.result.complaints[0];
  EXPECT_TRUE(parsed.result.saw_end);
  ASSERT_EQ(parsed.samples.size(), 3U);
  EXPECT_EQ(parsed.samples[0].millis, 1'700'000'000'500);
  EXPECT_EQ(parsed.samples[2].name, "a.name with.dots");
}

TEST(Exposition, GoesOnBehindABadLineAndSaysWhichItWas) {
  const Parsed parsed = ParseAll(
      "good 1\n"
      "<html>\n"
      "bad{a=\"b\n"
      "bad{a=b} 1\n"
      "bad{a=\"b\"\n"
      "bad busy\n"
      "bad 1 2 3\n"
      "bad 1 soon\n"
      "bad\n"
      "{a=\"b\"} 1\n"
      "good 2\r\n");
  EXPECT_EQ(parsed.samples.size(), 2U);
  EXPECT_EQ(parsed.result.bad_lines, 9);
  ASSERT_EQ(parsed.result.complaints.size(), 5U);
  EXPECT_THAT(parsed.result.complaints[0], HasSubstr("line 2:"));
  EXPECT_THAT(parsed.result.complaints[0], HasSubstr("expected"));
  EXPECT_THAT(parsed.result.complaints[4], HasSubstr("line 6: has the value \"busy\""));
}

TEST(Exposition, SaysTheSameWhateverThePiecesAre) {
  const std::string text = "# TYPE a gauge\na{x=\"\\n\"} 1\nbroken{\nb 2\n";
  for (size_t piece = 1; piece <= text.size(); ++piece) {
    const Parsed parsed = ParsePieces(text, piece);
    EXPECT_EQ(parsed.samples.size(), 2U) << piece;
    EXPECT_EQ(parsed.samples.at(0).labels.at(0).second, "\n") << piece;
    EXPECT_EQ(parsed.samples.at(1).line, 4) << piece;
    EXPECT_EQ(parsed.result.bad_lines, 1) << piece;
    EXPECT_FALSE(parsed.result.cut_short) << piece;
  }
}

TEST(Exposition, SaysThatATextIsCutShort) {
  const Parsed parsed = ParseAll("a 1\nb 2");
  EXPECT_TRUE(parsed.result.cut_short);
  EXPECT_EQ(parsed.samples.size(), 2U);
}

TEST(Exposition, KeepsItsLimits) {
  ExpositionLimits limits;
  limits.max_line_bytes = 20;
  limits.max_labels = 2;
  limits.max_samples = 3;
  const std::string text =
      "a 1\nlong{label=\"0123456789\"} 1\nb{c=\"\",d=\"\",e=\"\"} 1\na 2\na 3\na 4\na 5\n";
  for (const size_t piece : {size_t{1}, size_t{7}, text.size()}) {
    const Parsed parsed = ParsePieces(text, piece, limits);
    EXPECT_EQ(parsed.samples.size(), 3U) << piece;
    EXPECT_TRUE(parsed.result.truncated) << piece;
    EXPECT_EQ(parsed.result.bad_lines, 3) << piece;
    EXPECT_EQ(parsed.samples.back().line, 5) << piece;
  }
}

TEST(Exposition, FindsLabelsByOneOfSeveralNames) {
  std::string found;
  ParseExposition("m{pod=\"\",exported_pod=\"x\"} 1\n", [&](const Sample& sample) {
    found = sample.AnyLabel({"pod", "exported_pod"}).value_or("none");
    EXPECT_EQ(sample.Label("pod"), "");
    EXPECT_EQ(sample.Label("absent"), std::nullopt);
  });
  EXPECT_EQ(found, "x");
}

}  // namespace
}  // namespace fleetmeter::collector
