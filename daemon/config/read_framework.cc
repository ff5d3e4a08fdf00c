#include "daemon/config/read_framework.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/base/text.h"
#include "daemon/base/units.h"
#include "daemon/config/bounds.h"
#include "daemon/config/read_pool.h"
#include "daemon/config/read_ratio.h"
#include "fmt/format.h"

namespace fleetmeter {
namespace {

using framework::Assumptions;

constexpr double kLeast = 1e-12;  // of what something is divided by, or multiplied with
constexpr double kMaxFleetChips = 1e12;
constexpr double kMaxUsd = 1e18;
constexpr double kMaxHours = 1e18;
constexpr double kMaxFlop = 1e40;
constexpr double kMaxFactor = 1e6;

// Calls `read(name, map)` for each entry of a mapping whose keys are names of the user's.
template <class Read>
void ReadEntries(const YamlValue& section, Read read) {
  YamlMap map(section);
  const auto entries = map.Entries();
  if (section.present() && entries.empty()) {
    section.Complain("is empty; expected at least one name with its settings");
  }
  for (const auto& [key, value] : entries) {
    if (!IsName(key)) value.Complain("is not a name; expected letters, digits and . _ / -");
    YamlMap settings(value);
    read(key, settings);
  }
}

framework::Commitment ReadCommitment(const YamlValue& section) {
  framework::Commitment commitment;
  YamlMap map(section);
  map.Required("usd", "the sum that is committed").ReadAmount(0, kMaxUsd, &commitment.usd);
  map.Required("share", "the share of it that buys chips").ReadShare(&commitment.share);
  map.Required("years", "over how many years").ReadFactor(kLeast, 1000, &commitment.years);
  map.Required("usd_per_chip_hour", "the price of a chip for an hour")
      .ReadAmount(kLeast, kMaxUsd, &commitment.usd_per_chip_hour);
  return commitment;
}

void ReadRatio(YamlMap& map, const YamlValue& section, const Catalog* catalog, int64_t at,
               framework::SupplyItem* item) {
  const YamlValue ratio = map.Optional("chips_per_h100e");
  if (ratio.present()) return ReadChipsPerH100e(ratio, &item->chips_per_h100e);
  const ChipKind* kind = catalog == nullptr ? nullptr : catalog->Find(item->chip);
  if (kind != nullptr) {
    item->chips_per_h100e = kind->ConversionAt(at).chips_per_h100e;
  } else {
    section.Complain(fmt::format(
        "{} has no chips_per_h100e, and {}; expected one of the two", item->chip,
        catalog == nullptr ? "no catalog is named" : "the catalog does not know the chip"));
  }
}

void ReadSupply(const YamlValue& section, const Catalog* catalog, Assumptions* out) {
  ReadEntries(section, [&](const std::string& chip, YamlMap& map) {
    framework::SupplyItem item;
    item.chip = chip;
    map.Required("provider", "whose chips they are").ReadName(&item.provider);
    const YamlValue chips = map.Optional("chips");
    const YamlValue commitment = map.Optional("commitment");
    if (chips.present() == commitment.present()) {
      map.value().Complain(
          fmt::format("has {} of chips and commitment; expected exactly one of the two",
                      chips.present() ? "both" : "none"));
    } else if (chips.present()) {
      chips.ReadAmount(0, kMaxFleetChips, &item.fleet.emplace<double>(0));
    } else {
      item.fleet = ReadCommitment(commitment);
    }
    ReadRatio(map, map.value(), catalog, out->effective_from_unix_nanos, &item);
    out->supply.push_back(std::move(item));
  });
}

void ReadTraining(const YamlValue& section, framework::Training* out) {
  YamlMap map(section);
  map.Required("peak_flops", "FLOP/s of one H100").ReadAmount(1, kMaxFlop, &out->peak_flops);
  map.Required("mfu", "model FLOP utilization, a share").ReadFactor(kLeast, 1, &out->mfu);
  ReadEntries(map.Required("models", "trained models by name"), [&](const std::string& name,
                                                                    YamlMap& model) {
    framework::TrainedModel& trained = out->models.emplace_back();
    trained.name = trained.title = name;
    model.Optional("title").ReadText(kMaxTitleBytes, &trained.title);
    model.Required("flop", "FLOP of its training").ReadAmount(1, kMaxFlop, &trained.flop);
  });
  map.Required("based_on", "the model that the next one is measured by").ReadName(&out->based_on);
  map.Required("growth", "FLOP of the next model over its FLOP, such as 400%")
      .ReadFactor(kLeast, kMaxFactor, &out->growth);
  map.Required("runs_per_year", "pre-training runs a year")
      .ReadFactor(0, kMaxFactor, &out->runs_per_year);
  map.Required("post_training_share", "FLOP of a variant over FLOP of its pre-training")
      .ReadFactor(0, kMaxFactor, &out->post_training_share);
  map.Required("variants_per_run", "variants of each pre-training run")
      .ReadFactor(0, kMaxFactor, &out->variants_per_run);
  map.Required("inefficiency", "planned hours for each hour needed")
      .ReadFactor(kLeast, kMaxFactor, &out->inefficiency);
  map.Optional("additional_runs").ReadFactor(0, kMaxFactor, &out->additional_runs);
}

// A million tokens cost from about a cent to some $600: see load_outcomes.cc, which holds the
// prices of a book against the same bounds.
constexpr double kLeastUsdPerMillion = 0.001;
constexpr double kMostLikelyUsdPerMillion = 10'000;

void ReadPrice(const YamlValue& value, double* out) {
  value.ReadAmount(0, kMaxUsd, out);
  if (*out > 0 && *out < kLeastUsdPerMillion) {
    value.Complain(fmt::format(
        "is {:g}; expected US dollars per million tokens: as a price per token it would be {:g}",
        *out, *out * 1e6));
  } else if (*out > kMostLikelyUsdPerMillion) {
    value.Complain(fmt::format(
        "is {:g}; expected US dollars per million tokens: in micro-dollars it would be {:g}", *out,
        *out / 1e6));
  }
}

void ReadPrices(const YamlValue& section, std::vector<framework::PricedModel>* out) {
  ReadEntries(section, [&](const std::string& name, YamlMap& map) {
    framework::PricedModel& model = out->emplace_back();
    model.name = model.title = name;
    map.Optional("title").ReadText(kMaxTitleBytes, &model.title);
    map.Optional("released").ReadText(kMaxTitleBytes, &model.released);
    map.Required("usage", "its share of all tokens").ReadFactor(0, 1, &model.usage);
    ReadPrice(map.Required("input", "US dollars per million input tokens"),
              &model.usd_per_million_input);
    ReadPrice(map.Required("output", "US dollars per million output tokens"),
              &model.usd_per_million_output);
  });
}

void ReadThroughput(const YamlValue& section, framework::Throughput* out) {
  YamlMap map(section);
  map.Required("resource_constraint", "what practice reaches of the vendor's figure, a share")
      .ReadFactor(kLeast, 1, &out->resource_constraint);
  map.Required("input_per_output", "input tokens for every output token")
      .ReadFactor(0, kMaxFactor, &out->input_per_output);
  ReadEntries(map.Required("sizes", "model sizes by name"),
              [&](const std::string& name, YamlMap& entry) {
                framework::ModelSize& size = out->sizes.emplace_back();
                size.name = name;
                entry.Required("tokens_per_second", "output tokens a second of one H100")
                    .ReadAmount(0, kMaxFlop, &size.output_tokens_per_second);
                entry.Required("weight", "its share of all tokens").ReadFactor(0, 1, &size.weight);
              });
}

framework::PointsCurve ReadPoints(const YamlValue& list) {
  framework::PointsCurve curve;
  for (const YamlValue& item : list.Items()) {
    std::pair<double, double> point;
    YamlMap map(item);
    map.Required("utilization", "a share").ReadFactor(kLeast, 1, &point.first);
    map.Required("usd_per_h100_hour", "US dollars before discount")
        .ReadAmount(kLeast, kMaxUsd, &point.second);
    const bool ascends = curve.points.empty() || (point.first > curve.points.back().first &&
                                                  point.second >= curve.points.back().second);
    if (!ascends) {
      item.Complain("does not ascend; expected more utilization and no less revenue than before");
    }
    curve.points.push_back(point);
  }
  return curve;
}

framework::Curve ReadCurve(YamlMap& map) {
  std::string kind = "linear";
  map.Required("kind", "linear, logarithmic or points")
      .ReadChoice({"linear", "logarithmic", "points"}, &kind);
  if (kind == "points") return ReadPoints(map.Required("points", "a list of points"));
  if (kind == "linear") return framework::LinearCurve{};
  framework::LogarithmicCurve curve;
  double per_percent = curve.steepness / 100;
  map.Optional("steepness_per_percent").ReadFactor(kLeast, kMaxFactor, &per_percent);
  curve.steepness = per_percent * 100;
  map.Optional("anchor").ReadFactor(kLeast, 1, &curve.anchor);
  return curve;
}

void ReadRevenue(const YamlValue& section, framework::Revenue* out) {
  YamlMap map(section);
  map.Required("utilization", "of the hours that serve inference, a share")
      .ReadFactor(kLeast, 1, &out->utilization);
  map.Required("discount", "off list prices, a share").ReadFactor(0, 0.999999, &out->discount);
  map.Required("curve", "the name of one of the curves").ReadName(&out->curve);
  ReadEntries(map.Required("curves", "curves by name"),
              [&](const std::string& name, YamlMap& curve) {
                out->curves.emplace(name, ReadCurve(curve));
              });
  const YamlValue table = map.Required("table", "utilizations to show");
  for (const YamlValue& item : table.Items())
    item.ReadFactor(kLeast, 1, &out->table.emplace_back());
  const YamlValue usd = map.Optional("usd_per_h100_hour");
  if (usd.present()) usd.ReadAmount(kLeast, kMaxUsd, &out->usd_per_h100_hour.emplace(0));
}

// "60%", "rest", or a mapping with one way to say it.
framework::Demand ReadDemand(const YamlValue& value, Category category, bool in_p2) {
  if (value.node().kind == YamlNode::Kind::kScalar) {
    if (in_p2 && value.node().scalar == "rest") return framework::Rest{};
    framework::ShareOfTier share;
    value.ReadFactor(0, 1, &share.ratio);
    return share;
  }
  YamlMap map(value);
  const YamlValue share = map.Optional("share");
  const YamlValue hours = map.Optional("hours");
  const bool sells = category == Category::kInference;
  const bool trains = category == Category::kTraining;
  const YamlValue special = sells    ? map.Optional("revenue")
                            : trains ? map.Optional("need")
                                     : YamlValue(value.file(), nullptr, "", value.line());
  const int said = share.present() + hours.present() + special.present();
  // Of what is no mapping, and of keys that are none of these, the map complains itself.
  const bool told = value.node().kind == YamlNode::Kind::kList || !value.node().keys.empty();
  if (said == 0 && told) return framework::ShareOfTier{};
  if (said != 1) {
    value.Complain(
        fmt::format("does not say one thing; expected a share such as 60%{}, or one of "
                    "share, hours{}",
                    in_p2 ? ", rest" : "",
                    sells    ? ", revenue"
                    : trains ? ", need"
                             : ""));
    return framework::ShareOfTier{};
  }
  if (share.present()) {
    framework::ShareOfSupply demand;
    share.ReadFactor(0, 1, &demand.ratio);
    return demand;
  }
  if (hours.present()) {
    framework::Hours demand;
    hours.ReadAmount(0, kMaxHours, &demand.hours);
    return demand;
  }
  if (sells) {
    framework::RevenueTarget demand;
    special.ReadAmount(0, kMaxUsd, &demand.usd);
    return demand;
  }
  framework::TrainingNeed demand;
  special.ReadFactor(0, kMaxFactor, &demand.times);
  return demand;
}

void ReadDemands(const YamlValue& section, bool in_p2, framework::Demands* out) {
  YamlMap map(section);
  int rests = 0;
  for (const Category category : framework::kShared) {
    const YamlValue value = map.Optional(Name(category));
    if (!value.present()) continue;
    const framework::Demand& demand =
        out->emplace(category, ReadDemand(value, category, in_p2)).first->second;
    if (std::holds_alternative<framework::Rest>(demand) && ++rests > 1) {
      value.Complain("is rest, and so is another category; expected at most one");
    }
  }
}

void ReadScenarios(const YamlValue& section, std::vector<framework::Scenario>* out) {
  ReadEntries(section, [&](const std::string& name, YamlMap& map) {
    framework::Scenario& scenario = out->emplace_back();
    scenario.name = scenario.title = name;
    map.Optional("title").ReadText(kMaxTitleBytes, &scenario.title);
    ReadDemands(map.Optional("p1"), false, &scenario.p1);
    ReadDemands(map.Required("p2", "what the categories get of p2"), true, &scenario.p2);
  });
}

void ReadPools(const YamlValue& section, std::vector<framework::PoolTemplate>* out) {
  if (!section.present()) return;
  ReadEntries(section, [&](const std::string& name, YamlMap& map) {
    framework::PoolTemplate& pool = out->emplace_back();
    pool.name = name;
    ReadCategory(map.Required("category", kCategoryNames), &pool.category);
    const YamlValue tier = map.Optional("tier");
    if (tier.present()) ReadTier(tier, &pool.tier.emplace(Tier::kP2));
    map.Required("share", "its share of the category's hours in its tier")
        .ReadFactor(0, 1, &pool.share);
    ReadHolder(map, &pool);
  });
}

}  // namespace

void ReadAssumptions(const YamlValue& root, const Catalog* catalog, Assumptions* out) {
  YamlMap map(root);
  int64_t version = 1;
  map.Required("framework", "the name of these assumptions").ReadName(&out->name);
  map.Required("version", "an integer that grows with every change")
      .ReadInteger(1, kMaxVersion, &version);
  out->version = static_cast<uint32_t>(version);
  map.Required("effective_from", "the time from which compiled plans are in force")
      .ReadTime(&out->effective_from_unix_nanos);
  map.Optional("catalog");
  map.Optional("hours_per_year").ReadFactor(kLeast, kMaxHours, &out->hours_per_year);
  ReadSupply(map.Required("supply", "chips by name"), catalog, out);
  ReadTraining(map.Required("training", "what training needs"), &out->training);
  ReadPrices(map.Required("prices", "priced models by name"), &out->prices);
  ReadThroughput(map.Required("throughput", "tokens an H100 serves"), &out->throughput);
  ReadRevenue(map.Required("revenue", "utilization, discount and curves"), &out->revenue);
  {
    YamlMap tiers(map.Required("tiers", "the shares of p0 and buffer"));
    tiers.Required("p0", "a share of the supply").ReadShare(&out->p0);
    tiers.Required("buffer", "a share of the supply").ReadShare(&out->buffer);
  }
  ReadScenarios(map.Required("scenarios", "scenarios by name"), &out->scenarios);
  map.Required("baseline", "the scenario that others are compared with").ReadName(&out->baseline);
  map.Optional("sensitivity");
  ReadPools(map.Optional("pools"), &out->pools);
}

}  // namespace fleetmeter
