#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "collectors/mappings/map_devices.h"

namespace fleetmeter::collector {
namespace {

MappedRow RowOfSample(std::string name, const Sample& sample) {
  MappedRow row;
  row.name = std::move(name);
  for (const auto& [label, value] : sample.labels) row.labels.emplace_back(label, value);
  row.value = sample.value;
  row.timestamp_millis = sample.timestamp_millis;
  row.place = fmt::format("line {}", sample.line);
  return row;
}

// A number that was cut off is another number.
void ForgetCutValue(std::vector<MappedRow>& rows, int64_t last_sample_line, int64_t last_line) {
  if (rows.empty() || last_sample_line != last_line) return;
  rows.back().value = std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

MappedNames::MappedNames(const Mapping& mapping, const std::string& more_prefix)
    : names_(mapping.SeriesNames()), prefixes_({""}) {
  prefixes_.insert(prefixes_.end(), mapping.prefixes.begin(), mapping.prefixes.end());
  if (!more_prefix.empty()) prefixes_.push_back(more_prefix);
}

std::optional<std::string> MappedNames::Find(std::string_view name) const {
  for (const std::string& prefix : prefixes_) {
    if (!name.starts_with(prefix)) continue;
    const std::string bare(name.substr(prefix.size()));
    if (std::binary_search(names_.begin(), names_.end(), bare)) return bare;
  }
  return std::nullopt;
}

std::vector<std::string> MappedNames::WithPrefixes() const {
  std::vector<std::string> all;
  for (const std::string& prefix : prefixes_) {
    for (const std::string& name : names_) all.push_back(prefix + name);
  }
  return all;
}

absl::StatusOr<std::vector<MappedRow>> RowsOfPage(const MappedNames& names, std::string_view page,
                                                  Observation& observation) {
  std::vector<MappedRow> rows;
  int64_t last_row_line = 0;
  const ExpositionResult result = ParseExposition(page, [&](const Sample& sample) {
    auto name = names.Find(sample.name);
    if (!name) return;
    last_row_line = sample.line;
    rows.push_back(RowOfSample(*std::move(name), sample));
  });
  if (result.truncated) {
    return absl::ResourceExhaustedError(
        fmt::format("has more than {} samples; expected fewer", result.samples));
  }
  if (result.samples == 0 && result.bad_lines > 0) {
    return absl::InvalidArgumentError(
        fmt::format("is no page of an exporter; expected the Prometheus text format; {}",
                    result.complaints.empty() ? "" : result.complaints.front()));
  }
  if (result.cut_short) {
    const auto last_line = 1 + std::count(page.begin(), page.end(), '\n');
    ForgetCutValue(rows, last_row_line, last_line);
    observation.remarks.push_back("the page ends within a line; expected a whole page");
  }
  observation.counts.bad_lines += result.bad_lines;
  for (const std::string& complaint : result.complaints) observation.remarks.push_back(complaint);
  return rows;
}

}  // namespace fleetmeter::collector
