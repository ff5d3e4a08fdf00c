#include "daemon/config/load_framework.h"

#include <algorithm>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/config/config_files.h"
#include "tests/unit/config/framework_yaml.h"

namespace fleetmeter {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class LoadFrameworkTest : public testing::Test {
 protected:
  LoadFrameworkTest() { folder_.Write("catalog.yaml", kCatalogYaml); }

  absl::StatusOr<FrameworkDocument> Load(std::string_view text,
                                         const std::vector<YamlOverride>& overrides = {}) {
    path_ = folder_.Write("framework.yaml", text);
    return LoadFramework(path_, overrides);
  }

  TempFolder folder_;
  std::string path_;
};

TEST_F(LoadFrameworkTest, ReadsEveryKey) {
  const auto document = Load(kFrameworkYaml);
  ASSERT_TRUE(document.ok()) << document.status();
  const framework::Assumptions& a = document->assumptions;
  EXPECT_EQ(a.name, "small");
  EXPECT_EQ(a.version, 3u);
  ASSERT_EQ(a.supply.size(), 2u);
  EXPECT_EQ(a.supply[0].chips_per_h100e, (Ratio{1, 1})) << "of the catalog";
  EXPECT_EQ(std::get<framework::Commitment>(a.supply[1].fleet).usd, 1e6);
  EXPECT_EQ(a.training.growth, 1.5);
  EXPECT_EQ(a.prices[1].title, "small") << "without a title, its name";
  EXPECT_EQ(a.prices[1].usage, 0.5);
  EXPECT_EQ(a.throughput.input_per_output, 0.5);
  EXPECT_EQ(a.revenue.curves.size(), 3u);
  EXPECT_EQ(std::get<framework::PointsCurve>(a.revenue.curves.at("measured")).points.size(), 2u);
  EXPECT_EQ(a.revenue.usd_per_h100_hour, std::nullopt);
  EXPECT_EQ(std::get<framework::ShareOfTier>(a.scenarios[1].p1.at(Category::kInference)).ratio,
            0.3);
  EXPECT_EQ(a.pools[0].policy.borrowing_limit_h100e, 10);
  EXPECT_EQ(a.pools[3].tier, Tier::kP0);
  ASSERT_EQ(document->sensitivity.size(), 2u);
  EXPECT_EQ(document->sensitivity[0].assumptions.training.growth, 1);
  EXPECT_EQ(document->sensitivity[1].changes.shares.at(Category::kResearch), 0.6);
  EXPECT_EQ(document->sensitivity[1].changes.held.count(Category::kInference), 1u);
}

// One thing wrong with kFrameworkYaml, and what is said of it, on the line of `from` unless it says
// another.
struct Fault {
  std::string from;
  std::string to;
  std::string expected;  // "KEY: message"
  int line = 0;
};

int LineAt(std::string_view text, size_t offset) {
  return 1 + static_cast<int>(std::count(text.begin(), text.begin() + offset, '\n'));
}

const std::vector<Fault>& Faults() {
  static const std::vector<Fault> faults = {
      // Of the document.
      {"framework: small\n", "", "framework: is missing; expected the name of these assumptions"},
      {"framework: small", "framework: a b", "framework: is \"a b\"; expected a name"},
      {"version: 3", "version: 0", "version: is 0, out of range"},
      {"version: 3\n", "", "version: is missing", 1},
      {"2026-01-01\ncatalog", "soon\ncatalog", "effective_from: is \"soon\"; expected a date"},
      {"effective_from: 2026-01-01\n", "", "effective_from: is missing", 1},
      {"hours_per_year: 8760", "hours_per_year: 0", "hours_per_year: is 0, out of range"},
      {"baseline: base\n", "", "baseline: is missing", 1},
      {"baseline: base\n", "baseline: best\n", "baseline: is \"best\"; expected one of base, lean"},
      {"hours_per_year", "hours_a_year", "hours_a_year: unknown key; expected one of"},
      {"version: 3\n", "version: 3\nversion: 3\n", "version: is given twice", 3},
      // Supply.
      {"chips: 1000}", "chips: -1}", "supply.h100.chips: is -1, out of range"},
      {"{provider: gcp, chips: 1000}", "{chips: 1000}", "supply.h100.provider: is missing"},
      {"{provider: gcp, chips: 1000}", "{provider: gcp}",
       "supply.h100: has none of chips and commitment; expected exactly one of the two"},
      {"{provider: gcp, chips_per", "{provider: gcp, chips: 1, chips_per",
       "supply.other: has both of chips and commitment"},
      {"  h100:", "  h200:",
       "supply.h200: h200 has no chips_per_h100e, and the catalog does not know the chip"},
      {"chips_per_h100e: 2", "chips_per_h100e: 0", "supply.other.chips_per_h100e: is \"0\""},
      {"years: 2", "years: 0", "supply.other.commitment.years: is 0, out of range"},
      {"share: 50%, years", "share: 150%, years",
       "supply.other.commitment.share: is 150%, out of range"},
      {"usd: 1M, ", "", "supply.other.commitment.usd: is missing"},
      {", usd_per_chip_hour: 1.5", "", "supply.other.commitment.usd_per_chip_hour: is missing"},
      {"  h100: {provider: gcp, chips: 1000}",
       "  \"h 100\": {provider: gcp, chips: 1000, "
       "chips_per_h100e: 1}",
       "supply.h 100: is not a name; expected letters"},
      // Training.
      {"mfu: 50%", "mfu: 101%", "training.mfu: is 101%, out of range"},
      {"mfu: 50%", "mfu: half", "training.mfu: is \"half\"; expected a number such as"},
      {"peak_flops: 1e15", "peak_flops: 0", "training.peak_flops: is 0, out of range"},
      {"flop: 1e24", "flop: 0", "training.models.big.flop: is 0, out of range"},
      {"based_on: big", "based_on: bigger",
       "training.based_on: is \"bigger\"; expected one of big"},
      {"growth: 150%", "growth: 0", "training.growth: is 0, out of range"},
      {"runs_per_year: 1", "runs_per_year: -1", "training.runs_per_year: is -1, out of range"},
      {"  post_training_share: 10%\n", "", "training.post_training_share: is missing", 9},
      {"  variants_per_run: 2\n", "", "training.variants_per_run: is missing", 9},
      {"inefficiency: 1.5", "inefficiency: 0", "training.inefficiency: is 0, out of range"},
      {"additional_runs: 0", "additional_runs: -1",
       "training.additional_runs: is -1, out of range"},
      {"{title: Big, flop: 1e24}", "{title: \"\", flop: 1e24}",
       "training.models.big.title: has 0 bytes"},
      // Prices and throughput.
      {"usage: 50%", "usage: 40%", "prices: usage adds up to 90%; expected 100%", 21},
      {"usage: 50%", "usage: 60%", "prices: usage adds up to 110%; expected 100%", 21},
      {"input: 1, ", "", "prices.small.input: is missing"},
      {"input: 1, ", "input: 0.000001, ", "as a price per token it would be 1"},
      {"input: 1, ", "input: 1000000, ", "in micro-dollars it would be 1"},
      {"output: 10", "output: -10", "prices.large.output: is -10, out of range"},
      {"resource_constraint: 20%", "resource_constraint: 0",
       "throughput.resource_constraint: is 0, out of range"},
      {"input_per_output: 1/2", "input_per_output: 1/0", "throughput.input_per_output: is \"1/0\""},
      {"weight: 40%", "weight: 30%", "throughput.sizes: weight adds up to 90%; expected 100%", 27},
      {"{tokens_per_second: 500, weight: 60%}", "{weight: 60%}",
       "throughput.sizes.70b.tokens_per_second: is missing"},
      // Revenue.
      {"utilization: 20%\n  discount", "utilization: 0%\n  discount",
       "revenue.utilization: is 0%, out of range"},
      {"discount: 10%", "discount: 100%", "revenue.discount: is 100%, out of range"},
      {"curve: linear\n", "curve: flat\n",
       "revenue.curve: is \"flat\"; expected one of bent, linear, measured"},
      {"kind: linear", "kind: straight", "revenue.curves.linear.kind: is \"straight\"; expected "},
      {"kind: linear}", "kind: linear, anchor: 20%}", "revenue.curves.linear.anchor: unknown key"},
      {"anchor: 20%", "anchor: 0", "revenue.curves.bent.anchor: is 0, out of range"},
      {"steepness_per_percent: 0.08", "steepness_per_percent: 0",
       "revenue.curves.bent.steepness_per_percent: is 0, out of range"},
      {"utilization: 80%", "utilization: 20%",
       "revenue.curves.measured.points[1]: does not ascend; expected more utilization"},
      {"usd_per_h100_hour: 5}", "usd_per_h100_hour: 1}",
       "revenue.curves.measured.points[1]: does not ascend"},
      {"points: [{utilization: 20%, usd_per_h100_hour: 2}, {utilization: 80%, "
       "usd_per_h100_hour: 5}]",
       "points: []", "revenue.curves.measured.points: is empty"},
      {"table: [20%, 60%]", "table: [20%, 160%]", "revenue.table[1]: is 160%, out of range"},
      {"  table: [20%, 60%]", "  table: [20%, 60%]\n  usd_per_h100_hour: 0",
       "revenue.usd_per_h100_hour: is 0, out of range", 39},
      {"resource_constraint: 20%\n  input_per_output: 1/2\n  sizes:\n    8b: {tokens_per_second: "
       "1000, weight: 40%}\n    70b: {tokens_per_second: 500",
       "resource_constraint: 20%\n  input_per_output: 1/2\n  sizes:\n    8b: {tokens_per_second: "
       "0, weight: 40%}\n    70b: {tokens_per_second: 0",
       "revenue: an H100-hour earns $0; expected prices and tokens above 0", 30},
      // Tiers and scenarios.
      {"p0: 10%", "p0: 90%", "tiers: adds up to 105%: p0 90% + buffer 15%; expected at most 100%"},
      {"p0: 10%, ", "", "tiers.p0: is missing"},
      {"p0: 10%, buffer", "p0: 10%, p3: 1%, buffer", "tiers.p3: unknown key"},
      {"research: rest", "research: [rest]", "scenarios.base.p2.research: is not a mapping"},
      {"training: {need: 1}, research: rest", "training: rest, research: rest",
       "scenarios.base.p2.research: is rest, and so is another category; expected at most one"},
      {"p1: {inference: 30%}", "p1: {inference: rest}", "scenarios.lean.p1.inference: is \"rest\""},
      {"{revenue: 500K}", "{revenue: 500K, hours: 1}",
       "scenarios.base.p2.inference: does not say one thing; expected a share such as 60%, rest, "
       "or one of share, hours, revenue"},
      {"{need: 1}", "{}", "scenarios.base.p2.training: does not say one thing"},
      {"{need: 1}", "{revenue: 1}",
       "scenarios.base.p2.training.revenue: unknown key; expected one of share, hours, need"},
      {"{revenue: 500K}", "{revenue: -1}",
       "scenarios.base.p2.inference.revenue: is -1, out of range"},
      {"    p2: {training: {hours: 1M}, research: {share: 10%}}\n", "",
       "scenarios.lean.p2: is missing", 44},
      {"p1: {inference: 30%}", "p1: {inference: 80%}",
       "scenarios.lean: scenario lean does not fit: p0 10% + p1 80% + buffer 15% = 105% of the "
       "supply; expected at most 100%. It is ",
       44},
      {"{share: 10%}", "{share: 60%}",
       "scenarios.lean: scenario lean does not fit: training 1,000,000, research ", 44},
      {"{revenue: 500K}", "{revenue: 1T}", "scenarios.base: scenario base does not fit: inference ",
       41},
      {"{inference: 30%}", "{safety: 30%}", "scenarios.lean.p1.safety: unknown key"},
      // Sensitivity.
      {"set: {training.growth: 100%}", "set: {training.growth: 0}", "sensitivity.growth.set: "},
      {"set: {training.growth: 100%}", "set: {training.grwth: 1}", "sensitivity.growth.set: "},
      {"set: {training.growth: 100%}", "set: {catalog: other.yaml}",
       "catalog: cannot be set; expected the key of an assumption"},
      {"set: {training.growth: 100%}", "set: {training.growth: [1]}",
       "sensitivity.growth.set.training.growth: is a list; expected a single value"},
      {"shares: {research: 60%}", "shares: {research: 160%}",
       "sensitivity.more-research.shares.research: is 160%, out of range"},
      {"hold: [inference]", "hold: [safety]",
       "sensitivity.more-research.hold[0]: is \"safety\"; expected one of inference, training"},
      {"  more-research:\n", "  \"more research\":\n", "sensitivity.more research: is not a name"},
      // Pools.
      {"category: inference, share", "category: serving, share",
       "pools.serving.category: is \"serving\"; expected inference, training, research or safety"},
      {"share: 60%, owner", "share: 70%, owner",
       "pools.lab2.share: brings the pools of research to 110%; expected at most 100%", 58},
      {"safety, tier: p0", "safety, tier: p1",
       "pools.evals.tier: is p1 for safety; expected p0 for safety, p1 or p2 for the others"},
      {"category: inference, share", "category: inference, tier: buffer, share",
       "pools.serving.tier: is buffer for inference"},
      {"category: inference, share", "category: inference, tier: p0, share",
       "pools.serving.tier: is p0 for inference"},
      {"owner: Serving, ", "", "pools.serving.owner: is missing"},
      {"teams: [api]", "teams: []", "pools.serving.teams: is empty"},
      {"lendable: 50%", "lendable: 150%", "pools.serving.policy.lendable: is 150%, out of range"},
  };
  return faults;
}

TEST_F(LoadFrameworkTest, RefusesEachFaultOnItsLineWithOneMessage) {
  for (const Fault& fault : Faults()) {
    SCOPED_TRACE(fmt::format("{} -> {}", fault.from, fault.to));
    std::string text(kFrameworkYaml);
    const size_t at = text.find(fault.from);
    ASSERT_NE(at, std::string::npos);
    ASSERT_EQ(text.find(fault.from, at + 1), std::string::npos) << "is there twice";
    text.replace(at, fault.from.size(), fault.to);
    const size_t first = fault.from.find_first_not_of(" \n");
    const int line = fault.line != 0 ? fault.line : LineAt(kFrameworkYaml, at + first);
    const absl::Status status = Load(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::string message(status.message());
    EXPECT_THAT(message, StartsWith(fmt::format("{}:{}: ", path_, line)));
    EXPECT_THAT(message, HasSubstr(fault.expected));
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 0) << message;
  }
}

TEST_F(LoadFrameworkTest, RefusesSectionsThatAreMissing) {
  for (const std::string section :
       {"supply", "training", "prices", "throughput", "revenue", "tiers", "scenarios"}) {
    std::string text(kFrameworkYaml);
    const size_t begin = text.find("\n" + section + ":") + 1;
    size_t end = text.find('\n', begin) + 1;
    while (text[end] == ' ') end = text.find('\n', end) + 1;
    text.erase(begin, end - begin);
    const absl::Status status = Load(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(fmt::format(":1: {}: is missing; expected ", section)));
  }
}

TEST_F(LoadFrameworkTest, RefusesSectionsThatAreEmpty) {
  for (const std::string section : {"supply", "prices", "scenarios", "pools"}) {
    std::string text(kFrameworkYaml);
    const size_t begin = text.find("\n" + section + ":") + 1;
    const size_t values = text.find('\n', begin) + 1;
    size_t end = values;
    while (end < text.size() && text[end] == ' ') end = text.find('\n', end) + 1;
    text.erase(values, end - values);
    const absl::Status status = Load(text).status();
    EXPECT_THAT(std::string(status.message()),
                HasSubstr(fmt::format("{}: is empty; expected at least one name", section)));
  }
}

TEST_F(LoadFrameworkTest, NeedsRatiosWhereItNamesNoCatalog) {
  std::string text(kFrameworkYaml);
  text.erase(text.find("catalog: catalog.yaml\n"), 22);
  EXPECT_THAT(std::string(Load(text).status().message()),
              HasSubstr("h100 has no chips_per_h100e, and no catalog is named"));
}

TEST_F(LoadFrameworkTest, SaysWhichCatalogIsNotThere) {
  std::string text(kFrameworkYaml);
  text.replace(text.find("catalog: catalog.yaml"), 21, "catalog: nowhere.yaml");
  const absl::Status status = Load(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("nowhere.yaml: cannot be opened"));
  EXPECT_THAT(message, HasSubstr("framework.yaml:")) << "and who names it";
  EXPECT_THAT(message, HasSubstr(": catalog: "));
}

TEST_F(LoadFrameworkTest, SaysWhichFileIsNotThere) {
  const auto document = LoadFramework(folder_.path() + "/nowhere.yaml");
  EXPECT_EQ(document.status().code(), absl::StatusCode::kNotFound);
}

// --- Overrides -----------------------------------------------------------------------------------

TEST_F(LoadFrameworkTest, TakesOtherValuesForItsKeys) {
  const auto document = Load(kFrameworkYaml, {{"training.growth", "3"},
                                              {"supply.other.chips_per_h100e", "1/3"},
                                              {"supply.h100.chips_per_h100e", "2"},
                                              {"scenarios.base.p2.inference", "10%"},
                                              {"revenue.table", "[30%]"},
                                              {"training.growth", "4"}});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->assumptions.training.growth, 4) << "the last one holds";
  EXPECT_EQ(document->assumptions.supply[0].chips_per_h100e, (Ratio{2, 1}));
  EXPECT_EQ(document->assumptions.supply[1].chips_per_h100e, (Ratio{1, 3}));
  EXPECT_EQ(document->assumptions.revenue.table, std::vector<double>{0.3});
  EXPECT_EQ(std::get<framework::ShareOfTier>(
                document->assumptions.scenarios[0].p2.at(Category::kInference))
                .ratio,
            0.1);
}

TEST_F(LoadFrameworkTest, TakesARowWhoseHeldCategoryWouldDemandTooMuch) {
  // $500K at 5 cents an hour take more hours than there are.
  const std::string row = "  cheap:\n    set: {revenue.usd_per_h100_hour: 0.05}\n";
  std::string text(kFrameworkYaml);
  text.insert(text.find("pools:\n"), row);
  EXPECT_THAT(std::string(Load(text).status().message()), HasSubstr("sensitivity.cheap: scenario"));
  text.replace(text.find(row), row.size(), row + "    hold: [inference]\n");
  const auto held = Load(text);
  EXPECT_TRUE(held.ok()) << held.status();
}

TEST_F(LoadFrameworkTest, ReachesRowsOfTheSensitivityAnalysisToo) {
  const auto document = Load(kFrameworkYaml, {{"training.mfu", "25%"}});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->sensitivity[0].assumptions.training.mfu, 0.25);
  EXPECT_EQ(document->sensitivity[0].assumptions.training.growth, 1) << "the row's own";
  EXPECT_EQ(document->sensitivity[1].assumptions.training.mfu, 0.25);
}

TEST_F(LoadFrameworkTest, LetsAScenarioNotFitUnderOverridesUntilItIsUsed) {
  const auto document = Load(kFrameworkYaml, {{"scenarios.lean.p1.inference", "80%"}});
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_TRUE(framework::Allocate(document->assumptions, "base").ok());
  const auto lean = framework::Allocate(document->assumptions, "lean");
  EXPECT_THAT(std::string(lean.status().message()), HasSubstr("= 105% of the supply"));
}

TEST_F(LoadFrameworkTest, RefusesOverridesThatAreWrong) {
  const std::vector<std::pair<YamlOverride, std::string>> wrong = {
      {{"training.grwth", "3"}, "training.grwth (as set): unknown key (did you mean growth?)"},
      {{"trainin.growth", "3"}, "trainin (as set): unknown key (did you mean training?)"},
      {{"training.growth", "0"}, "training.growth (as set): is 0, out of range"},
      {{"training.growth", "fast"}, "training.growth (as set): is \"fast\"; expected a number"},
      {{"training.growth", "[1]"}, "training.growth (as set): is a list"},
      {{"training.growth", "{a: "}, "set \"training.growth\"=\"{a: \": "},
      {{"training.growth.x", "1"}, "there are no keys at \"training.growth.\""},
      {{"training..growth", "1"}, "has an empty part"},
      {{"training.growth.", "1"}, "ends in a point"},
      {{"version", "\"3\""}, "version (as set): is text in quotes"},
      {{"prices.small.usage", "60%"}, "prices: usage adds up to 110%; expected 100%"},
      {{"throughput.sizes.8b.weight", "0"}, "throughput.sizes: weight adds up to 60%"},
      {{"tiers.buffer", "95%"}, "tiers: adds up to 105%: p0 10% + buffer 95%"},
      {{"baseline", "best"}, "baseline (as set): is \"best\"; expected one of base, lean"},
      {{"revenue.curve", "flat"}, "revenue.curve (as set): is \"flat\"; expected one of"},
      {{"pools.lab.share", "70%"}, "brings the pools of research to 110%"},
      {{"supply", "{}"}, "supply (as set): is empty"},
      {{"supply.h100.chips", "0"}, ""},  // the other chip is enough
      {{"catalog", "x.yaml"}, "catalog: cannot be set"},
      {{"training.growth", std::string(5'000, '1')}, "is too long; expected at most 4096 bytes"},
      {{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "1"}, "there are no keys at"},
      {{"training.models.big", "{flop: 1e24, flop: 2}"}, "is given twice"},
      {{"training.models.big", "&a {flop: 1e24}"}, "anchors (&) and aliases (*) are refused"},
  };
  for (const auto& [override, expected] : wrong) {
    SCOPED_TRACE(override.key + "=" + override.value);
    const absl::Status status = Load(kFrameworkYaml, {override}).status();
    if (expected.empty()) {
      EXPECT_TRUE(status.ok()) << status;
      continue;
    }
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(expected));
  }
}

TEST_F(LoadFrameworkTest, RefusesASupplyOfNothing) {
  const absl::Status status =
      Load(kFrameworkYaml, {{"supply", "{h100: {provider: gcp, chips: 0}}"}}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("supply (as set): adds up to 0 H100e"));
}

TEST(ParseYamlOverride, TakesKeyAndValueApart) {
  const auto override = ParseYamlOverride("a.b={c: d=e}");
  ASSERT_TRUE(override.ok());
  EXPECT_EQ(override->key, "a.b");
  EXPECT_EQ(override->value, "{c: d=e}");
  for (const char* wrong : {"", "a", "=1", "a="}) {
    EXPECT_EQ(ParseYamlOverride(wrong).status().code(), absl::StatusCode::kInvalidArgument)
        << wrong;
  }
}

}  // namespace
}  // namespace fleetmeter
