#include "collectors/mappings/mapping.h"

#include <algorithm>
#include <cmath>

#include "collectors/attribution/glob.h"
#include "daemon/base/text.h"

namespace fleetmeter::collector {
namespace {

constexpr size_t kMostShownBytes = 200;

char LowerLetter(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameInAnyCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char left, char right) { return LowerLetter(left) == LowerLetter(right); });
}

// What exporters write where they have no value.
bool SaysNothing(std::string_view text) {
  constexpr auto kNothings =
      std::to_array<std::string_view>({"", "N/A", "[N/A]", "[Not Supported]", "<nil>", "null"});
  return std::any_of(kNothings.begin(), kNothings.end(),
                     [&](std::string_view nothing) { return SameInAnyCase(nothing, text); });
}

void AddNames(const MappedSeries& series, std::vector<std::string>& names) {
  names.insert(names.end(), series.names.begin(), series.names.end());
}

}  // namespace

std::optional<std::string_view> MappedRow::Label(std::string_view label) const {
  for (const auto& [own, value] : labels) {
    if (SameInAnyCase(own, label) && !SaysNothing(value)) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> MappedRow::AnyLabel(const std::vector<std::string>& names) const {
  for (const std::string& wanted : names) {
    if (const auto value = Label(wanted)) return value;
  }
  return std::nullopt;
}

std::string MappedRow::Describe() const {
  std::string text = name + "{";
  for (const auto& [own, value] : labels) {
    if (text.size() > kMostShownBytes) {
      text += "...";
      break;
    }
    if (!text.ends_with('{')) text += ",";
    text += own + "=" + Quoted(value);
  }
  return text + "}";
}

bool MappedSeries::Takes(const MappedRow& row) const {
  if (std::find(names.begin(), names.end(), row.name) == names.end()) return false;
  return std::all_of(where.begin(), where.end(), [&](const auto& wanted) {
    const std::string_view value = row.Label(wanted.first).value_or("");
    return std::any_of(wanted.second.begin(), wanted.second.end(),
                       [&](const std::string& glob) { return MatchesGlob(glob, value); });
  });
}

bool MappedCondition::Holds(double value) const {
  if (std::isnan(value)) return false;
  return (above && value > *above) || (below && value < *below) || (equals && value == *equals);
}

Vocabulary MappedHolderVocabulary() {
  Vocabulary vocabulary;
  for (const std::string_view name : kHolderAttributes) {
    vocabulary.attributes.push_back({std::string(name)});
  }
  vocabulary.attributes.push_back({"label."});
  return vocabulary;
}

std::vector<std::string> Mapping::SeriesNames() const {
  std::vector<std::string> names = holder_series;
  AddNames(devices.series, names);
  AddNames(devices.index_series, names);
  for (const MappedSignal& signal : activity) AddNames(signal.series, names);
  for (const MappedSignal& signal : productive) AddNames(signal.series, names);
  for (const MappedCondition& condition : health) AddNames(condition.series, names);
  for (const MappedCondition& condition : failure) AddNames(condition.series, names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace fleetmeter::collector
