#include "daemon/serve/otlp/otlp_writer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "daemon/base/version.h"
#include "daemon/serve/metrics/metric_units.h"

namespace fleetmeter {
namespace {

void AddAttribute(std::string_view key, std::string_view value, otlp::KeyValue* attribute) {
  attribute->set_key(std::string(key));
  attribute->mutable_value()->set_string_value(std::string(value));
}

otlp::NumberDataPoint* AddPoint(MetricType type, otlp::Metric& metric) {
  if (type == MetricType::kGauge) return metric.mutable_gauge()->add_data_points();
  otlp::Sum& sum = *metric.mutable_sum();
  sum.set_is_monotonic(true);
  sum.set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
  return sum.add_data_points();
}

// Each bucket by itself, where ours have what lies below them too; and the one above all bounds.
void AddBuckets(const HistogramSample& histogram, otlp::HistogramDataPoint* point) {
  uint64_t below = 0;
  for (size_t i = 0; i < histogram.bounds.size(); ++i) {
    point->add_explicit_bounds(histogram.bounds[i]);
    point->add_bucket_counts(histogram.cumulative[i] - below);
    below = histogram.cumulative[i];
  }
  point->add_bucket_counts(histogram.count - below);
}

}  // namespace

OtlpWriter::OtlpWriter(OtlpMoment moment, size_t most_bytes)
    : moment_(std::move(moment)), most_bytes_(most_bytes) {}

void OtlpWriter::WriteSample(LabelValues labels, double value) {
  otlp::NumberDataPoint* point = AddPoint(metric().type, Current());
  point->set_as_double(value);
  FillPoint(labels, point);
  if (metric().type == MetricType::kGauge) point->clear_start_time_unix_nano();
}

void OtlpWriter::WriteHistogram(LabelValues labels, const HistogramSample& histogram) {
  otlp::Histogram& data = *Current().mutable_histogram();
  data.set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
  otlp::HistogramDataPoint* point = data.add_data_points();
  point->set_count(histogram.count);
  point->set_sum(histogram.sum);
  AddBuckets(histogram, point);
  FillPoint(labels, point);
}

otlp::Metric& OtlpWriter::Current() {
  if (requests_.empty() || bytes_ >= most_bytes_) BeginRequest();
  if (current_ != nullptr) return *current_;
  current_ = requests_.back().mutable_resource_metrics(0)->mutable_scope_metrics(0)->add_metrics();
  current_->set_name(std::string(metric().name));
  current_->set_description(std::string(metric().help));
  current_->set_unit(std::string(UcumUnitOf(metric())));
  bytes_ += current_->ByteSizeLong();
  return *current_;
}

void OtlpWriter::BeginRequest() {
  otlp::ResourceMetrics& all = *requests_.emplace_back().add_resource_metrics();
  otlp::Resource& resource = *all.mutable_resource();
  AddAttribute("service.name", kOtlpServiceName, resource.add_attributes());
  AddAttribute("service.instance.id", moment_.instance, resource.add_attributes());
  AddAttribute("service.version", kVersion, resource.add_attributes());
  otlp::InstrumentationScope& scope = *all.add_scope_metrics()->mutable_scope();
  scope.set_name("fleetmeterd");
  scope.set_version(kVersion);
  bytes_ = 0;
  current_ = nullptr;
}

template <class Point>
void OtlpWriter::FillPoint(LabelValues labels, Point* point) {
  assert(labels.size() == metric().labels.size());
  const std::string_view* name = metric().labels.begin();
  for (const std::string_view text :
       labels.first(std::min(labels.size(), metric().labels.size()))) {
    AddAttribute(*name++, text, point->add_attributes());
  }
  point->set_start_time_unix_nano(static_cast<uint64_t>(moment_.start_unix_nanos));
  point->set_time_unix_nano(static_cast<uint64_t>(moment_.unix_nanos));
  bytes_ += point->ByteSizeLong();
}

}  // namespace fleetmeter
