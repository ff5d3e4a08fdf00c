#include "daemon/config/load_outcomes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include "daemon/base/clock.h"
#include "daemon/base/decimal.h"
#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/bounds.h"
#include "daemon/config/strict_yaml.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using outcomes::Benchmark;
using outcomes::BenchmarkSuite;
using outcomes::PriceBook;
using outcomes::Segment;
using outcomes::Subscription;
using outcomes::TokenPrice;

constexpr double kMaxScore = 1e12;
constexpr double kLeastWeight = 1e-9;
constexpr int64_t kMaxQuarters = 400;
constexpr int64_t kMicroUsdPerUsd = 1'000'000;
constexpr int64_t kMaxMicroUsdPerMillion = 1'000'000'000'000;    // $1,000,000
constexpr int64_t kMaxMicroUsdPerMonth = 1'000'000'000'000'000;  // $1,000,000,000
constexpr double kPartsPerMillion = 1e6;

void ReadVersion(YamlMap& map, uint32_t* out) {
  int64_t version = 1;
  map.Required("version", "an integer that grows with every change")
      .ReadInteger(1, kMaxVersion, &version);
  *out = static_cast<uint32_t>(version);
}

void ReadSaturation(const YamlValue& section, outcomes::SaturationRule* out) {
  YamlMap map(section);
  map.Optional("level").ReadShare(&out->level);
  map.Optional("flat_level").ReadShare(&out->flat_level);
  map.Optional("quarters").ReadInteger(1, kMaxQuarters, &out->quarters);
  map.Optional("least_gain").ReadShare(&out->least_gain);
}

// "25%" is 0.25. Beside a ceiling of 100, 25 is meant.
void CheckNotation(const YamlValue& section, const YamlValue& floor, const YamlValue& ceiling,
                   const Benchmark& benchmark) {
  if (!floor.present() || !ceiling.present()) return;
  const auto is_percentage = [](const YamlValue& value) {
    return value.node().scalar.find('%') != std::string::npos;
  };
  if (is_percentage(floor) == is_percentage(ceiling)) return;
  const auto [number, percentage] = is_percentage(floor)
                                        ? std::pair(benchmark.ceiling, benchmark.floor)
                                        : std::pair(benchmark.floor, benchmark.ceiling);
  if (std::abs(number) <= 1 || percentage == 0) return;  // 0% is 0 of any scale
  section.Complain(fmt::format(
      "has the floor {} and the ceiling {}; expected both with %, or both without: 25% is 0.25",
      floor.node().scalar, ceiling.node().scalar));
}

void ReadBenchmark(const std::string& name, const YamlValue& value, BenchmarkSuite* out) {
  Benchmark benchmark;
  benchmark.name = name;
  if (!IsSpacedName(name)) {
    value.Complain("is not a name; expected letters, digits and . _ / - and single spaces");
  }
  YamlMap map(value);
  map.Optional("weight").ReadFactor(kLeastWeight, kMaxScore, &benchmark.weight);
  const YamlValue floor = map.Required("floor", "the score that chance reaches");
  floor.ReadFactor(-kMaxScore, kMaxScore, &benchmark.floor);
  const YamlValue ceiling = map.Required("ceiling", "the score that cannot be bettered");
  ceiling.ReadFactor(-kMaxScore, kMaxScore, &benchmark.ceiling);
  CheckNotation(value, floor, ceiling, benchmark);
  if (benchmark.floor == benchmark.ceiling) {
    value.Complain("has a floor that is its ceiling; expected two different scores");
  }
  const YamlValue column = map.Optional("column");
  if (column.present()) column.ReadText(128, &out->columns[name]);
  out->benchmarks.push_back(std::move(benchmark));
}

void ReadUsd(const YamlValue& value, int64_t most_micro_usd, int64_t* out) {
  const std::string expected = fmt::format("US dollars from 0 to {} with at most 6 decimals",
                                           most_micro_usd / kMicroUsdPerUsd);
  const std::string* text = value.Scalar(expected);
  if (text == nullptr) return;
  const auto amount = ParseMicroUsd(*text);
  if (amount && *amount >= 0 && *amount <= most_micro_usd) {
    *out = *amount;
  } else {
    value.Complain(fmt::format("is {}; expected {}", Quoted(*text), expected));
  }
}

constexpr int64_t kThousandsPerMillion = 1'000;

// What the prices of a book are for, by its key `unit`.
struct PriceUnit {
  bool said = false;                 // the book says so itself
  int64_t factor = kMicroUsdPerUsd;  // micro-dollars per million tokens of one dollar as written
};

PriceUnit ReadUnit(const YamlValue& value) {
  PriceUnit unit;
  if (!value.present()) return unit;
  std::string name;
  value.ReadChoice({"per_million_tokens", "per_thousand_tokens", "per_token"}, &name);
  unit.said = true;
  if (name == "per_thousand_tokens") unit.factor *= kThousandsPerMillion;
  if (name == "per_token") unit.factor *= kMicroUsdPerUsd;
  return unit;
}

// A million tokens cost from about a cent (small embeddings) to some $600 (the dearest reasoning
// models): the same per token is 1e-8 to 6e-4. $0.001 lies between the two with room on both sides,
// and so no price of either kind is taken for the other. Nobody has asked $10,000 for a million, a
// cent a token: above that a price is more likely in micro-dollars.
constexpr int64_t kLeastMicroUsdPerMillion = 1'000;
constexpr int64_t kMostLikelyMicroUsdPerMillion = 10'000'000'000;
// Prices per thousand tokens lie among those of small models per million, so no single one tells. A
// book whose highest price is below two cents has no model that people pay for by the million.
constexpr int64_t kLeastHighestMicroUsdPerMillion = 20'000;

// "0.000003, which would be $3 per million". Nothing: the price is likely as it stands.
std::string OtherUnitOf(std::string_view text) {
  const auto as_written = RoundDecimal(text, kMicroUsdPerUsd);
  if (!as_written || text.starts_with('-')) return "";
  const bool zero = as_written->exact && as_written->whole == 0;
  if (!zero && as_written->whole < kLeastMicroUsdPerMillion) {
    const auto dollars = RoundDecimal(text, kMicroUsdPerUsd * kMicroUsdPerUsd);
    const double per_token = static_cast<double>(dollars->whole) / kMicroUsdPerUsd;
    const double per_thousand = per_token / kThousandsPerMillion;
    const bool either = per_thousand * kMicroUsdPerUsd >= kLeastHighestMicroUsdPerMillion;
    return fmt::format(
        "a price per million tokens; per token it would be ${:g} per million{}. Write that, or "
        "`unit: per_token`{} beside `version`, or `unit: per_million_tokens` if it is meant",
        per_token, either ? fmt::format(", and per thousand tokens ${:g}", per_thousand) : "",
        either ? " or `unit: per_thousand_tokens`" : "");
  }
  if (as_written->whole > kMostLikelyMicroUsdPerMillion) {
    return fmt::format(
        "a price per million tokens in dollars; in micro-dollars it would be ${:g} per million. "
        "Write that, or `unit: per_million_tokens` beside `version` if it is meant",
        static_cast<double>(as_written->whole) / kMicroUsdPerUsd / kMicroUsdPerUsd);
  }
  return "";
}

void ReadTokenPrice(const YamlValue& value, const PriceUnit& unit, int64_t* out) {
  const std::string expected = fmt::format("US dollars from 0 to {} per million tokens",
                                           kMaxMicroUsdPerMillion / kMicroUsdPerUsd);
  const std::string* text = value.Scalar(expected);
  if (text == nullptr) return;
  if (const std::string other = unit.said ? "" : OtherUnitOf(*text); !other.empty()) {
    return value.Complain(fmt::format("is {}; expected {}", Quoted(*text), other));
  }
  const auto amount = WholeDecimal(*text, unit.factor);
  if (amount && *amount >= 0 && *amount <= kMaxMicroUsdPerMillion) {
    *out = *amount;
  } else {
    value.Complain(
        fmt::format("is {}; expected {} in whole micro-dollars", Quoted(*text), expected));
  }
}

// Complains of a book that is likely per thousand tokens.
void CheckHighest(const YamlValue& prices, const PriceUnit& unit, int64_t highest) {
  if (unit.said || highest == 0 || highest >= kLeastHighestMicroUsdPerMillion) return;
  const double dollars = static_cast<double>(highest) / kMicroUsdPerUsd;
  prices.Complain(fmt::format(
      "has ${:g} as its highest price; expected prices per million tokens; per thousand tokens it "
      "would be ${:g} per million. Write that, or `unit: per_thousand_tokens` beside `version`, or "
      "`unit: per_million_tokens` if it is meant",
      dollars, dollars * kThousandsPerMillion));
}

// Notes the date of `what`, and complains unless it is later than that of the one before.
template <class Key>
void CheckAscends(const YamlValue& item, const Key& key, const std::string& what, int64_t from,
                  std::map<Key, int64_t>* latest) {
  const auto [it, is_first] = latest->emplace(key, from);
  if (!is_first && std::exchange(it->second, from) >= from) {
    item.Complain(
        fmt::format("takes effect no later than the {} before it; expected ascending dates", what));
  }
}

// One entry of the list; prices of a segment must ascend. `highest`: of the book so far.
void ReadPrice(const YamlValue& item, const PriceUnit& unit, std::map<Segment, int64_t>* latest,
               int64_t* highest, PriceBook* out) {
  Segment segment;
  TokenPrice price;
  YamlMap map(item);
  map.Required("model", "the model that is served").ReadName(&segment.model);
  map.Optional("customer_tier").ReadName(&segment.customer_tier);
  int64_t from_nanos = 0;
  map.Required("effective_from", "the date from which it holds").ReadTime(&from_nanos);
  price.effective_from_unix_seconds = from_nanos / kNanosPerSecond;
  ReadTokenPrice(map.Required("input", "US dollars per million input tokens"), unit, &price.input);
  price.cached_input = price.input;
  ReadTokenPrice(map.Optional("cached_input"), unit, &price.cached_input);
  ReadTokenPrice(map.Required("output", "US dollars per million output tokens"), unit,
                 &price.output);
  double discount = 0;
  map.Optional("discount").ReadShare(&discount);
  price.discount_ppm = std::llround(discount * kPartsPerMillion);
  CheckAscends(item, segment,
               "price of " + (segment.customer_tier.empty()
                                  ? segment.model
                                  : segment.model + " for " + segment.customer_tier),
               price.effective_from_unix_seconds, latest);
  *highest = std::max({*highest, price.input, price.output});
  out->Add(segment.model, segment.customer_tier, price);
}

void ReadSubscription(const YamlValue& item, std::map<std::string, int64_t>* latest,
                      PriceBook* out) {
  std::string tier;
  Subscription subscription;
  YamlMap map(item);
  map.Required("customer_tier", "the customer tier that pays by the month").ReadName(&tier);
  int64_t from_nanos = 0;
  map.Required("effective_from", "the date from which it holds").ReadTime(&from_nanos);
  subscription.effective_from_unix_seconds = from_nanos / kNanosPerSecond;
  ReadUsd(map.Required("usd_per_month", "US dollars a month of all its customers together"),
          kMaxMicroUsdPerMonth, &subscription.micro_usd_per_month);
  CheckAscends(item, tier, "subscription of " + tier, subscription.effective_from_unix_seconds,
               latest);
  out->AddSubscription(tier, subscription);
}

}  // namespace

absl::StatusOr<BenchmarkSuite> LoadBenchmarkSuite(const std::string& path) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  BenchmarkSuite suite;
  {
    YamlMap map((*file)->root());
    map.Required("suite", "the name of the suite").ReadName(&suite.name);
    ReadVersion(map, &suite.version);
    ReadSaturation(map.Optional("saturation"), &suite.saturation);
    map.Optional("declining_quarters").ReadInteger(1, kMaxQuarters, &suite.declining_quarters);
    const YamlValue section = map.Required("benchmarks", "benchmarks by name");
    YamlMap benchmarks(section);
    for (const auto& [name, value] : benchmarks.Entries()) ReadBenchmark(name, value, &suite);
    if (section.present() && suite.benchmarks.empty()) {
      section.Complain("is empty; expected at least one benchmark");
    }
  }
  if (!(*file)->ok()) return (*file)->status();
  return suite;
}

absl::StatusOr<PriceBook> LoadPriceBook(const std::string& path) {
  auto file = YamlFile::Open(path);
  if (!file.ok()) return file.status();
  PriceBook book;
  {
    YamlMap map((*file)->root());
    uint32_t version = 0;
    ReadVersion(map, &version);
    book = PriceBook(version);
    const PriceUnit unit = ReadUnit(map.Optional("unit"));
    std::map<Segment, int64_t> latest;
    const YamlValue prices = map.Required("prices", "a list of prices");
    int64_t highest = 0;
    for (const YamlValue& item : prices.Items()) {
      ReadPrice(item, unit, &latest, &highest, &book);
    }
    CheckHighest(prices, unit, highest);
    std::map<std::string, int64_t> latest_of_tier;
    for (const YamlValue& item : map.Optional("subscriptions").Items()) {
      ReadSubscription(item, &latest_of_tier, &book);
    }
  }
  if (!(*file)->ok()) return (*file)->status();
  return book;
}

}  // namespace fleetmeter
