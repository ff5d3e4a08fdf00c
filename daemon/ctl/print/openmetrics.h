// Series over time as OpenMetrics text with a time beside each value, which
// `promtool tsdb create-blocks-from openmetrics` takes in. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace fleetmeter::ctl {

class OpenMetricsHistory {
 public:
  using Labels = std::vector<std::pair<std::string, std::string>>;

  // `labels` are added to every series, as a scrape adds those of its target.
  explicit OpenMetricsHistory(const Labels& labels);

  // What a page of /metrics said at a time, in seconds since 1970: families as TextWriter writes
  // them, without histograms. Pages come in the order of their times, and several of one time have
  // no series in common.
  void AddPage(int64_t unix_seconds, std::string_view page);

  bool empty() const { return families_.empty(); }
  // Families by name, series by labels, values by time; at the end "# EOF". Given to `sink` in
  // pieces, since the text of years is large; the first error ends it.
  absl::Status Write(const std::function<absl::Status(std::string_view)>& sink) const;

 private:
  struct Family {
    std::string type;
    std::string help;  // escaped
    std::map<std::string, std::vector<std::pair<int64_t, double>>, std::less<>> series;
  };

  void AddSample(int64_t unix_seconds, std::string_view line);
  std::string NameOf(std::string_view series) const;

  std::string labels_;  // "job=\"fleetmeter\"", or nothing
  std::map<std::string, Family, std::less<>> families_;
  std::map<std::string, Family, std::less<>> declared_;  // without series so far
};

// "cluster=a" as a label; false if the name is none, or one that Prometheus keeps for itself.
bool ParseLabel(std::string_view text, std::pair<std::string, std::string>* label);

}  // namespace fleetmeter::ctl
