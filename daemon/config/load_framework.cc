#include "daemon/config/load_framework.h"

#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "daemon/base/did_you_mean.h"
#include "daemon/base/text.h"
#include "daemon/config/bounds.h"
#include "daemon/config/load_config.h"
#include "daemon/config/read_framework.h"
#include "daemon/config/strict_yaml.h"
#include "daemon/domain/framework/economics.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace fleetmeter {
namespace {

using framework::Assumptions;
using framework::SensitivityCase;

constexpr double kTolerance = 1e-9;  // shares are decimal, sums binary

// The sum of a share of every item must be 100%.
template <class Items, class Share>
void CheckSum(const Items& items, std::string_view path, std::string_view what, Share share,
              YamlFile* file) {
  double sum = 0;
  for (const auto& item : items) sum += share(item);
  if (std::abs(sum - 1) > kTolerance) {
    file->ComplainAt(path, fmt::format("{} adds up to {:.9g}%; expected 100%", what, sum * 100));
  }
}

template <class Items>
void CheckKnown(const Items& items, std::string_view path, const std::string& name,
                YamlFile* file) {
  std::vector<std::string> names;
  for (const auto& item : items) {
    if (item.name == name) return;
    names.push_back(item.name);
  }
  file->ComplainAt(path, fmt::format("is {}{}; expected one of {}", Quoted(name),
                                     DidYouMeanText(name, names), fmt::join(names, ", ")));
}

void CheckPools(const Assumptions& assumptions, YamlFile* file) {
  std::map<std::pair<Category, std::optional<Tier>>, double> sums;
  for (const framework::PoolTemplate& pool : assumptions.pools) {
    const std::string path = fmt::format("pools.{}", pool.name);
    const bool safety = pool.category == Category::kSafety;
    if (pool.tier && (*pool.tier == Tier::kBuffer || (*pool.tier == Tier::kP0) != safety)) {
      file->ComplainAt(path + ".tier",
                       fmt::format("is {} for {}; expected p0 for safety, p1 or p2 for the others",
                                   Name(*pool.tier), Name(pool.category)));
    }
    double& sum = sums[{pool.category, safety ? std::nullopt : pool.tier}];
    sum += pool.share;
    if (sum > 1 + kTolerance) {
      file->ComplainAt(path + ".share",
                       fmt::format("brings the pools of {} to {:.9g}%; expected at most 100%",
                                   Name(pool.category), sum * 100));
    }
  }
}

// One thing that a row of the sensitivity table changes, beside the assumptions.
void ReadChanges(YamlMap& map, framework::Changes* out) {
  {
    YamlMap shares(map.Optional("shares"));
    for (const Category category : framework::kShared) {
      const YamlValue share = shares.Optional(Name(category));
      if (share.present()) share.ReadShare(&out->shares[category]);
    }
  }
  const YamlValue hold = map.Optional("hold");
  for (const YamlValue& item : hold.Items()) {
    std::string name;
    item.ReadChoice({"inference", "training", "research"}, &name);
    if (const auto category = ParseCategory(name)) out->held.insert(*category);
  }
}

std::vector<YamlOverride> ReadSet(const YamlValue& section) {
  std::vector<YamlOverride> overrides;
  YamlMap map(section);
  for (const auto& [key, value] : map.Entries()) {
    const std::string* text = value.Scalar("a single value");
    if (text != nullptr) overrides.push_back({key, *text});
  }
  return overrides;
}

// Assumptions may come from whoever asks a daemon; which files it reads must not.
absl::Status CheckOverrides(const std::string& path, const std::vector<YamlOverride>& overrides) {
  for (const YamlOverride& override : overrides) {
    if (override.key == "catalog" || override.key.starts_with("catalog.")) {
      return absl::InvalidArgumentError(
          fmt::format("{}: catalog: cannot be set; expected the key of an assumption", path));
    }
  }
  return absl::OkStatus();
}

// Empty: the file names none. The path is relative to the file.
std::string ReadCatalogPath(YamlFile& file) {
  YamlMap map(file.root());
  map.Entries();  // the other keys are asked for elsewhere
  const YamlValue path = map.Optional("catalog");
  std::string name;
  if (path.present()) path.ReadText(4096, &name);
  if (name.empty()) return "";
  return (std::filesystem::path(file.name()).parent_path() / name).lexically_normal();
}

// Fills a document that has path and text.
class Loader {
 public:
  Loader(FrameworkDocument* document, std::vector<YamlOverride> overrides)
      : document_(*document), overrides_(std::move(overrides)) {}

  // `with_catalog`: the document has its catalog, if it names one, already.
  absl::Status Load(bool with_catalog) {
    if (absl::Status status = CheckOverrides(document_.path, overrides_); !status.ok()) {
      return status;
    }
    auto file = YamlFile::Parse(document_.path, document_.text, overrides_);
    if (!file.ok()) return file.status();
    if (!with_catalog) {
      if (absl::Status status = LoadCatalogOf(**file); !status.ok()) return status;
    }
    if (absl::Status status = Read(**file, &document_.assumptions); !status.ok()) return status;
    if (overrides_.empty()) CheckScenarios(**file);
    ReadSensitivity(**file);
    if (overrides_.empty() && (*file)->ok()) CheckSensitivity(**file);
    return (*file)->status();
  }

 private:
  absl::Status LoadCatalogOf(YamlFile& file) {
    document_.catalog_path = ReadCatalogPath(file);
    // What is wrong already would be told again by whoever reads the other keys.
    if (!file.ok() || document_.catalog_path.empty()) return file.status();
    auto catalog = LoadCatalog(document_.catalog_path);
    if (absl::IsNotFound(catalog.status())) {
      // The reader may not know the file of the catalog, so the message says who names it.
      file.ComplainAt("catalog", std::string(catalog.status().message()));
      return absl::NotFoundError(file.status().message());
    }
    if (!catalog.ok()) return catalog.status();
    document_.catalog = *std::move(catalog);
    return absl::OkStatus();
  }

  absl::Status Read(YamlFile& file, Assumptions* out) const {
    ReadAssumptions(file.root(), document_.catalog ? &*document_.catalog : nullptr, out);
    // The rules between sections say little about a document with holes in it.
    if (file.ok()) CheckAssumptions(*out, &file);
    return file.status();
  }

  void CheckScenarios(YamlFile& file) const {
    for (const framework::Scenario& scenario : document_.assumptions.scenarios) {
      const auto allocation = framework::Allocate(document_.assumptions, scenario.name);
      if (!allocation.ok()) {
        file.ComplainAt(fmt::format("scenarios.{}", scenario.name),
                        std::string(allocation.status().message()));
      }
    }
  }

  void CheckSensitivity(YamlFile& file) const {
    const auto baseline = framework::MakeBaseline(document_.assumptions);
    if (!baseline.ok()) return;  // complained about with its scenario
    for (const auto& row : framework::WorkOutSensitivity(*baseline, document_.sensitivity)) {
      if (!row.does_not_fit.empty()) {
        file.ComplainAt("sensitivity." + row.of->name, row.does_not_fit);
      }
    }
  }

  void ReadSensitivity(YamlFile& file) {
    YamlMap root(file.root());
    root.Entries();
    YamlMap rows(root.Optional("sensitivity"));
    for (const auto& [name, value] : rows.Entries()) {
      if (!IsName(name)) value.Complain("is not a name; expected letters, digits and . _ / -");
      SensitivityCase row;
      row.name = row.title = name;
      YamlMap map(value);
      map.Optional("title").ReadText(kMaxTitleBytes, &row.title);
      const YamlValue set = map.Optional("set");
      const std::vector<YamlOverride> row_overrides = ReadSet(set);
      ReadChanges(map, &row.changes);
      if (const auto status = ReadCase(row_overrides, &row.assumptions); !status.ok()) {
        row.wrong = std::string(status.message());
        // Under what is set a row may lose its sense; the others, and the scenarios, keep theirs.
        if (overrides_.empty()) set.Complain(row.wrong);
      }
      document_.sensitivity.push_back(std::move(row));
    }
  }

  // The assumptions of a row: what was set from outside holds for it too.
  absl::Status ReadCase(const std::vector<YamlOverride>& row_overrides, Assumptions* out) const {
    if (row_overrides.empty()) {
      *out = document_.assumptions;
      return absl::OkStatus();
    }
    if (absl::Status status = CheckOverrides(document_.path, row_overrides); !status.ok()) {
      return status;
    }
    std::vector<YamlOverride> all = overrides_;
    all.insert(all.end(), row_overrides.begin(), row_overrides.end());
    auto file = YamlFile::Parse(document_.path, document_.text, all);
    if (!file.ok()) return file.status();
    return Read(**file, out);
  }

  FrameworkDocument& document_;
  const std::vector<YamlOverride> overrides_;
};

}  // namespace

void CheckAssumptions(const Assumptions& assumptions, YamlFile* file) {
  CheckSum(
      assumptions.prices, "prices", "usage", [](const auto& model) { return model.usage; }, file);
  CheckSum(
      assumptions.throughput.sizes, "throughput.sizes", "weight",
      [](const auto& size) { return size.weight; }, file);
  CheckKnown(assumptions.training.models, "training.based_on", assumptions.training.based_on, file);
  CheckKnown(assumptions.scenarios, "baseline", assumptions.baseline, file);
  const bool has_curve = assumptions.revenue.curves.contains(assumptions.revenue.curve);
  if (!has_curve) {
    std::vector<std::string> names;
    for (const auto& [name, curve] : assumptions.revenue.curves) names.push_back(name);
    file->ComplainAt(
        "revenue.curve",
        fmt::format("is {}{}; expected one of {}", Quoted(assumptions.revenue.curve),
                    DidYouMeanText(assumptions.revenue.curve, names), fmt::join(names, ", ")));
  }
  if (const double sum = assumptions.p0 + assumptions.buffer; sum > 1 + kTolerance) {
    file->ComplainAt("tiers",
                     fmt::format("adds up to {:.9g}%: p0 {:.9g}% + buffer {:.9g}%; "
                                 "expected at most 100%",
                                 sum * 100, assumptions.p0 * 100, assumptions.buffer * 100));
  }
  if (!(framework::WorkOutSupply(assumptions).h100e_hours > 0)) {
    file->ComplainAt("supply", "adds up to 0 H100e; expected more than 0");
  }
  if (has_curve && !(framework::UsdPerH100Hour(assumptions) > 0)) {
    file->ComplainAt("revenue", "an H100-hour earns $0; expected prices and tokens above 0");
  }
  CheckPools(assumptions, file);
}

absl::StatusOr<FrameworkDocument> LoadFramework(const std::string& path,
                                                const std::vector<YamlOverride>& overrides) {
  auto text = YamlFile::Read(path);
  if (!text.ok()) return text.status();
  FrameworkDocument document;
  document.path = path;
  document.text = *std::move(text);
  if (absl::Status status = Loader(&document, overrides).Load(false); !status.ok()) return status;
  return document;
}

std::string FrameworkCatalogPath(const std::string& path) {
  const auto text = YamlFile::Read(path);
  if (!text.ok()) return "";
  const auto file = YamlFile::Parse(path, *text);
  return file.ok() ? ReadCatalogPath(**file) : "";
}

absl::StatusOr<FrameworkDocument> Override(const FrameworkDocument& document,
                                           const std::vector<YamlOverride>& overrides) {
  FrameworkDocument other;
  other.path = document.path;
  other.text = document.text;
  other.catalog_path = document.catalog_path;
  other.catalog = document.catalog;
  if (absl::Status status = Loader(&other, overrides).Load(true); !status.ok()) return status;
  return other;
}

}  // namespace fleetmeter
