#include "daemon/serve/metrics/metric_reference.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

#include "collectors/metrics/collector_metrics.h"
#include "daemon/serve/metrics/metrics_page.h"
#include "gmock/gmock.h"

namespace fleetmeter {
namespace {

using enum MetricType;

constexpr Family<int> kFamilies[] = {
    {{"some_things", kGauge, {"a", "b"}, "There are this many things."},
     OneSeries<std::identity{}>},
    {{"some_seconds", kHistogram, {"a"}, "It takes this long."}, OneSeries<std::identity{}>},
};
constexpr MetricGroup<int> kGroup = {"Things", "What there is.", kFamilies};

TEST(MetricReference, IsATableOfTheDeclarations) {
  EXPECT_EQ(MetricSection(kGroup),
            "\n## Things\n\nWhat there is.\n\n"
            "| metric | type | labels | meaning |\n|---|---|---|---|\n"
            "| `some_things` | gauge | a, b | There are this many things. |\n"
            "| `some_seconds` | histogram | a, le | It takes this long. |\n");
}

TEST(MetricReference, LinesOfAParagraphAreBroken) {
  const std::string word(48, 'w');
  EXPECT_EQ(Wrapped(word + " " + word + " ab x"), word + " " + word + " ab\nx\n");
  EXPECT_EQ(Wrapped("one\n\ntwo"), "one\n\ntwo\n");
  const std::string longer(120, 'l');
  EXPECT_EQ(Wrapped("a " + longer + " b"), "a\n" + longer + "\nb\n");
  EXPECT_EQ(Wrapped(word + " " + word + " `a b`."), word + " " + word + "\n`a b`.\n");
}

// --- What is declared

struct Row {
  std::string name;
  std::string type;
  std::string labels;
  std::string meaning;
};

// Of every table of both programs.
std::vector<Row> Rows() {
  std::istringstream text(MetricsReference() + collector::MetricsReference());
  std::vector<Row> rows;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("| `")) continue;
    std::istringstream cells(line);
    Row row;
    std::getline(cells, row.name, '|');  // nothing comes before the first
    std::getline(cells, row.name, '|');
    std::getline(cells, row.type, '|');
    std::getline(cells, row.labels, '|');
    std::getline(cells, row.meaning, '|');
    std::string rest;
    EXPECT_FALSE(std::getline(cells, rest, '|')) << "a cell has a | in it: " << line;
    rows.push_back(row);
  }
  return rows;
}

TEST(DeclaredMetrics, EachNameIsDeclaredOnce) {
  std::set<std::string> names;
  for (const Row& row : Rows()) EXPECT_TRUE(names.insert(row.name).second) << row.name;
  EXPECT_GT(names.size(), 130U);
}

TEST(DeclaredMetrics, CountersAndNothingElseEndWithTotal) {
  for (const Row& row : Rows()) {
    EXPECT_EQ(row.type == " counter ", row.name.ends_with("_total` ")) << row.name;
  }
}

TEST(DeclaredMetrics, MeaningsAreSentences) {
  for (const Row& row : Rows()) {
    const std::string& text = row.meaning;
    ASSERT_GT(text.size(), 20U) << row.name;
    EXPECT_TRUE(text.ends_with(". ")) << text;
    const bool begins = std::isupper(static_cast<unsigned char>(text[1])) != 0;
    EXPECT_TRUE(begins || text.starts_with(" fleetmeter_")) << text;
    EXPECT_THAT(text, testing::Not(testing::HasSubstr("  "))) << "two spaces between words";
  }
}

// The formula that an entry of the glossary begins with: "- **idle**: Idle is `measured - busy`".
std::optional<std::string> FormulaOf(const std::string& line) {
  static const std::regex kEntry(R"(- \*\*[^*]+\*\*: (It is|They are|[A-Z][a-z]+ is) `([^`]+)`.*)");
  std::smatch parts;
  if (!std::regex_match(line, parts, kEntry)) return std::nullopt;
  return parts[2].str();
}

// They are as the metrics say them.
TEST(DeclaredMetrics, HaveTheFormulasOfTheGlossary) {
  const std::string reference = MetricsReference();
  std::ifstream glossary(std::string(std::getenv("FLEETMETER_SOURCE_DIR")) + "/GLOSSARY.md");
  size_t formulas = 0;
  for (std::string line; std::getline(glossary, line);) {
    const auto formula = FormulaOf(line);
    if (!formula) continue;
    EXPECT_THAT(reference, testing::HasSubstr(*formula)) << line;
    ++formulas;
  }
  EXPECT_GT(formulas, 20U);
}

// A formula or a sentence that names a family names one that there is.
TEST(DeclaredMetrics, MeaningsNameFamiliesThatThereAre) {
  std::set<std::string> names;
  for (const Row& row : Rows()) names.insert(row.name.substr(2, row.name.size() - 4));
  std::istringstream text(MetricsReference() + collector::MetricsReference());
  for (std::string word; text >> word;) {
    const size_t begin = word.find("fleetmeter_");
    if (begin == std::string::npos) continue;
    size_t end = begin;
    while (end < word.size() &&
           (word[end] == '_' || std::islower(word[end]) || std::isdigit(word[end]))) {
      ++end;
    }
    std::string name = word.substr(begin, end - begin);
    // A formula over a histogram takes its buckets.
    constexpr std::string_view kBuckets = "_bucket";
    if (name.ends_with(kBuckets)) name.resize(name.size() - kBuckets.size());
    EXPECT_TRUE(names.contains(name)) << word;
  }
}

}  // namespace
}  // namespace fleetmeter
