// The declaration of a family of metrics, made once: /metrics takes its HELP, TYPE and labels from
// it, and dashboards/METRICS.md its row. See metric_group.h for the tables of them.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace fleetmeter {

enum class MetricType { kGauge, kCounter, kHistogram };
std::string_view Name(MetricType type);  // "gauge": the spelling of TYPE

class LabelNames {
 public:
  static constexpr size_t kMost = 5;

  constexpr LabelNames() = default;
  // More than kMost do not compile.
  consteval LabelNames(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) names_.at(size_++) = name;
  }
  constexpr const std::string_view* begin() const { return names_.data(); }
  constexpr const std::string_view* end() const { return names_.data() + size_; }
  constexpr size_t size() const { return size_; }

 private:
  std::array<std::string_view, kMost> names_;
  size_t size_ = 0;
};

struct Metric {
  std::string_view name;
  MetricType type = MetricType::kGauge;
  LabelNames labels;  // of each of its series; the "le" of a histogram's buckets is not among them
  // Whole sentences, which are also the meaning in METRICS.md: what is counted, in which unit, and
  // when a series is absent. A formula stands here and nowhere else.
  std::string_view help;
};

}  // namespace fleetmeter
