#include "collectors/live/serving/serving_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "collectors/exposition/exposition.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr double kMostCounted = 1e15;
constexpr size_t kMostServingRemarks = 5;
constexpr std::string_view kCreated = "_created";
constexpr std::string_view kProcessStart = "process_start_time_seconds";

struct ServingRow {
  MappedRow row;
  ServedAmount amount = ServedAmount::kRequests;
  size_t rank = 0;  // of its name among those of the amount
  int64_t line = 0;
};

// "name{a="1",b="2"}", whatever the order of the labels on the page.
std::string SeriesText(std::string_view name,
                       std::vector<std::pair<std::string, std::string>> labels) {
  std::sort(labels.begin(), labels.end());
  std::string text(name);
  for (const auto& [label, value] : labels) text += fmt::format("\x1f{}\x1e{}", label, value);
  return text;
}

// What a counter and the time of its beginning have in common: "x" of x_total, x_sum and x_count.
std::string_view FamilyOf(std::string_view name) {
  for (const std::string_view ending : {"_total", "_sum", "_count"}) {
    if (name.ends_with(ending)) return name.substr(0, name.size() - ending.size());
  }
  return name;
}

bool IsServedName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes && !FindInvalidUtf8(name) &&
         !HasControlCharacter(name);
}

class ServingPage {
 public:
  ServingPage(const ServingMapping& mapping, const ServingDefaults& defaults)
      : mapping_(mapping), defaults_(defaults) {}

  absl::StatusOr<Observation> Read(std::string_view page) {
    const ExpositionResult result =
        ParseExposition(page, [&](const Sample& sample) { Take(sample); });
    if (absl::Status status = Check(result); !status.ok()) return status;
    if (result.cut_short) LeaveOutCut(1 + std::count(page.begin(), page.end(), '\n'));
    observation_.counts.bad_lines += result.bad_lines;
    for (const std::string& complaint : result.complaints) Remark(complaint);
    if (process_starts_ == 1) reading_.process_began = process_began_;
    for (const ServingRow& row : rows_) {
      if (row.rank == best_[row.amount]) Count(row);
    }
    observation_.served = std::move(reading_);
    return std::move(observation_);
  }

 private:
  void Remark(std::string text) {
    if (observation_.remarks.size() < kMostServingRemarks) {
      observation_.remarks.push_back(std::move(text));
    }
  }

  absl::Status Check(const ExpositionResult& result) const {
    if (result.truncated) {
      return absl::ResourceExhaustedError(
          fmt::format("has more than {} samples; expected fewer", result.samples));
    }
    if (result.samples == 0 && result.bad_lines > 0) {
      return absl::InvalidArgumentError(
          fmt::format("is no page of a server; expected the Prometheus text format; {}",
                      result.complaints.empty() ? "" : result.complaints.front()));
    }
    if (!rows_.empty()) return absl::OkStatus();
    return absl::NotFoundError(
        fmt::format("has none of the counters that the mapping names, such "
                    "as {}; is it the page of another server?",
                    mapping_.amounts.front().second.names.front()));
  }

  // A number that was cut off is another number.
  void LeaveOutCut(int64_t last_line) {
    Remark("the page ends within a line; expected a whole page");
    std::erase_if(rows_, [&](const ServingRow& row) { return row.line == last_line; });
  }

  void Take(const Sample& sample) {
    if (sample.name == kProcessStart) {
      ++process_starts_;
      process_began_ = std::isfinite(sample.value) ? sample.value : 0;
    }
    const std::string_view bare = WithoutPrefix(sample.name);
    if (sample.name.ends_with(kCreated)) {
      began_[SeriesText(sample.name.substr(0, sample.name.size() - kCreated.size()),
                        LabelsOf(sample))] = std::isfinite(sample.value) ? sample.value : 0;
      return;
    }
    for (const auto& [amount, series] : mapping_.amounts) {
      const auto found = std::find(series.names.begin(), series.names.end(), bare);
      if (found == series.names.end()) continue;
      ServingRow row = {.row = {}, .amount = amount, .rank = 0, .line = sample.line};
      row.row.name = std::string(bare);
      row.row.labels = LabelsOf(sample);
      row.row.value = sample.value;
      row.row.place = fmt::format("line {}", sample.line);
      row.rank = static_cast<size_t>(found - series.names.begin());
      if (!series.Takes(row.row)) continue;
      full_names_[row.row.name] = std::string(sample.name);
      const auto [best, is_new] = best_.try_emplace(amount, row.rank);
      if (!is_new) best->second = std::min(best->second, row.rank);
      rows_.push_back(std::move(row));
    }
  }

  std::string_view WithoutPrefix(std::string_view name) const {
    for (const std::string& prefix : mapping_.prefixes) {
      if (name.starts_with(prefix)) return name.substr(prefix.size());
    }
    return name;
  }

  static std::vector<std::pair<std::string, std::string>> LabelsOf(const Sample& sample) {
    std::vector<std::pair<std::string, std::string>> labels;
    for (const auto& [label, value] : sample.labels) labels.emplace_back(label, value);
    return labels;
  }

  void Count(const ServingRow& row) {
    const double value = row.row.value;
    if (std::isnan(value) || value < 0 || value > kMostCounted) {
      return Remark(
          fmt::format("{}: {} is {}; expected a count", row.row.place, row.row.Describe(), value));
    }
    ServedCounter counter;
    counter.series = SeriesText(row.row.name, row.row.labels);
    if (!seen_.insert(counter.series).second) {
      ++observation_.counts.bad_lines;
      return Remark(fmt::format("{}: {} is there twice; expected it once", row.row.place,
                                row.row.Describe()));
    }
    counter.amount = row.amount;
    counter.value = static_cast<int64_t>(value);
    const auto began = began_.find(SeriesText(FamilyOf(full_names_[row.row.name]), row.row.labels));
    if (began != began_.end()) counter.began = began->second;
    counter.thing = ThingOf(row.row);
    reading_.counters.push_back(std::move(counter));
  }

  // Rows of the same labels are of one thing.
  size_t ThingOf(const MappedRow& row) {
    const auto [found, is_new] =
        things_.try_emplace(SeriesText("", row.labels), reading_.things.size());
    if (is_new) reading_.things.push_back(MakeThing(row));
    return found->second;
  }

  ServedThing MakeThing(const MappedRow& row) {
    ServedThing thing;
    thing.model = row.AnyLabel(mapping_.model).value_or(defaults_.model);
    thing.customer_tier = row.AnyLabel(mapping_.customer_tier).value_or(defaults_.customer_tier);
    if (!IsServedName(thing.customer_tier)) thing.customer_tier = defaults_.customer_tier;
    if (!IsServedName(thing.model)) {
      thing.model.clear();
      Remark(
          fmt::format("{}: {} names no model; expected a label of the mapping, the key model, "
                      "or a rule",
                      row.place, row.Describe()));
    }
    Attributes& attributes = thing.holder.attributes;
    for (const auto& [label, value] : row.labels) attributes.Set("label." + label, value);
    attributes.Set("model", thing.model);
    attributes.Set("customer_tier", thing.customer_tier);
    thing.holder.name = thing.model;
    return thing;
  }

  const ServingMapping& mapping_;
  const ServingDefaults& defaults_;
  Observation observation_;
  ServedReading reading_;
  std::vector<ServingRow> rows_;
  std::map<ServedAmount, size_t> best_;            // the first name that the page has
  std::map<std::string, std::string> full_names_;  // with the prefix of the page
  std::map<std::string, double> began_;            // by family and labels
  std::map<std::string, size_t> things_;           // by labels
  std::set<std::string> seen_;
  int process_starts_ = 0;
  double process_began_ = 0;
};

}  // namespace

absl::StatusOr<Observation> ReadServingPage(const ServingMapping& mapping,
                                            const ServingDefaults& defaults,
                                            std::string_view page) {
  return ServingPage(mapping, defaults).Read(page);
}

}  // namespace fleetmeter::collector
